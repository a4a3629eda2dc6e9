"""From a real broker through real Spark into real Delta, and the promises that hold afterwards."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import duckdb
import pytest
from deltalake import DeltaTable

from pipelines.errors import BrokerUnreachable
from pipelines.jobs.ingest import follow, ingest
from pipelines.jobs.stack import status
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
    files = DeltaTable(path).file_uris()
    query = "SELECT count(*), sum(value), count(DISTINCT event_key) FROM {}"
    with_duckdb = duckdb.sql(query.format(f"read_parquet({files})")).fetchall()[0]
    spark.read.format("delta").load(path).createOrReplaceTempView("observations")
    with_spark = tuple(spark.sql(query.format("observations")).collect()[0])
    with_delta_rs = lake.read("silver.observations", columns=["value"])
    assert with_duckdb == with_spark == (2040, 1020 * 20.0 + 1020 * 50.0, 1020)
    assert (with_delta_rs.num_rows, sum(with_delta_rs["value"].to_pylist())) == (2040, 1020 * 70.0)


@pytest.mark.spark
@pytest.mark.broker
def test_following_takes_in_what_comes_until_told_to_stop(settings, spark):  # noqa: ARG001 - the shared session
    send(settings, readings(0, 1))
    stop = threading.Event()
    reports = []
    thread = threading.Thread(target=lambda: reports.append(follow(settings, stop)))
    thread.start()
    try:
        lake = Lake(settings.lake)
        _wait_for(lambda: lake.read("bronze.events").num_rows == 20)
        send(settings, readings(1, 1))
        _wait_for(lambda: lake.read("bronze.events").num_rows == 40)
    finally:
        stop.set()
        thread.join(timeout=60)
    assert [(report.records, report.accepted) for report in reports] == [(40, 40)]


def test_a_broker_that_is_down_is_one_sentence(home_settings):
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9.*fieldstream up"):
        ingest(replace(home_settings, kafka="127.0.0.1:9"))
    assert not Lake(home_settings.lake).exists("bronze.events")


@pytest.mark.broker
def test_a_topic_that_is_not_there_yet_holds_nothing(settings):
    report = ingest(settings)
    assert (report.records, report.batches, report.bronze_version) == (0, 0, 0)


def _wait_for(condition, patience_s=60.0):
    stop = threading.Event()
    for _ in range(int(patience_s / 0.2)):
        if condition():
            return
        stop.wait(0.2)
    pytest.fail(f"nothing after {patience_s} s")
