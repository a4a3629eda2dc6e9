"""A slice is judged as a run over the same bytes would judge it, and only what is otherwise is told."""

from datetime import UTC, datetime

import pytest

from pipelines.contracts.digest import contract_digest
from pipelines.replay.anew import Judge
from pipelines.replay.scope import Slice
from tests.stream.test_batch import readings, take_in
from tests.uplinks import INGEST_TIME, TOPIC, Topic
from tests.yesterday import odd

DECIDED = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def judge(lake, take_in_yesterday):
    """Offsets: 0 good, 1 a copy of it, 2 and 3 what yesterday could not read, 3 a copy of 2."""
    (good,) = readings(1)
    take_in_yesterday(lake, Topic([[good, good, odd(1, 21.0), odd(1, 21.0)]]))
    return Judge(lake, tenant_id="acme", decided_at=DECIDED)


def test_what_is_otherwise_is_told_and_all_is_observed(judge):
    anew = judge.judge(Slice(TOPIC, 0, [0, 1, 2, 3]), [0, 1, 2, 3])
    told = [(row["offset"], row["former_verdict"], row["former_reasons"], row["verdict"]) for row in anew.verdicts]
    assert told == [(2, "quarantined", ["no_time"], "accepted"), (3, "quarantined", ["no_time"], "duplicate")]
    assert {row["contract_digest"] for row in anew.verdicts} == {contract_digest()}
    taken = zip(*(anew.observations[name].to_pylist() for name in ("offset", "value", "ingest_time")), strict=True)
    assert list(taken) == [(0, 10.0, INGEST_TIME), (2, 21.0, INGEST_TIME)]
    assert anew.former_contracts == (contract_digest(),)


def test_slices_one_after_another_are_judged_as_one(judge):
    first = judge.judge(Slice(TOPIC, 0, [2]), [2, 3])
    judge.learn(first)
    second = judge.judge(Slice(TOPIC, 0, [3]), [3])
    assert [row["verdict"] for row in (*first.verdicts, *second.verdicts)] == ["accepted", "duplicate"]
    # Whether its original came in the same slice is no news.
    judge.learn(second)
    assert judge.judge(Slice(TOPIC, 0, [2, 3]), [2, 3]).verdicts == []


def test_what_the_stream_accepted_a_copy_of_meanwhile_is_not_observed_twice(lake, judge):
    (good,) = readings(1)
    anew = judge.judge(Slice(TOPIC, 0, [2]), [2])
    take_in(lake, Topic([[good, good, odd(1, 21.0), odd(1, 21.0), odd(1, 21.0)]]))
    assert anew.observations["offset"].to_pylist() == [2]
    assert judge.without_copies(anew, Slice(TOPIC, 0, [2]), [2]).num_rows == 0
