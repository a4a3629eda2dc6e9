"""Records that a real broker has let go of, topics that it made anew: the stream stops, and goes on when told to."""

import json
import re
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from kafka import KafkaAdminClient, TopicPartition

from pipelines.cli import main
from pipelines.errors import OffsetGap, RecordsLost, UsageError
from pipelines.jobs.accept_loss import accept_loss
from pipelines.jobs.ingest import follow, ingest
from pipelines.jobs.stack import status
from pipelines.lake.tables import Lake
from pipelines.stream import broker as kafka
from tests.uplinks import uplink

pytestmark = pytest.mark.broker


@pytest.fixture
def settings(home_settings, broker):
    return replace(home_settings, kafka=broker.address)


@pytest.fixture
def admin(broker):
    client = KafkaAdminClient(bootstrap_servers=broker.address)
    yield client
    client.close()


def send(settings, first, count, partitions=1):
    kafka.ensure_topic(settings.kafka, settings.telemetry_topic, partitions)
    with kafka.producer(settings.kafka) as producer:
        for counter in range(first, first + count):
            value = uplink({"air_temperature": 20.0}, counter=counter)
            producer.send(settings.telemetry_topic, value, partition=counter % partitions)


def make_anew(admin, settings):
    admin.delete_topics([settings.telemetry_topic])
    deadline = time.monotonic() + 20
    while kafka.end_offsets(settings.kafka, settings.telemetry_topic):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def run(settings, *words, capsys):
    told = {"HOME": str(settings.home), "TENANT": settings.tenant, "KAFKA": settings.kafka}
    environment = {f"FIELDSTREAM_{name}": value for name, value in told.items()}
    return main(words, environment), *capsys.readouterr()


def held(settings):
    """Counters in silver, each with how often it is there; and the offsets in bronze."""
    lake = Lake(settings.lake)
    counters = Counter(lake.read("silver.observations", columns=["sequence"])["sequence"].to_pylist())
    return counters, sorted(lake.read("bronze.events", columns=["offset"])["offset"].to_pylist())


def test_retention_that_ran_out_under_the_stream(settings, admin, capsys):
    topic = settings.telemetry_topic
    send(settings, 0, 30)
    ingest(settings, engine="embedded")
    send(settings, 30, 30)
    admin.delete_records({TopicPartition(topic, 0): 42})

    code, _, err = run(settings, "stream", "--once", "--engine", "embedded", capsys=capsys)
    way_out = re.search(r"fieldstream (accept-loss --topic \S+ --partition 0 --from 30 --to 42 --reason) TEXT", err)
    assert (code, "so 12 records are lost" in err) == (3, True)

    command = [*way_out[1].split(), "the line was down", "--json"]
    code, out, _ = run(settings, *command, capsys=capsys)
    said = json.loads(out)
    assert (code, said["changed"], said["loss"]["lost_records"], said["loss"]["loss_reason"]) == (
        0, True, 12, "the line was down"
    )  # fmt: skip
    assert json.loads(run(settings, *command, capsys=capsys)[1])["changed"] is False
    assert run(settings, *command[:8], "41", *command[9:], capsys=capsys)[0] == 2

    assert ingest(settings, engine="embedded").accepted == 18
    assert status(settings).lag_records == 0
    assert held(settings) == (dict.fromkeys([*range(30), *range(42, 60)], 1), [*range(30), *range(42, 60)])


def test_a_topic_made_anew_that_has_grown_past_the_lakes_progress(settings, admin):
    send(settings, 0, 10)
    ingest(settings, engine="embedded")
    make_anew(admin, settings)
    send(settings, 8, 30)
    with pytest.raises(RecordsLost, match="another topic of that name, made anew, which begins at offset 0"):
        ingest(settings, engine="embedded")
    accept_loss(settings, settings.telemetry_topic, 0, 10, 0, reason="made anew on purpose")
    assert status(settings).lag_records == 30
    report = ingest(settings, engine="embedded")
    assert (report.accepted, report.duplicate) == (28, 2)  # events 8 and 9 were sent to both
    assert status(settings).lag_records == 0
    assert held(settings) == (dict.fromkeys(range(38), 1), [*range(40)])


def test_a_topic_made_anew_under_a_stream_at_work_stops_it(settings, admin):
    send(settings, 0, 10)
    stop, ended = threading.Event(), []

    def stream():
        try:
            follow(settings, stop, engine="embedded")
        except OffsetGap as error:
            ended.append(error)

    running = threading.Thread(target=stream)
    running.start()
    deadline = time.monotonic() + 30
    while Lake(settings.lake).version("silver.observations") < 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    make_anew(admin, settings)
    send(settings, 100, 40)
    running.join(40)
    stop.set()
    running.join(10)
    assert len(ended) == 1
    counters, offsets = held(settings)
    assert (counters, offsets) == (dict.fromkeys(range(10), 1), [*range(10)])

    with pytest.raises(RecordsLost, match="made anew"):
        ingest(settings, engine="embedded")
    accept_loss(settings, settings.telemetry_topic, 0, 10, 0, reason="made anew on purpose")
    ingest(settings, engine="embedded")
    assert held(settings) == (dict.fromkeys([*range(10), *range(100, 140)], 1), [*range(50)])


def test_what_is_no_gap_is_not_accepted(settings):
    with pytest.raises(UsageError, match="There is no lake here"):
        accept_loss(settings, settings.telemetry_topic, 0, 0, 1, reason="why not")
    send(settings, 0, 5)
    ingest(settings, engine="embedded")
    with pytest.raises(UsageError, match="a topic of tenant"):
        accept_loss(settings, "another.telemetry", 0, 0, 1, reason="why not")
    with pytest.raises(UsageError, match="expected a gap, got none"):
        accept_loss(settings, settings.telemetry_topic, 0, 5, 6, reason="why not")
