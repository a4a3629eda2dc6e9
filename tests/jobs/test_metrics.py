"""The job joins lake and broker; what each part measures is tested with the part."""

import socket
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from pipelines.errors import PortInUse
from pipelines.jobs.metrics import Measurement, measure, serve
from pipelines.jobs.stack import status
from pipelines.lake.tables import Lake
from pipelines.local.kafka import Broker
from pipelines.metrics import catalogue
from pipelines.settings import Settings
from pipelines.stream import broker as kafka
from tests.lakes import soil_lake


def values(measurement: Measurement, metric: catalogue.Metric) -> dict[tuple[str, ...], float]:
    return {sample.values: sample.value for sample in measurement.samples if sample.metric is metric}


def test_before_anything_is_there_the_counters_stand_at_zero_and_the_disk_is_known(home_settings: Settings) -> None:
    found = measure(replace(home_settings, home=home_settings.home / "not" / "yet"))
    assert {sample.metric for sample in found.samples} == {
        catalogue.RECORDS,
        catalogue.OBSERVATIONS,
        catalogue.NEIGHBOUR_FLAGS,
        catalogue.BROKER_UP,
        catalogue.DISK_FREE,
        catalogue.DISK_SIZE,
    }
    assert values(found, catalogue.BROKER_UP) == {(): 0}
    assert 0 < values(found, catalogue.DISK_FREE)[()] < values(found, catalogue.DISK_SIZE)[()]


def test_a_broker_that_does_not_answer_hides_nothing_else(
    home_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "_PATIENCE_MS", 300)
    soil_lake(home_settings.lake)
    found = measure(replace(home_settings, kafka="127.0.0.1:9"))
    assert values(found, catalogue.BROKER_UP) == {(): 0}
    assert values(found, catalogue.LAG_RECORDS) == {}
    assert values(found, catalogue.ROWS) == {("silver.observations",): 40}
    assert f'fieldstream_table_rows{{tenant="{home_settings.tenant}",table="silver.observations"}} 40\n' in found.text


@pytest.mark.broker
def test_before_the_first_batch_everything_at_the_broker_waits(home_settings: Settings, broker: Broker) -> None:
    settings = replace(home_settings, kafka=broker.address)
    telemetry, operations = settings.telemetry_topic, settings.topic("operations")
    kafka.ensure_topic(broker.address, telemetry, 2)
    kafka.ensure_topic(broker.address, operations, 1)
    with kafka.producer(broker.address) as producer:
        for value in (b"a", b"b"):
            producer.send(telemetry, value, partition=1)
        producer.send(operations, b"c", partition=0)
    found = measure(settings)
    assert values(found, catalogue.BROKER_UP) == {(): 1}
    assert values(found, catalogue.LAG_RECORDS) == {(telemetry, "0"): 0, (telemetry, "1"): 2, (operations, "0"): 1}
    seconds = values(found, catalogue.LAG_SECONDS)
    assert seconds[telemetry, "0"] == 0 < seconds[telemetry, "1"] < 60
    assert 0 < seconds[operations, "0"] < 60
    assert status(settings).lag_records == 3
    assert not Lake(settings.lake).exists("bronze.events")


def test_it_serves_until_it_is_told_to_stop(home_settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(home_settings, "127.0.0.1", port, stop))
    thread.start()
    try:
        text = asked(f"http://127.0.0.1:{port}/metrics", patience_s=10)
    finally:
        stop.set()
        thread.join(timeout=10)
    assert f'fieldstream_broker_up{{tenant="{home_settings.tenant}"}} 0\n' in text
    assert not thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        asked(f"http://127.0.0.1:{port}/metrics", patience_s=0)


def asked(url: str, patience_s: float) -> str:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return str(urllib.request.urlopen(url, timeout=10).read().decode())  # noqa: S310 - ours
        except urllib.error.URLError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def test_a_taken_port_is_one_sentence(home_settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"127.0.0.1:{port}.*Name another with --port"):
            serve(home_settings, "127.0.0.1", port, threading.Event())
