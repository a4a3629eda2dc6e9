import pytest

from pipelines.errors import RecordsLost
from pipelines.stream.loss import Position
from pipelines.stream.plan import Ends, plan


def planned(progress, beginnings, ends, max_records=1000):
    positions = {partition: Position(next_) for partition, next_ in progress.items()}
    ranges = plan(Ends("acme.telemetry", beginnings, ends), positions=positions, max_records=max_records)
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
        (5, 8, 20, "expected offset 5 next, got offset 8 as the first that Kafka holds, so 3 records are lost"),
        (50, 0, 20, "expected offset 50 next, got a topic that ends before offset 20, 30 short of it"),
    ],
)
def test_missing_records_stop_the_stream_and_are_named(recorded, begins, ends, sentence):
    with pytest.raises(RecordsLost, match=sentence):
        planned({0: recorded}, {0: begins}, {0: ends})


def test_the_first_gap_is_named_with_the_way_out_and_the_others_are_counted():
    said = (
        "1 more partitions have a gap too.* accept-loss --topic acme.telemetry --partition 1 --from 5 --to 8 --reason"
    )
    with pytest.raises(RecordsLost, match=said):
        planned({0: 1, 1: 5, 2: 9}, {0: 0, 1: 8, 2: 0}, {0: 4, 1: 20, 2: 3})


def test_ranges_are_in_the_lakes_count_of_a_topic_that_was_made_anew():
    # The lake had read 100 offsets of the old topic; it counts the new one's 0 to 3 as 100 to 103.
    ends = Ends("acme.telemetry", {0: 0}, {0: 4}).counted({0: 100}, None)
    (found,) = plan(ends, positions={0: Position(102, shift=100)}, max_records=10)
    assert (found.start, found.end, found.recorded, found.shift) == (102, 104, 102, 100)
