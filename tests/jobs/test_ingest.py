"""From a real broker through real Spark into real Delta, and the promises that hold afterwards."""

import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest
from deltalake import DeltaTable
from kafka import KafkaAdminClient, KafkaProducer

from pipelines.contracts.topics import OPERATIONS
from pipelines.errors import BrokerUnreachable
from pipelines.jobs.ingest import ENGINES, follow, ingest
from pipelines.jobs.send_sample import send_sample
from pipelines.jobs.stack import status
from pipelines.lake.access import data_files, listed_in_sql
from pipelines.lake.tables import Lake
from pipelines.stream import broker as kafka
from tests.uplinks import uplink

DEVICES = [f"a84041000000{n:04x}" for n in range(20)]
HEADERS = [("ce_id", b"\x00\xff")]


@pytest.fixture
def settings(home_settings, broker):
    return replace(home_settings, kafka=broker.address)


def send(settings, messages: Sequence[tuple[str, bytes | None]]) -> None:
    kafka.ensure_topic(settings.kafka, settings.telemetry_topic, 3)
    with kafka.producer(settings.kafka) as producer:
        for device, value in messages:
            producer.send(settings.telemetry_topic, value, device.encode(), HEADERS)


def readings(first, count):
    return [
        (device, uplink({"air_temperature": 20.0, "relative_humidity": 50.0}, device=device, counter=counter))
        for counter in range(first, first + count)
        for device in DEVICES
    ]


@pytest.mark.spark
@pytest.mark.broker
def test_every_record_arrives_once_and_is_read_alike_by_three_engines(settings, spark):
    good = readings(0, 50)
    send(settings, [*good, *good[:30], (DEVICES[0], b"{"), (DEVICES[1], None)])
    assert status(settings).lag_records == 1032
    report = ingest(settings, max_records=400)
    assert status(settings).lag_records == 0
    assert (report.records, report.accepted, report.duplicate, report.quarantined) == (1032, 1000, 30, 2)
    assert report.observations == 2000
    assert report.batches == 3  # 1032 records, at most 400 a batch

    send(settings, [*readings(50, 1), *good[-20:]])
    report = ingest(settings)
    assert (report.accepted, report.duplicate, report.observations) == (20, 20, 40)

    again = ingest(settings)
    assert (again.records, again.batches) == (0, 0)
    assert (again.bronze_version, again.silver_version) == (report.bronze_version, report.silver_version)

    lake = Lake(settings.lake)
    places = lake.read("bronze.events", columns=["topic", "partition", "offset"]).to_pylist()
    ends = kafka.end_offsets(settings.kafka, settings.telemetry_topic)
    assert sorted((row["partition"], row["offset"]) for row in places) == [
        (partition, offset) for partition, end in sorted(ends.items()) for offset in range(end)
    ]
    headers = lake.read("bronze.events", columns=["headers"])["headers"].to_pylist()
    assert all(row == [{"key": "ce_id", "value": b"\x00\xff"}] for row in headers)

    path = str(lake.path("silver.observations"))
    files = listed_in_sql(data_files(DeltaTable(path)))
    query = "SELECT count(*), sum(value), count(DISTINCT event_key) FROM {}"
    with_duckdb = duckdb.sql(query.format(f"read_parquet({files})")).fetchall()[0]
    spark.read.format("delta").load(path).createOrReplaceTempView("observations")
    with_spark = tuple(spark.sql(query.format("observations")).collect()[0])
    with_delta_rs = lake.read("silver.observations", columns=["value"])
    assert with_duckdb == with_spark == (2040, 1020 * 20.0 + 1020 * 50.0, 1020)
    assert (with_delta_rs.num_rows, sum(with_delta_rs["value"].to_pylist())) == (2040, 1020 * 70.0)


