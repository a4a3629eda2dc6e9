"""Records judged anew: what they become, once, whatever happens in between."""

from datetime import UTC, datetime

import pytest

from pipelines.contracts.operations import operations
from pipelines.contracts.topics import OPERATIONS
from pipelines.errors import WriterConflict
from pipelines.kernel import operations as kernel_operations
from pipelines.lake.query import query
from pipelines.quarantine import level as level_module
from pipelines.quarantine import redrive as redrive_module
from pipelines.quarantine import standing as standing_module
from pipelines.quarantine.level import REDRIVES, level
from pipelines.quarantine.redrive import Outcome, redrive
from pipelines.quarantine.selection import Place, Selection
from pipelines.simulate.operations import sample_operations
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.stream.test_batch import Crash, observations, readings, take_in
from tests.uplinks import INGEST_TIME, TOPIC, Topic, records, uplink
from tests.yesterday import RefusingBatch, YesterdaysBatch, new, odd

DECIDED = datetime(2026, 7, 1, tzinfo=UTC)
EVERYTHING = Selection()


def judge(lake, selection=EVERYTHING, *, apply=True):
    return redrive(lake, selection, tenant_id="acme", decided_at=DECIDED, apply=apply)


def standing(lake):
    """Offset: verdict and reasons that stand now."""
    rows = query(lake, 'select "partition", "offset", verdict, reasons from bronze.events_current order by 1, 2').rows
    return {(partition, offset): (verdict, reasons) for partition, offset, verdict, reasons in rows}


def versions(lake):
    return {name: lake.version(name) for name in ("bronze.events", "silver.observations", REDRIVES)}


@pytest.fixture
def topic(lake, take_in_yesterday):
    """Offsets: 0 good; 1, 2, 3 odd, of which 3 is a copy of 2; 4 is no message at all. Taken in yesterday."""
    topic = Topic([[*readings(1), odd(1, 21.0), odd(2, 22.0), odd(2, 22.0), b"{"]])
    take_in_yesterday(lake, topic)
    return topic


@pytest.mark.usefixtures("topic")
def test_a_dry_run_says_what_would_be_and_writes_nothing(lake):
    before = versions(lake)
    done = judge(lake, apply=False)
    assert (done.judged, done.changed, done.observations, done.redrive_number) == (4, 3, 2, None)
    assert done.outcomes == {
        Outcome("quarantined", ("no_time",), "accepted", ()): 2,
        Outcome("quarantined", ("no_time",), "duplicate", ("repeated_in_batch",)): 1,
        Outcome("quarantined", ("not_json",), "quarantined", ("not_json",)): 1,
    }
    assert versions(lake) == before


@pytest.mark.usefixtures("topic")
def test_applied_the_new_verdicts_stand_and_the_ledger_is_as_it_was(lake):
    ledger = lake.read("bronze.events")
    done = judge(lake)
    assert (done.changed, done.observations, done.redrive_number) == (3, 2, 1)
    assert standing(lake) == {
        (0, 0): ("accepted", []),
        (0, 1): ("accepted", []),
        (0, 2): ("accepted", []),
        (0, 3): ("duplicate", ["repeated_in_batch"]),
        (0, 4): ("quarantined", ["not_json"]),
    }
    assert lake.read("bronze.events").equals(ledger)
    rows = {row["offset"]: row for row in lake.read("silver.observations").to_pylist()}
    assert {offset: (row["value"], row["ingest_time"] == DECIDED) for offset, row in rows.items()} == {
        0: (10.0, False),
        1: (21.0, True),
        2: (22.0, True),
    }
    (first,) = [row for row in lake.read(REDRIVES).to_pylist() if row["offset"] == 1]
    assert (first["former_verdict"], first["former_reasons"], first["decided_at"]) == (
        "quarantined",
        ["no_time"],
        DECIDED,
    )
    assert first["event_key"] == rows[1]["event_key"]


@pytest.mark.usefixtures("topic")
def test_twice_changes_nothing(lake):
    judge(lake)
    before = versions(lake)
    again = judge(lake)
    assert (again.judged, again.changed, again.observations, again.redrive_number) == (1, 0, 0, None)
    assert versions(lake) == before


@pytest.mark.parametrize("batch", [YesterdaysBatch, RefusingBatch])
@pytest.mark.usefixtures("topic")
def test_without_a_better_contract_nothing_changes(lake, monkeypatch, batch):
    monkeypatch.setattr(redrive_module, "Batch", batch)
    assert judge(lake, Selection(reason="no_time")).changed == 0
    assert lake.read(REDRIVES).num_rows == 0


