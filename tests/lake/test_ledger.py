"""The ledger's look-ups open only the files that can hold what is asked for, and miss nothing in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.kernel.copies import SAME_EVENT_WITHIN
from pipelines.lake.ledger import (
    DEDUPLICATION_MARGIN,
    LedgerFile,
    known_keys,
    ledger_files,
    redriven_files,
    rows_at,
    rows_from,
)
from pipelines.lake.tables import Lake
from tests.stream.test_batch import take_in
from tests.uplinks import TOPIC, Topic, uplink

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(day, counter, device="a840410000000001"):
    time = (NOON + timedelta(days=day)).isoformat()
    return uplink({"air_temperature": 20.0}, counter=counter, time=time, device=device)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Partition 0 in three commits: days 0 and 1; day 10 with a copy; nothing readable. Partition 1: day 0."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    topic = Topic([[at(0, 1), at(1, 2)], [at(0, 1, device="a840410000000002")]])
    take_in(lake, topic)
    topic.partitions[0].extend([at(10, 3), at(10, 3)])
    take_in(lake, topic)
    topic.partitions[0].append(b"{")
    take_in(lake, topic)
    return ledger_files(lake.open("bronze.events"), lake.path("bronze.events"))


def test_files_carry_their_bounds(filled):
    bounds = sorted((file.partitions, file.offsets) for file in filled)
    assert bounds == [((0, 0), (0, 1)), ((0, 0), (2, 3)), ((0, 0), (4, 4)), ((1, 1), (0, 0))]


@pytest.mark.parametrize(
    ("partition", "first_day", "last_day", "count"),
    [
        (0, 0, 0, 1),
        (0, 0, 1, 2),
        (0, 3, 3, 0),
        (0, 1 / 25, 23 / 24, 2),  # an hour's margin around the span takes both ends in
        (0, 1 / 23, 22 / 23, 0),
        (0, 9, 11, 1),  # the copy is a duplicate, so its key is there once
        (0, -30, 30, 3),
        (1, -30, 30, 1),
        (2, -30, 30, 0),
    ],
)
def test_known_keys_are_those_of_the_partition_near_the_span(filled, partition, first_day, last_day, count):
    span = NOON + timedelta(days=first_day), NOON + timedelta(days=last_day)
    keys = known_keys(filled, [partition], span)["event_key"].to_pylist()
    assert len(set(keys)) == len(keys) == count


@pytest.mark.parametrize(
    ("partition", "first_day", "last_day", "by_the_log", "by_its_writer"),
    [
        (0, 5, 6, True, False),  # between both partitions' times
        (0, 4, 5, True, True),
        (0, -1, 0, True, True),
        (1, 4, 5, True, False),
        (1, 10, 11, True, True),
        (2, 0, 10, True, False),  # nothing of it was accepted
        (3, 0, 10, False, False),
        (1, 11, 12, False, False),
    ],
)
def test_a_file_is_asked_where_its_partition_may_be(partition, first_day, last_day, by_the_log, by_its_writer):
    span = NOON + timedelta(days=first_day), NOON + timedelta(days=last_day)
    days = {0: (NOON, NOON + timedelta(days=4)), 1: (NOON + timedelta(days=6), NOON + timedelta(days=10))}
    file = LedgerFile("events.parquet", (0, 2), (0, 9), (NOON, NOON + timedelta(days=10)))
    assert file.may_hold(partition, *span) is by_the_log
    assert replace(file, accepted=days).may_hold(partition, *span) is by_its_writer


def test_keys_are_looked_up_as_far_as_copies_may_be_apart():
    # By a millisecond more, to which the log cuts the bounds of files.
    assert timedelta(milliseconds=1) <= DEDUPLICATION_MARGIN - SAME_EVENT_WITHIN


@pytest.mark.parametrize(("start", "end", "offsets"), [(0, 5, [0, 1, 2, 3, 4]), (1, 3, [1, 2]), (5, 9, [])])
def test_rows_come_back_in_order(filled, start, end, offsets):
    assert rows_from(filled, TOPIC, 0, start, end)["offset"].to_pylist() == offsets
    assert len(rows_from(filled, "acme.operations", 0, start, end)) == 0


@pytest.mark.parametrize(
    ("topic", "partition", "offsets", "found"),
    [
        (TOPIC, 0, [4, 0, 2], [0, 2, 4]),
        (TOPIC, 0, [1, 99], [1]),
        (TOPIC, 1, [0], [0]),
        ("other", 0, [0], []),
    ],
)
def test_rows_at_offsets_come_back_in_order(filled, topic, partition, offsets, found):
    assert rows_at(filled, topic, partition, offsets)["offset"].to_pylist() == found


def test_without_redrives_no_file_holds_more_events(tmp_path):
    assert redriven_files(Lake(tmp_path)) == []
