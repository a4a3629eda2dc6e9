"""Whole batches over a topic in memory, into real Delta tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.topics import OPERATIONS
from pipelines.errors import OffsetGap, WriterConflict
from pipelines.lake.tables import Lake
from pipelines.simulate.operations import sample_operations
from pipelines.stream import batch as batch_module
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, PROBE, TOPIC, Topic, records, uplink

OPERATIONS_TOPIC = "acme.operations"


class Crash(Exception):
    pass


def engine_over(topic):
    def engine(ranges, cleaning):
        read = [topic.read(each.partition, each.start, each.end) for each in ranges]
        return [result for rows in read if (result := cleaning.clean(rows.to_batches(max_chunksize=7)))]

    return engine


def take_in(lake, topic, *, max_records=1000, engine=None, beginnings=None):
    ends = Ends(TOPIC, beginnings or dict.fromkeys(topic.ends, 0), topic.ends)
    return run_batch(
        Tables(lake),
        ends,
        engine or engine_over(topic),
        tenant_id="acme",
        ingest_time=INGEST_TIME,
        max_records=max_records,
    )


def take_in_all(lake, topic, max_records):
    while take_in(lake, topic, max_records=max_records):
        pass


def events(lake):
    rows = lake.read("bronze.events").to_pylist()
    return sorted((row["partition"], row["offset"], row["verdict"], row["raw"]) for row in rows)


def observations(lake):
    return sorted((row["event_key"], row["value"]) for row in lake.read("silver.observations").to_pylist())


def readings(count, device="a840410000000001", first=0):
    return [uplink({"air_temperature": 10.0 + n % 20}, device=device, counter=first + n) for n in range(count)]


def die_before_silver(lake, topic, monkeypatch):
    """Take in a batch, and end between its two commits."""
    commit = batch_module.append_once

    def dies(snapshot, contract, *rest):
        if contract.name == "silver.observations":
            raise Crash
        commit(snapshot, contract, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(batch_module, "append_once", dies)
        with pytest.raises(Crash):
            take_in(lake, topic)


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


@pytest.mark.parametrize("max_records", [1, 7, 1000])
def test_batches_of_any_size_give_the_same_tables(lake, tmp_path, max_records):
    one, two = readings(20), readings(15, device="a840410000000002")
    topic = Topic([[*one, None, *one[:5]], [*two[:10], b"{", *two[8:]]])
    take_in_all(lake, topic, max_records)
    whole = Lake(tmp_path / "whole")
    take_in_all(whole, topic, 10_000)
    assert observations(lake) == observations(whole)
    assert len(observations(lake)) == 20 + 15
    assert events(lake) == events(whole)
    counts = [verdict for _, _, verdict, _ in events(lake)]
    assert {verdict: counts.count(verdict) for verdict in set(counts)} == {
        "accepted": 20 + 15,
        "duplicate": 5 + 2,
        "quarantined": 1 + 1,
    }


def test_reading_again_changes_nothing(lake):
    topic = Topic([readings(10)])
    take_in_all(lake, topic, 4)
    versions = lake.version("bronze.events"), lake.version("silver.observations")
    assert take_in(lake, topic) == []
    assert (lake.version("bronze.events"), lake.version("silver.observations")) == versions


def test_a_topic_that_is_not_there_or_empty_writes_nothing_and_is_taken_in_when_something_comes(lake):
    assert [take_in(lake, Topic(partitions)) for partitions in ([], [[]], [[], []])] == [[], [], []]
    assert (lake.version("bronze.events"), lake.version("silver.observations")) == (0, 0)
    take_in(lake, Topic([readings(2), []]))
    # A partition that is added later begins at its own beginning.
    take_in(lake, Topic([readings(2), readings(3, device="a840410000000002"), []]))
    assert [(partition, offset) for partition, offset, *_ in events(lake)] == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def test_a_copy_from_weeks_ago_is_known_and_an_old_upload_is_not(lake):
    old = uplink({"air_temperature": 5.0}, counter=1, time="2026-05-01T00:00:00Z")
    topic = Topic([[old]])
    take_in(lake, topic)
    topic.partitions[0].extend(readings(5, first=10))
    take_in(lake, topic)
    late = uplink({"air_temperature": 6.0}, counter=2, time="2026-05-01T01:00:00Z")
    topic.partitions[0].extend([old, late])
    take_in(lake, topic)
    assert [verdict for _, _, verdict, _ in events(lake)] == ["accepted"] * 6 + ["duplicate", "accepted"]


def test_after_a_crash_between_the_two_commits_silver_is_made_from_bronze(lake, monkeypatch):
    topic = Topic([[*readings(10), None], readings(3, device="a840410000000002")])
    die_before_silver(lake, topic, monkeypatch)
    assert len(events(lake)) == 14
    assert observations(lake) == []
    # The broker has forgotten the records meanwhile: bronze is enough.
    assert take_in(lake, topic, engine=None, beginnings=topic.ends) == []
    assert len(observations(lake)) == 13
    assert {row["ingest_time"] for row in lake.read("silver.observations").to_pylist()} == {INGEST_TIME}


JANUARY, JUNE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def register(lake, device, *depths):
    """Say that the device's channel 1 is buried at these depths, one after the other, changed on June 1st."""
    periods = [(JANUARY, JUNE if len(depths) > 1 else None), (JUNE, None)]
    lake.append(
        "reference.devices",
        [
            {"device_id": device, "field_id": "north", "valid_from": since, "valid_to": until,
             "depths": [{"channel": 1, "depth_cm": depth_cm}]}
            for depth_cm, (since, until) in zip(depths, periods, strict=False)
        ],
    )  # fmt: skip