# Everything that can be wrong with a record, each with what must come of it.
def trouble() -> list[tuple[str, bytes | None]]:
    good = readings(0, 30)
    hot = [(device, uplink({"air_temperature": 999.0, "mud": 1}, device=device, counter=1000)) for device in DEVICES]
    other = [
        (device, uplink({"air_temperature": 7.0}, device=device, counter=n)) for n, device in enumerate(DEVICES[:9])
    ]
    late = [
        (device, uplink({"air_temperature": 5.0}, device=device, counter=2000, time="2025-01-01T00:00:00Z"))
        for device in DEVICES
    ]
    poison = [(device, value) for device in DEVICES[:5] for value in (b"", None, b"{", b"\xff\xfe", b"[]", b"null")]
    named = [
        (device, uplink({"air_temperature": 1.0}, device=device, sensor="Nobody knows it")) for device in DEVICES[:3]
    ]
    # Copies within a batch, across batches, and of a week ago; conflicts within and across.
    return [
        *good,
        *good[:40],
        *hot,
        *poison,
        *late,
        *other,
        *good[300:400],
        *named,
        *late[:7],
        *other,
        *readings(30, 5),
    ]


@pytest.mark.spark
@pytest.mark.broker
def test_both_engines_make_the_same_tables(new_settings, broker, spark):  # noqa: ARG001 - the shared session
    settings = {engine: replace(new_settings(), kafka=broker.address) for engine in ("spark", "embedded", "streamed")}
    settings = {engine: replace(each, tenant=settings["spark"].tenant) for engine, each in settings.items()}
    messages = trouble()
    send(settings["spark"], messages)
    reports = {
        "spark": ingest(settings["spark"], engine="spark"),
        "embedded": ingest(settings["embedded"], max_records=200, engine="embedded"),
        "streamed": ingest(settings["streamed"], max_records=37, engine="embedded"),
    }
    expected = _tables(settings["spark"])
    assert len(expected[0]) == len(messages)
    assert {row["verdict"] for row in expected[0]} == {"accepted", "duplicate", "quarantined"}
    for engine in ("embedded", "streamed"):
        assert _tables(settings[engine]) == expected
    counts = [
        (each.records, each.accepted, each.duplicate, each.quarantined, each.observations) for each in reports.values()
    ]
    assert counts == [counts[0]] * 3


def _tables(settings) -> tuple[list[dict], list[dict]]:
    """Every row of both tables, but for the moment of its intake and which copy was found where."""
    lake = Lake(settings.lake)
    places = {
        "bronze.events": ("partition", "offset"),
        "silver.observations": ("partition", "offset", "property", "channel"),
    }
    tables = []
    for name, place in places.items():
        rows = [row | {"ingest_time": None} for row in lake.read(name).to_pylist()]
        for row in rows:
            if row.get("verdict") == "duplicate":
                assert row.pop("reasons") in (["known_to_the_lake"], ["repeated_in_batch"])
        tables.append(sorted(rows, key=lambda row: str([row[column] for column in place])))
    return tuple(tables)


@pytest.mark.broker
def test_the_embedded_engine_follows_and_remembers(settings):
    send(settings, readings(0, 3))
    lake = Lake(settings.lake)
    with following(settings) as reports:
        _wait_for(lambda: lake.read("bronze.events").num_rows == 60)
        send(settings, [*readings(3, 1), *readings(0, 4)])
        _wait_for(lambda: lake.read("bronze.events").num_rows == 160)
    ((report, stopped_after_s),) = reports
    assert (report.records, report.accepted, report.duplicate, report.observations) == (160, 80, 80, 160)
    assert stopped_after_s < 1.0
    # A process that remembers nothing knows the copies too.
    send(settings, readings(2, 1))
    again = ingest(settings, engine="embedded")
    assert (again.records, again.duplicate) == (20, 20)


@contextmanager
def following(settings):
    """Run the embedded engine as a stream; the list it gives holds report and seconds to stop afterwards."""
    stop, reports = threading.Event(), []
    thread = threading.Thread(target=lambda: reports.append(follow(settings, stop, engine="embedded")))
    thread.start()
    try:
        yield reports
    finally:
        asked_at = time.monotonic()
        stop.set()
        thread.join(timeout=60)
        reports[:] = [(report, time.monotonic() - asked_at) for report in reports]


