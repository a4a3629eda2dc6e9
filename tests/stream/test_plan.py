import pytest

from pipelines.errors import OffsetGap
from pipelines.stream.plan import Ends, plan


def planned(progress, beginnings, ends, max_records=1000):
    ranges = plan(Ends("acme.telemetry", beginnings, ends), progress=progress, max_records=max_records)
    return [(each.partition, each.start, each.end, each.recorded) for each in ranges]


@pytest.mark.parametrize(
    ("progress", "beginnings", "ends", "ranges"),
    [
        # progress in the lake      Kafka begins   Kafka ends     ranges: partition, start, end, recorded
        ({0: None}, {0: 0}, {0: 0}, []),
        ({0: None}, {0: 0}, {0: 9}, [(0, 0, 9, None)]),
        ({0: None}, {0: 4}, {0: 9}, [(0, 4, 9, None)]),
        ({0: 9}, {0: 0}, {0: 9}, []),
        ({0: 9}, {0: 9}, {0: 12}, [(0, 9, 12, 9)]),
        ({0: 9, 1: 3}, {0: 0, 1: 0}, {0: 9, 1: 5}, [(1, 3, 5, 3)]),
        ({0: 9}, {0: 0, 1: 0}, {0: 9, 1: 5}, [(1, 0, 5, None)]),
    ],
)
def test_a_range_runs_from_the_lakes_progress_to_the_brokers_end(progress, beginnings, ends, ranges):
    assert planned(progress, beginnings, ends) == ranges


@pytest.mark.parametrize(
    ("backlog", "room", "shares"),
    [
        ({0: 10, 1: 10}, 100, {0: 10, 1: 10}),
        ({0: 1000, 1: 1000}, 100, {0: 50, 1: 50}),
        ({0: 1000, 1: 10}, 100, {0: 90, 1: 10}),
        ({0: 1000, 1: 1000, 2: 20}, 100, {0: 40, 1: 40, 2: 20}),
        ({0: 1000}, 1, {0: 1}),
    ],
)
def test_a_batch_is_bounded_and_no_partition_starves(backlog, room, shares):
    ranges = planned({}, dict.fromkeys(backlog, 0), backlog, room)
    assert {partition: end - start for partition, start, end, _ in ranges} == shares
    assert sum(shares.values()) <= room


@pytest.mark.parametrize(
    ("recorded", "begins", "ends", "sentence"),
    [
        (5, 8, 20, "expected offset 5 next, got offset 8, so 3 offsets are not accounted for"),
        (50, 0, 20, "expected offset 50 next, got offset 20, so 30 offsets are not accounted for"),
    ],
)
def test_missing_records_stop_the_stream_and_are_named(recorded, begins, ends, sentence):
    with pytest.raises(OffsetGap, match=sentence):
        planned({0: recorded}, {0: begins}, {0: ends})
