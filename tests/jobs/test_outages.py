"""A broker that is killed, shut down, frozen and brought back under a stream and a producer at work."""

import os
import signal
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from pipelines.jobs.ingest import follow
from pipelines.jobs.stack import status
from pipelines.lake.tables import Lake
from pipelines.local import kafka as local
from pipelines.stream import broker as kafka
from tests.uplinks import uplink

pytestmark = pytest.mark.broker

PARTITIONS = 2
# Back to no lag, this long after the broker answers again.
BACK_S = 30.0


@pytest.fixture
def own_broker(home_settings):
    """A broker of the test's own, on a port that it keeps from one start to the next."""
    port, _ = local.free_ports(None)
    settings = replace(home_settings, kafka_port=port)
    local.start(settings)
    yield settings
    local.stop(settings)


class Sender(threading.Thread):
    """Sends readings one after the other, and keeps where each that was acknowledged lies."""

    def __init__(self, settings):
        super().__init__()
        self._settings, self.ending, self.acknowledged = settings, threading.Event(), {}

    def run(self):
        topic, counter, sent = self._settings.telemetry_topic, 0, []
        with kafka.producer(local.kafka_address(self._settings)) as producer:
            while not self.ending.wait(0.05):
                for _ in range(20):
                    value = uplink({"air_temperature": 20.0}, counter=counter)
                    sent.append((counter, producer.send(topic, value, partition=counter % PARTITIONS)))
                    counter += 1
            producer.flush(60)
        for number, future in sent:
            at = future.get(1)
            self.acknowledged[number] = (at.partition, at.offset)


def restart(settings):
    local.start(settings)


def kill(settings):
    os.kill(local.running(settings).pid, signal.SIGKILL)


def freeze(settings, seconds):
    pid = local.running(settings).pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


def wait_for(condition, patience_s):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"nothing after {patience_s} s"
        time.sleep(0.2)


def test_a_broker_killed_shut_down_and_frozen_under_a_stream_and_a_producer(own_broker):
    settings = own_broker
    kafka.ensure_topic(local.kafka_address(settings), settings.telemetry_topic, PARTITIONS)
    lake, stop, reports = Lake(settings.lake), threading.Event(), []
    stream = threading.Thread(target=lambda: reports.append(follow(settings, stop, engine="embedded")))
    sender = Sender(settings)
    stream.start()
    sender.start()
    try:
        wait_for(lambda: lake.version("bronze.events") >= 2, 30)
        kill(settings)
        time.sleep(1)
        restart(settings)
        time.sleep(1)
        local.stop(settings)
        restart(settings)
        time.sleep(1)
        freeze(settings, 3)
        time.sleep(1)
        sender.ending.set()
        sender.join(90)
        wait_for(lambda: status(settings).lag_records == 0, BACK_S)
    finally:
        sender.ending.set()
        stop.set()
        stream.join(60)
    assert len(reports) == 1
    rows = lake.read("bronze.events", columns=["partition", "offset", "verdict"]).to_pylist()
    places = Counter((row["partition"], row["offset"]) for row in rows)
    ends = kafka.end_offsets(local.kafka_address(settings), settings.telemetry_topic)
    # O1 no loss, O2 no copy, O3 every offset has a verdict.
    assert places == {(partition, offset): 1 for partition, end in ends.items() for offset in range(end)}
    assert set(sender.acknowledged.values()) <= set(places)
    counters = Counter(lake.read("silver.observations", columns=["sequence"])["sequence"].to_pylist())
    assert counters == dict.fromkeys(range(len(sender.acknowledged)), 1)
    assert reports[0].records == len(rows) == sum(ends.values())
