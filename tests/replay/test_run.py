"""A replayed lake is as one that took the same bytes in today, wherever the replay was killed."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from pipelines import failpoints
from pipelines.contracts.topics import OPERATIONS
from pipelines.failpoints import Seam
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.quarantine.level import level
from pipelines.quarantine.redrive import redrive
from pipelines.quarantine.selection import Selection
from pipelines.quarantine.standing import REDRIVES
from pipelines.replay import scope as scope_module
from pipelines.replay.replays import REPLAYS, Counts
from pipelines.replay.run import Order, rehearse, replay
from pipelines.replay.scope import Scope, Span
from pipelines.simulate.operations import sample_operations
from tests.stream.test_batch import OPERATIONS_TOPIC, readings, take_in, take_in_all
from tests.uplinks import INGEST_TIME, TOPIC, Topic, records
from tests.yesterday import RefusingBatch, new, odd

DEVICE, OTHER = "a840410000000001", "a840410000000002"
DECIDED = datetime(2026, 7, 1, tzinfo=UTC)
EVERYTHING = Scope()
REFUSED = {"tenant_id": "acme", "format": "json", "verdict": "quarantined", "reasons": ["no_time"],
           "ingest_time": INGEST_TIME}  # fmt: skip
SEAMS = (Seam.REPLAY_RECORDED, Seam.REPLAY_REPLACED, Seam.REPLAY_TOLD)


def order(scope=EVERYTHING, reason="the contract was corrected"):
    return Order(scope, reason, "maria", DECIDED)


def run(lake, scope=EVERYTHING):
    return replay(lake, order(scope), tenant_id="acme", maintenance_lock=lake.root.parent / "lock")


def standing(lake):
    rows = query(lake, 'select "partition", "offset", verdict, event_key, device_id from bronze.events_current').rows
    return sorted(rows)


def silver(lake):
    """Every row of silver but for when it was taken in."""
    rows = lake.read("silver.observations").drop_columns(["ingest_time"]).to_pylist()
    return sorted(map(repr, rows))


def versions(lake):
    return {name: lake.version(name) for name in ("bronze.events", "silver.observations", REDRIVES, REPLAYS)}


def calibrate(lake, device=DEVICE, gain=2.0):
    """Have the registry say since always that a device's air temperatures are half of what is true."""
    line = {"property": "air_temperature", "channel": None, "gain": gain, "offset": 0.0}
    row = {"device_id": device, "valid_from": datetime(2026, 1, 1, tzinfo=UTC), "calibration": [line]}
    lake.append("reference.devices", [row | {"field_id": "north"}])


@pytest.fixture
def topic():
    """Two partitions. What yesterday did not understand, copies of it, and what it did: 5 and 3 offsets."""
    return Topic(
        [
            [*readings(1), odd(1, 21.0), odd(1, 21.0), new(2, 22.0), b"{"],
            readings(3, device=OTHER),
        ]
    )


@pytest.fixture
def yesterdays(lake, topic, take_in_yesterday):
    take_in_yesterday(lake, topic)
    return lake


@pytest.fixture
def todays(tmp_path, topic):
    """A lake that takes in the same today, with the registry of today."""

    def made(*registry):
        other = Lake(tmp_path / "today")
        other.root.mkdir()
        for each in registry:
            each(other)
        take_in(other, topic)
        return other

    return made


def test_a_replayed_lake_is_as_one_that_took_the_bytes_in_today(yesterdays, todays):
    calibrate(yesterdays)
    before = versions(yesterdays)
    rehearsed = rehearse(yesterdays, EVERYTHING, tenant_id="acme", decided_at=DECIDED)
    assert versions(yesterdays) == before
    done = run(yesterdays)
    fresh = todays(calibrate)
    assert (standing(yesterdays), silver(yesterdays)) == (standing(fresh), silver(fresh))
    # 5 + 3 records; odd, its copy, and the one of the new sensor are otherwise; of DEVICE's values one was there.
    assert rehearsed == done.counts == Counts(8, 3, 0, 3, 1, 2, 0)
    assert done.slices_changed == 1


def test_a_second_replay_writes_nothing_and_says_so(yesterdays):
    run(yesterdays)
    before = versions(yesterdays)
    done = run(yesterdays)
    assert versions(yesterdays) == before
    assert (done.slices_changed, done.resumed_after) == (0, None)
    assert done.counts == Counts(records_read=8, observations_unchanged=6)


def test_what_is_no_longer_understood_goes(lake, topic, monkeypatch):
    take_in(lake, topic)
    held = silver(lake)
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.replay.anew.Batch", RefusingBatch)
        done = run(lake, Scope(device=DEVICE))
    assert (done.counts.newly_quarantined, done.counts.observations_gone) == (4, 3)
    assert {row[0] for row in standing(lake) if row[2] == "accepted"} == {1}
    # Understood again, by a redrive or by a replay, the event does not meet itself as a copy.
    redrive(lake, Selection(), tenant_id="acme", decided_at=DECIDED, apply=True)
    assert silver(lake) == held
    run(lake)
    assert silver(lake) == held