@pytest.mark.spark
@pytest.mark.broker
def test_following_takes_in_what_comes_until_told_to_stop(settings, spark):  # noqa: ARG001 - the shared session
    stop = threading.Event()
    reports = []
    thread = threading.Thread(target=lambda: reports.append(follow(settings, stop)))
    thread.start()
    try:
        lake = Lake(settings.lake)
        # The topic is made while somebody waits for it.
        _wait_for(lambda: lake.exists("bronze.events"))
        send(settings, readings(0, 1))
        _wait_for(lambda: lake.read("bronze.events").num_rows == 20)
        send(settings, readings(1, 1))
        _wait_for(lambda: lake.read("bronze.events").num_rows == 40)
    finally:
        stop.set()
        thread.join(timeout=60)
    assert [(report.records, report.accepted) for report in reports] == [(40, 40)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broker_that_is_down_is_one_sentence(home_settings, engine):
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9.*fieldstream up"):
        ingest(replace(home_settings, kafka="127.0.0.1:9"), engine=engine)
    assert not Lake(home_settings.lake).exists("bronze.events")


@pytest.mark.broker
@pytest.mark.parametrize("engine", ENGINES)
def test_a_topic_that_is_not_there_yet_holds_nothing(settings, engine):
    report = ingest(settings, engine=engine)
    assert (report.records, report.batches, report.bronze_version) == (0, 0, 0)


def _wait_for(condition, patience_s=60.0):
    stop = threading.Event()
    for _ in range(int(patience_s / 0.2)):
        if condition():
            return
        stop.wait(0.2)
    pytest.fail(f"nothing after {patience_s} s")


@pytest.mark.broker
def test_operations_come_by_a_topic_of_their_own_into_the_same_ledger(settings):
    assert send_sample(settings, "operations").sent == 30
    send(settings, readings(0, 1))
    telemetry = ingest(settings, engine="embedded")
    report = ingest(settings, engine="embedded", kind=OPERATIONS)
    assert (report.topic, report.accepted, report.observations) == (f"{settings.tenant}.operations", 30, 30)
    assert (telemetry.accepted, telemetry.observations) == (20, 40)
    lake = Lake(settings.lake)
    topics = lake.read("bronze.events", columns=["topic"])["topic"].to_pylist()
    assert {topic: topics.count(topic) for topic in topics} == {report.topic: 30, settings.telemetry_topic: 20}
    assert len(lake.read("silver.operations")) == 30
    assert send_sample(settings, "operations").sent == 0
    again = ingest(settings, engine="embedded", kind=OPERATIONS)
    assert (again.records, again.silver_version) == (0, report.silver_version)


@pytest.mark.broker
def test_a_producer_whose_clock_counts_in_other_units_does_not_stop_the_stream(settings):
    configs = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    admin.create_topics({settings.telemetry_topic: {"num_partitions": 1, "configs": configs}}, wait_for_metadata=True)
    admin.close()
    noon_ms = 1_780_315_200_000
    said_ms = [noon_ms, noon_ms * 1_000, noon_ms * 1_000_000, 2**63 - 1]
    producer = KafkaProducer(bootstrap_servers=settings.kafka)
    for time_ms, (device, value) in zip(said_ms, readings(0, 1), strict=False):
        producer.send(settings.telemetry_topic, value, device.encode(), timestamp_ms=time_ms)
    producer.close()
    assert kafka.times_at(settings.kafka, settings.telemetry_topic, {0: 1}) == {0: datetime(9998, 12, 31, tzinfo=UTC)}
    report = ingest(settings, engine="embedded")
    assert (report.records, report.accepted) == (4, 4)
    rows = Lake(settings.lake).open("bronze.events").to_pyarrow_table(columns=["offset", "kafka_time"])
    noon, last = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
    assert rows.sort_by("offset")["kafka_time"].to_pylist() == [noon, last, last, last]