def moistures(device, *times):
    return [
        uplink({"soil_moisture_1": 30.0}, device=device, sensor=PROBE, counter=n, time=time)
        for n, time in enumerate(times)
    ]


def depths(lake):
    rows = lake.read("silver.observations").to_pylist()
    return sorted((row["device_id"], row["phenomenon_time"].isoformat()[5:16], row["depth_cm"]) for row in rows)


def test_the_registrys_depth_is_that_of_the_values_own_time(lake):
    topic = Topic([[*moistures("a", "2026-05-31T23:00:00Z"), *moistures("b", "2026-05-31T23:00:00Z")]])
    take_in(lake, topic)
    register(lake, "a", 15.0, 25.0)
    # What was taken in before the registry knew stays; May's data that come late have May's depth.
    topic.partitions[0].extend(moistures("a", "2026-05-30T12:00:00Z", "2026-06-01T12:00:00Z")[::-1])
    take_in(lake, topic)
    assert depths(lake) == [
        ("a", "05-30T11:30", 15.0),
        ("a", "05-31T22:30", 10.0),
        ("a", "06-01T11:30", 25.0),
        ("b", "05-31T22:30", 10.0),
    ]


def test_who_keeps_the_tables_open_sees_the_registry_change(lake):
    tables = Tables(lake)
    assert tables.overrides.num_rows == 0
    register(lake, "a", 15.0)
    tables.refresh()
    assert tables.overrides["depth_cm"].to_pylist() == [15.0]
    register(lake, "b", 20.0)
    tables.refresh()
    assert tables.overrides["depth_cm"].to_pylist() == [15.0, 20.0]


def test_silver_made_from_bronze_after_a_crash_heeds_the_registry(lake, monkeypatch):
    register(lake, "a", 15.0)
    topic = Topic([moistures("a", "2026-05-31T23:00:00Z")])
    die_before_silver(lake, topic, monkeypatch)
    take_in(lake, topic)
    assert depths(lake) == [("a", "05-31T22:30", 15.0)]


