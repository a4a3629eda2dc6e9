"""A stream that is told to stop, once and twice, by the signals that a person or a service manager sends."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pipelines.jobs.ingest import ingest
from pipelines.lake.tables import Lake
from pipelines.stream import broker as kafka
from tests.uplinks import uplink

pytestmark = pytest.mark.broker

# What is promised of the embedded engine: docs/how-to/stream-continuously.md.
STOPPED_WITHIN_S = 5.0
RECORDS = 15_000


@pytest.fixture(scope="module")
def tenant(broker):
    """One whose topic holds a batch that takes some seconds."""
    topic = "signals.telemetry"
    kafka.ensure_topic(broker.address, topic, 1)
    with kafka.producer(broker.address) as producer:
        for counter in range(RECORDS):
            producer.send(topic, uplink({"air_temperature": 20.0}, counter=counter))
    return "signals"


@pytest.fixture
def settings(home_settings, broker, tenant):
    return replace(home_settings, kafka=broker.address, tenant=tenant)


@pytest.fixture
def stream(settings):
    told = {"HOME": str(settings.home), "TENANT": settings.tenant, "KAFKA": settings.kafka}
    started = subprocess.Popen(
        [sys.executable, "-c", STREAM, "stream", "--engine", "embedded", "--max-records", "1000", "--json"],
        env={**os.environ, **{f"FIELDSTREAM_{name}": value for name, value in told.items()},
             "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


STREAM = "from pipelines.cli import entry; entry()"


def wait_for_version(settings, version):
    deadline = time.monotonic() + 60
    while Lake(settings.lake).version("silver.observations") < version:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_level(settings):
    """Every offset up to the progress once, and silver level with bronze."""
    lake = Lake(settings.lake)
    taken = [lake.open(name).transaction_version("telemetry/signals.telemetry/0") for name in TABLES]
    offsets = sorted(lake.read("bronze.events", columns=["offset"])["offset"].to_pylist())
    counters = sorted(lake.read("silver.observations", columns=["sequence"])["sequence"].to_pylist())
    return taken[0] == taken[1] and offsets == counters == list(range(taken[0]))


TABLES = ("bronze.events", "silver.observations")


def test_the_first_signal_ends_the_stream_with_its_report(settings, stream):
    wait_for_version(settings, 2)
    stream.send_signal(signal.SIGTERM)
    asked_at = time.monotonic()
    out, err = stream.communicate(timeout=60)
    assert time.monotonic() - asked_at < STOPPED_WITHIN_S
    assert (stream.returncode, '"batches"' in out, "Traceback" in err) == (0, True, False)
    assert is_level(settings)


def test_a_second_signal_ends_it_at_once_and_no_harm_is_done(settings, stream):
    wait_for_version(settings, 2)
    stream.send_signal(signal.SIGTERM)
    stream.send_signal(signal.SIGINT)  # two of one kind, so close together, would be one
    asked_at = time.monotonic()
    _, err = stream.communicate(timeout=60)
    assert time.monotonic() - asked_at < 2.0
    # The first may have been enough.
    assert (stream.returncode in {0, 130}, "Traceback" in err) == (True, False)
    ingest(settings, engine="embedded")
    assert is_level(settings)
    assert Lake(settings.lake).read("bronze.events", columns=["offset"]).num_rows == RECORDS