@pytest.mark.parametrize(("seam", "is_levelled"), [*((seam, False) for seam in SEAMS), (Seam.REPLAY_RECORDED, True)])
def test_a_killed_replay_is_made_good(yesterdays, todays, monkeypatch, seam, is_levelled):
    calibrate(yesterdays)
    monkeypatch.setattr(scope_module, "SLICE_ROWS", 3)
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", failpoints.armed(f"{seam}:1:raise"))
        with pytest.raises(failpoints.Failed):
            run(yesterdays)
    if is_levelled:  # as a stream does when it starts
        level(yesterdays, tenant_id="acme")
    run(yesterdays)
    fresh = todays(calibrate)
    assert (standing(yesterdays), silver(yesterdays)) == (standing(fresh), silver(fresh))
    rows = yesterdays.read(REPLAYS).sort_by("replay_number").to_pylist()
    assert [row["replay_number"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["is_end"] for row in rows] == [*[False] * (len(rows) - 1), True]
    assert sum(row["verdicts_changed"] for row in rows[:-1]) == 3


def test_a_killed_replay_goes_on_where_it_was_and_another_begins_anew(yesterdays, monkeypatch):
    monkeypatch.setattr(scope_module, "SLICE_ROWS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", failpoints.armed(f"{Seam.REPLAY_TOLD}:1:raise"))
        with pytest.raises(failpoints.Failed):
            run(yesterdays)
    # Offsets 0 and 1 of 8 are done.
    assert run(yesterdays, Scope(device=OTHER)).resumed_after is None
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", failpoints.armed(f"{Seam.REPLAY_TOLD}:1:raise"))
        with pytest.raises(failpoints.Failed):
            run(yesterdays)
    done = run(yesterdays)
    assert (done.resumed_after, done.counts.records_read) == ("acme.telemetry/0/3", 4)
    assert run(yesterdays).resumed_after is None


def test_a_slice_is_on_record(yesterdays):
    run(yesterdays, Scope(device=DEVICE, since=INGEST_TIME - timedelta(days=1)))
    slice_, end = yesterdays.read(REPLAYS).sort_by("replay_number").to_pylist()
    place = ("table_name", "topic", "partition", "first_offset", "last_offset", "redrive_number", "replaced_version")
    assert [slice_[name] for name in place] == ["silver.observations", TOPIC, 0, 0, 3, 1, 2]
    assert slice_["selection"] == '{"device": "a840410000000001", "since": "2026-05-31 14:00:00+00:00"}'
    assert (slice_["replay_reason"], slice_["replayed_by"]) == ("the contract was corrected", "maria")
    assert slice_["former_contract_digests"] == [slice_["contract_digest"]]
    assert (end["is_end"], end["topic"], end["records_read"]) == (True, None, 4)


def test_a_copy_that_came_when_the_original_was_not_understood_stays_the_event(lake, take_in_yesterday):
    message = odd(1, 21.0)
    first = Topic([[message]])
    take_in_yesterday(lake, first)
    whole = Topic([[message, message]])
    take_in(lake, whole)
    # The copy alone is chosen by nobody: it stands, and so the original is the copy now.
    run(lake, Scope(spans=(Span(TOPIC, 0, 0, 0),)))
    assert [row[2] for row in standing(lake)] == ["duplicate", "accepted"]
    run(lake)
    assert [row[2] for row in standing(lake)] == ["accepted", "duplicate"]
    assert lake.read("silver.observations")["offset"].to_pylist() == [0]


def test_replaced_rows_are_told_from_those_before_by_when_they_were_taken_in(yesterdays):
    calibrate(yesterdays)
    run(yesterdays)
    rows = yesterdays.read("silver.observations").to_pylist()
    later = {(row["partition"], row["offset"]): row["ingest_time"] - INGEST_TIME for row in rows}
    replaced = {(0, 0), (0, 1), (0, 3)}
    assert later == {place: timedelta(microseconds=place in replaced) for place in [*replaced, (1, 0), (1, 1), (1, 2)]}


# The filters of warnings are one for all threads.
@pytest.mark.filterwarnings("ignore:Arrow output")
def test_the_stream_and_a_replay_do_not_disturb_each_other(yesterdays, topic, monkeypatch):
    """The stream takes in a record a batch while slices of one record are replayed; neither is refused."""
    calibrate(yesterdays)
    monkeypatch.setattr(scope_module, "SLICE_ROWS", 1)
    coming = [*topic.partitions[0], *readings(6, first=10)]
    stream = threading.Thread(target=take_in_all, args=(yesterdays, Topic([coming, topic.partitions[1]]), 1))
    stream.start()
    done = run(yesterdays)
    stream.join()
    assert done.slices_changed == 4
    values = yesterdays.read("silver.observations", columns=["partition", "value"]).to_pylist()
    assert sum(row["partition"] == 0 for row in values) == 3 + 6
    assert rehearse(yesterdays, EVERYTHING, tenant_id="acme", decided_at=DECIDED).observations_unchanged == 6 + 6


def test_operations_are_replayed_too(lake):
    values = [event.value for event in islice(sample_operations("acme"), 3)]
    events = records(values, topic=OPERATIONS_TOPIC)
    lake.append("bronze.events", [row | REFUSED for row in events.to_pylist()])
    lake.create(OPERATIONS.table)
    done = run(lake)
    assert (done.counts.verdicts_changed, done.counts.observations_new) == (3, 3)
    assert lake.read(OPERATIONS.table)["offset"].to_pylist() == [0, 1, 2]
    assert run(lake).slices_changed == 0