@pytest.mark.parametrize(
    ("selection", "offsets"),
    [
        (Selection(reason="no_time"), {1, 2, 3}),
        (Selection(reason="not_json"), set()),
        (Selection(places=(Place(TOPIC, 0, 3),)), {3}),
        (Selection(device="a840410000000001"), {1, 2, 3}),
        (Selection(device="a840410000000002"), set()),
        (Selection(since=datetime(2026, 6, 1, 13, 0, 1, tzinfo=UTC)), set()),
        (Selection(until=datetime(2026, 6, 1, 13, 0, 1, tzinfo=UTC)), {1, 2, 3}),
    ],
)
@pytest.mark.usefixtures("topic")
def test_only_what_is_chosen_is_judged(lake, selection, offsets):
    judge(lake, selection)
    assert {row["offset"] for row in lake.read(REDRIVES).to_pylist()} == offsets


@pytest.mark.usefixtures("topic")
def test_one_after_the_other_gives_what_all_at_once_gives(lake):
    for offset in (3, 1, 2):
        judge(lake, Selection(places=(Place(TOPIC, 0, offset),)))
    # The copy came first this time; an event is accepted once all the same.
    assert [standing(lake)[0, offset][0] for offset in (1, 2, 3)] == ["accepted", "duplicate", "accepted"]
    assert [value for _, value in observations(lake)].count(22.0) == 1
    assert sorted(row["redrive_number"] for row in lake.read(REDRIVES).to_pylist()) == [1, 2, 3]


def test_an_event_that_came_again_after_the_contract_was_mended_is_a_duplicate(lake, topic):
    topic.partitions[0].append(odd(1, 21.0))
    take_in(lake, topic)
    judge(lake)
    assert standing(lake)[0, 1] == ("duplicate", ["known_to_the_lake"])
    assert [value for _, value in observations(lake)].count(21.0) == 1


def test_the_stream_knows_redriven_events(lake, topic):
    judge(lake)
    topic.partitions[0].append(odd(1, 21.0))
    take_in(lake, topic)
    assert standing(lake)[0, 5] == ("duplicate", ["known_to_the_lake"])
    assert [value for _, value in observations(lake)].count(21.0) == 1


@pytest.mark.usefixtures("topic")
def test_after_a_crash_between_the_two_commits_silver_is_made_level(lake, monkeypatch):

    def dies(*_args):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(level_module, "append_once", dies)
        with pytest.raises(Crash):
            judge(lake)
    assert standing(lake)[0, 1] == ("accepted", [])
    assert len(observations(lake)) == 1
    assert level(lake, tenant_id="acme") == 2
    assert level(lake, tenant_id="acme") == 0
    assert judge(lake).changed == 0
    assert [value for _, value in observations(lake)].count(21.0) == 1
    assert len(observations(lake)) == 3


@pytest.mark.usefixtures("topic")
def test_a_crash_before_the_verdicts_leaves_everything_as_it_was(lake, monkeypatch):

    def dies(*_args):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(standing_module, "append_once", dies)
        with pytest.raises(Crash):
            judge(lake)
    assert standing(lake)[0, 1] == ("quarantined", ["no_time"])
    assert (judge(lake).changed, len(observations(lake))) == (3, 3)


@pytest.mark.usefixtures("topic")
def test_of_two_redrives_at_once_one_is_refused(lake, monkeypatch):
    judged_anew = redrive_module._judged_anew

    def slowly(*args):
        found = judged_anew(*args)
        with monkeypatch.context() as patch:
            patch.setattr(redrive_module, "_judged_anew", judged_anew)
            judge(lake)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(redrive_module, "_judged_anew", slowly)
        with pytest.raises(WriterConflict, match=r"ops\.redrives, transaction id redrive.*got progress 1"):
            judge(lake)
    assert (lake.read(REDRIVES).num_rows, len(observations(lake))) == (3, 3)


def test_a_stream_at_the_same_time_is_not_disturbed(lake, topic, take_in_yesterday, monkeypatch):
    commit = level_module.append_once

    def stream_comes_between(*args):
        topic.partitions[0].extend([*readings(1, first=30), odd(31)])
        take_in_yesterday(lake, topic)
        commit(*args)

    with monkeypatch.context() as patch:
        patch.setattr(level_module, "append_once", stream_comes_between)
        assert judge(lake).observations == 2
    assert len(observations(lake)) == 4
    take_in(lake, topic)
    assert judge(lake).judged == 2  # what was no message, and what the stream quarantined meanwhile
    counts = query(lake, "select verdict, count(*) from bronze.events_current group by 1 order by 1").rows
    assert sum(count for _, count in counts) == 7


