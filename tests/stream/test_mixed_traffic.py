"""Every format and sensor at once, with copies, poison and weeks-old backlogs: nothing lost, nothing else than meant.

`make mixed` does the same with ten times as many messages.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.chaos.truth import partitions
from pipelines.lake.tables import Lake
from pipelines.simulate.mixed import Mixed, messages
from tests.mixed_lake import PARTITIONS, check, content, shuffled, take_in, verdicts


def test_silver_is_what_was_meant_row_for_row(tmp_path):
    check(Lake(tmp_path), Mixed(50_000, devices_each=2), batches=4)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    sent = list(messages(Mixed(600, seed=7)))
    lake = Lake(tmp_path_factory.mktemp("in_order"))
    take_in(lake, partitions(sent, PARTITIONS), 10_000)
    return sent, content(lake), verdicts(lake)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000), max_records=st.sampled_from([97, 250, 10_000]))
def test_neither_order_nor_batch_size_matters(tmp_path_factory, in_order, seed, max_records):
    sent, expected, expected_verdicts = in_order
    lake = Lake(tmp_path_factory.mktemp("shuffled"))
    take_in(lake, partitions(shuffled(sent, seed), PARTITIONS), max_records)
    assert verdicts(lake) == expected_verdicts
    assert content(lake) == expected