@pytest.mark.parametrize("crashes_before", ["bronze.events", "silver.observations"])
def test_a_crash_leaves_files_that_no_reader_sees(lake, monkeypatch, crashes_before):
    topic = Topic([readings(10)])

    def dies(snapshot, contract, *rest, commit=batch_module.append_once):
        if contract.name == crashes_before:
            raise Crash
        commit(snapshot, contract, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(batch_module, "append_once", dies)
        with pytest.raises(Crash):
            take_in(lake, topic)
    take_in_all(lake, topic, 1000)
    assert len(events(lake)) == len(observations(lake)) == 10


def test_a_second_writer_of_the_same_pipeline_is_refused(lake):
    topic = Topic([readings(10)])

    def slow_engine(ranges, cleaning):
        cleaned = engine_over(topic)(ranges, cleaning)
        take_in(lake, topic)  # another process takes the same batch in, and commits first
        return cleaned

    with pytest.raises(WriterConflict, match=r"telemetry/acme\.telemetry/0.*got progress 10"):
        take_in(lake, topic, engine=slow_engine)
    assert len(events(lake)) == len(observations(lake)) == 10


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda rows: rows.slice(0, 0), "offset 0 next, got offset 10"),
        (lambda rows: rows.slice(2), "offset 0 next, got offset 2"),
        (lambda rows: rows.slice(0, 8), "offset 8 next, got offset 10"),
        (lambda rows: rows.filter([n != 4 for n in range(10)]), "offset 0 next, got offset 5"),
    ],
)
def test_an_engine_that_loses_records_commits_nothing(lake, damage, sentence):
    topic = Topic([readings(10)])

    def engine(ranges, cleaning):
        rows = damage(topic.read(0, ranges[0].start, ranges[0].end))
        return [result for result in [cleaning.clean(rows.to_batches())] if result]

    with pytest.raises(OffsetGap, match=sentence):
        take_in(lake, topic, engine=engine)
    assert events(lake) == []


@settings(max_examples=15, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(12)), max_records=st.integers(1, 12), copies=st.lists(st.integers(0, 11), max_size=4)
)
def test_neither_order_nor_copies_nor_batch_size_change_silver(tmp_path_factory, order, max_records, copies):
    values = readings(12)
    lake = Lake(tmp_path_factory.mktemp("lake"))
    take_in_all(lake, Topic([[values[n] for n in [*order, *copies]]]), max_records)
    rows = lake.read("silver.observations").to_pylist()
    assert sorted((row["sequence"], row["value"]) for row in rows) == [(n, 10.0 + n) for n in range(12)]
    assert len(events(lake)) == 12 + len(copies)


def test_a_crash_of_one_topic_is_mended_from_its_own_records_alone(lake, monkeypatch):
    take_in(lake, Topic([readings(4)]))
    operations = [uplink.value for uplink in sample_operations("acme")]

    def engine(ranges, cleaning):
        read = (records(operations[each.start : each.end], topic=OPERATIONS_TOPIC, start=each.start) for each in ranges)
        return [cleaning.clean(rows.to_batches()) for rows in read]

    def take_in_operations(end):
        ends = Ends(OPERATIONS_TOPIC, {0: 0}, {0: end})
        tables = Tables(lake, OPERATIONS)
        return run_batch(tables, ends, engine, tenant_id="acme", ingest_time=INGEST_TIME, max_records=1000)

    def dies(snapshot, contract, *rest, commit=batch_module.append_once):
        if contract.name == OPERATIONS.table:
            raise Crash
        commit(snapshot, contract, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(batch_module, "append_once", dies)
        with pytest.raises(Crash):
            take_in_operations(10)
    assert len(lake.read(OPERATIONS.table)) == 0
    take_in_operations(30)
    rows = lake.read(OPERATIONS.table).to_pylist()
    assert sorted(row["offset"] for row in rows) == list(range(30))
    assert {row["topic"] for row in rows} == {OPERATIONS_TOPIC}
    assert len(observations(lake)) == 4