def test_a_copy_that_the_stream_accepts_meanwhile_is_observed_once(lake, topic, monkeypatch):
    judged_anew = redrive_module._judged_anew

    def stream_comes_after(*args):
        found = judged_anew(*args)
        topic.partitions[0].append(odd(1, 21.0))
        take_in(lake, topic)
        return found

    monkeypatch.setattr(redrive_module, "_judged_anew", stream_comes_after)
    judge(lake)
    assert [value for _, value in observations(lake)].count(21.0) == 1


def test_accepted_events_of_a_sensor_nobody_knew_are_observed_once_it_has_a_contract(lake, take_in_yesterday):
    take_in_yesterday(lake, Topic([[new(n) for n in range(3)], readings(1, device="b")]))
    assert standing(lake)[0, 0] == ("accepted", ["unknown_sensor"])
    assert len(observations(lake)) == 1
    done = judge(lake, Selection(reason="unknown_sensor"))
    assert done.outcomes == {Outcome("accepted", ("unknown_sensor",), "accepted", ()): 3}
    assert (done.observations, len(observations(lake))) == (3, 4)
    assert judge(lake).judged == 0


def test_a_device_whose_sensor_the_registry_names_since_is_observed_with_its_depth_and_calibration(lake):
    values = [uplink({"temp_SOIL": 20.0}, device="a", sensor="nobody's", counter=n) for n in range(3)]
    take_in(lake, Topic([values]))
    assert observations(lake) == []
    lake.append("reference.devices", [
        {
            "device_id": "a",
            "field_id": "north",
            "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
            "sensor_model": "dragino_lse01",
            "depths": [{"channel": None, "depth_cm": 30.0}],
            "calibration": [{"property": "soil_temperature", "channel": None, "gain": 1.0, "offset": 0.5}],
        }
    ])  # fmt: skip
    assert (judge(lake).observations, judge(lake).judged) == (3, 0)
    rows = lake.read("silver.observations").to_pylist()
    assert [(row["sensor_model"], row["depth_cm"], row["value"]) for row in rows] == [("dragino_lse01", 30.0, 20.5)] * 3


def test_an_accepted_event_is_never_taken_back(lake, take_in_yesterday, monkeypatch):
    take_in_yesterday(lake, Topic([[new(1)]]))
    monkeypatch.setattr(redrive_module, "Batch", RefusingBatch)
    assert judge(lake).outcomes == {Outcome("accepted", ("unknown_sensor",), "accepted", ("unknown_sensor",)): 1}
    assert lake.read(REDRIVES).num_rows == 0


def test_large_and_hostile_records_are_judged_like_others(lake, take_in_yesterday):
    values = [b"x" * 10_000_000, None, b"", b"\x00", b"\x1b[2J", b"\xff" * 100, odd(1)]
    take_in_yesterday(lake, Topic([values]))
    done = judge(lake)
    assert (done.judged, done.changed, len(observations(lake))) == (7, 1, 1)


def test_operations_are_judged_anew_into_their_own_table(lake, monkeypatch):
    topic, values = "acme.operations", [uplink.value for uplink in sample_operations("acme")]

    def engine(_, cleaning):
        return [cleaning.clean(records(values, topic=topic).to_batches())]

    with monkeypatch.context() as patch:
        # Yesterday nobody knew what an irrigation is.
        known = {name: kind for name, kind in operations().items() if name != "irrigation"}
        patch.setattr(kernel_operations, "operations", lambda: known)
        ends = Ends(topic, {0: 0}, {0: len(values)})
        run_batch(Tables(lake, OPERATIONS), ends, engine, tenant_id="acme", ingest_time=INGEST_TIME, max_records=100)
    assert len(lake.read(OPERATIONS.table)) == 23
    done = judge(lake)
    assert (done.judged, done.changed, done.observations) == (7, 7, 7)
    kinds = lake.read(OPERATIONS.table)["operation"].to_pylist()
    assert (len(kinds), kinds.count("irrigation")) == (30, 7)
    assert judge(lake).changed == 0
    assert len(lake.read(OPERATIONS.table)) == 30
