"""A stream that is told to stop, once and twice, by the signals that a person or a service manager sends."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import psutil
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


@contextmanager
def streaming(settings, *options, **more):
    told = {"HOME": str(settings.home), "TENANT": settings.tenant, "KAFKA": settings.kafka, **more}
    started = subprocess.Popen(
        [sys.executable, "-c", STREAM, "stream", *options, "--json"],
        env={**os.environ, **{f"FIELDSTREAM_{name}": value for name, value in told.items()},
             "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


STREAM = "from pipelines.cli import entry; entry()"


@pytest.fixture
def stream(settings):
    with streaming(settings, "--engine", "embedded", "--max-records", "1000") as started:
        yield started


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


# Of Spark: the batch under way is finished first, and nothing outlives the command for longer than this.
GONE_WITHIN_S = 10.0
SPARK_BATCH = 5_000


@pytest.fixture
def spark_stream(settings):
    """A stream with its only worker standing still within the first batch; what it has started, and the worker."""
    options = "--engine", "spark", "--max-records", str(SPARK_BATCH)
    with streaming(settings, *options, FAIL_AT="stream.cleaned:1:hang") as started:
        worker = started_by(started, lambda each: each.status() == psutil.STATUS_STOPPED)
        family = psutil.Process(started.pid).children(recursive=True)
        yield started, family, worker
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def started_by(command, is_it):
    """Wait for a process that a command starts, among others of a moment."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for each in psutil.Process(command.pid).children(recursive=True):
            with suppress(psutil.Error):
                if is_it(each):
                    return each
        time.sleep(0.02)
    return pytest.fail("no such process came")


def ctrl_c(command):
    """As a terminal does: to every process of the command's group."""
    os.killpg(command.pid, signal.SIGINT)


def terminate(command):
    command.send_signal(signal.SIGTERM)


def wait_until_asked(command):
    while "stopping" not in (line := command.stderr.readline()):
        assert line, "it ended without a word"


def outlived(family):
    return psutil.wait_procs(family, GONE_WITHIN_S)[1]


def goes_on(settings):
    ingest(settings, engine="embedded")
    return is_level(settings) and Lake(settings.lake).read("bronze.events", columns=["offset"]).num_rows == RECORDS


@pytest.mark.parametrize("ask", [terminate, ctrl_c])
def test_spark_finishes_the_batch_under_way_and_takes_everything_along(settings, spark_stream, ask):
    command, family, worker = spark_stream
    ask(command)
    wait_until_asked(command)
    time.sleep(0.5)
    assert command.poll() is None
    worker.resume()
    out, err = command.communicate(timeout=60)
    assert (command.returncode, "Traceback" in err) == (0, False)
    assert [json.loads(out)[name] for name in ("batches", "records")] == [1, SPARK_BATCH]
    assert outlived(family) == []
    assert is_level(settings)
    assert goes_on(settings)


def test_a_second_signal_ends_spark_at_once_and_no_harm_is_done(settings, spark_stream):
    command, family, _ = spark_stream
    terminate(command)
    wait_until_asked(command)
    ctrl_c(command)
    assert command.wait(2) == 130
    assert "Traceback" not in command.stderr.read()
    assert outlived(family) == []
    assert Lake(settings.lake).read("bronze.events", columns=["offset"]).num_rows == 0
    assert goes_on(settings)


def test_a_service_manager_that_ends_sparks_own_processes_too_has_the_batch_given_up(settings, spark_stream):
    command, family, worker = spark_stream
    for each in (psutil.Process(command.pid), *family):
        each.terminate()
    worker.resume()
    out, err = command.communicate(timeout=60)
    assert (command.returncode, json.loads(out)["batches"], "Traceback" in err) == (0, 0, False)
    assert outlived(family) == []
    assert goes_on(settings)


@pytest.mark.parametrize("after_s", [0.0, 1.0])
def test_a_service_manager_may_end_spark_while_it_starts(settings, after_s):
    with streaming(settings, "--engine", "spark", "--max-records", str(SPARK_BATCH)) as command:
        # Spark's launcher is a Java too.
        java = started_by(command, lambda each: "org.apache.spark.deploy.SparkSubmit" in each.cmdline())
        time.sleep(after_s)
        for each in (psutil.Process(command.pid), java):
            each.terminate()
        out, err = command.communicate(timeout=60)
    assert (command.returncode, json.loads(out)["batches"], "Traceback" in err) == (0, 0, False)
    assert goes_on(settings)
