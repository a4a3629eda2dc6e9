"""Messages that the broker has taken and did not say so, or said too late: sent again, and each event counts once."""

import json
import re
import shutil
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipelines.chaos.site import _send
from pipelines.chaos.truth import truth
from pipelines.cli import main
from pipelines.errors import NotAcknowledged, ServiceUnreachable
from pipelines.jobs.ingest import ingest
from pipelines.lake.tables import Lake
from pipelines.local import kafka as local
from pipelines.stream import broker as kafka
from pipelines.stream import sender as sender_module
from tests.conftest import settings_in
from tests.kafka_line import FOR_EVER_S, INIT_PRODUCER_ID, PRODUCE, KafkaLine
from tests.uplinks import uplink

pytestmark = pytest.mark.broker

EVENTS = 60
REQUEST_MS, DELIVERY_MS = 800, 2500
# Whether the time is up while the client waits for the last answer, or just after it was lost, is chance.
TIME_IS_UP = "Expiring [0-9]+ record|socket disconnected|timed out"


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The line to a broker that every client talks to by it."""
    port, _ = local.free_ports(None)
    line, folder = KafkaLine(port), tmp_path_factory.mktemp("broken")
    settings = replace(settings_in(folder), kafka_port=port)
    shutil.copytree(local.INFRA, folder / "infra")
    with (folder / "infra" / "server.properties").open("a") as template:
        template.write(f"advertised.listeners=PLAINTEXT://127.0.0.1:{line.port}\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(local, "INFRA", folder / "infra")
        local.start(settings)
    yield line
    local.stop(settings)


@pytest.fixture
def line(broken):
    yield broken
    broken.mend()


@pytest.fixture
def settings(home_settings, line):
    return replace(home_settings, kafka=f"127.0.0.1:{line.port}")


def _be_impatient(monkeypatch):
    for module in (kafka, sender_module):
        monkeypatch.setattr(module, "REQUEST_MS", REQUEST_MS)
        monkeypatch.setattr(module, "DELIVERY_MS", DELIVERY_MS)


@pytest.fixture
def impatient(monkeypatch):
    """Our producer, waiting for seconds where it waits for a minute."""
    _be_impatient(monkeypatch)


@contextmanager
def one_that_repeats(address):
    """A gateway of another make: what it sends again, the broker takes for something new."""
    producer = KafkaProducer(
        bootstrap_servers=address, enable_idempotence=False, acks="all", retries=10, request_timeout_ms=REQUEST_MS,
        delivery_timeout_ms=20_000,
    )  # fmt: skip
    yield producer
    producer.flush()
    producer.close()


@contextmanager
def ours(address):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kafka, "REQUEST_MS", REQUEST_MS)
        with kafka.producer(address) as producer:
            yield producer


@pytest.mark.parametrize(
    ("producer", "times", "late_s", "copies"),
    [
        (ours, 1, 0, False),
        (ours, 3, 0, False),
        (ours, 1, 2 * REQUEST_MS / 1000, False),
        (one_that_repeats, 2, 0, True),
        (one_that_repeats, 1, 2 * REQUEST_MS / 1000, True),
    ],
    ids=["cut", "cut-thrice", "late", "cut-and-repeated", "late-and-repeated"],
)
def test_an_event_whose_answer_was_lost_is_in_silver_once(settings, line, producer, times, late_s, copies):
    topic = settings.telemetry_topic
    kafka.ensure_topic(settings.kafka, topic, 2)
    line.lose(PRODUCE, times, after_s=late_s)
    with producer(settings.kafka) as sender:
        sent = [
            sender.send(topic, uplink({"air_temperature": 20.0}, counter=counter), partition=counter % 2)
            for counter in range(EVENTS)
        ]
    assert line.met == times
    assert [future.get(1).partition for future in sent] == [counter % 2 for counter in range(EVENTS)]
    records = sum(kafka.end_offsets(settings.kafka, topic).values())
    assert (records > EVENTS) is copies
    report = ingest(settings, engine="embedded")
    assert (report.records, report.accepted, report.duplicate, report.quarantined) == (
        records, EVENTS, records - EVENTS, 0
    )  # fmt: skip
    assert in_silver(settings) == dict.fromkeys(range(EVENTS), 1)


def in_silver(settings):
    return Counter(Lake(settings.lake).read("silver.observations", columns=["sequence"])["sequence"].to_pylist())


def test_the_traffic_that_faults_are_tried_with_lies_where_it_is_meant_to(settings, line):
    line.lose(PRODUCE, 2)
    _send(settings.kafka, truth(settings.tenant, 1))  # it looks itself where the topic ends
    assert line.met == 2


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("after_s", [0, FOR_EVER_S], ids=["cut", "silent"])
def test_a_broker_that_never_acknowledges_is_one_sentence_and_a_second_run_knows_what_is_there(
    settings, line, capsys, after_s
):
    command = ["send", "operations"]
    environ = {"FIELDSTREAM_HOME": str(settings.home), "FIELDSTREAM_TENANT": settings.tenant,
               "FIELDSTREAM_KAFKA": settings.kafka}  # fmt: skip
    line.lose(PRODUCE, 1000, after_s=after_s)
    assert main(command, environ) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    said = (
        f"fieldstream: Not every message was acknowledged \\({settings.kafka}\\): expected the broker to acknowledge "
        f"30 messages, got 0 acknowledged, then .*({TIME_IS_UP}).*\\. "
        "The topic may hold any of the other 30, or none\\. "
        "See that the broker answers, and send again: an event that comes twice is counted once\\.\n"
    )
    assert re.fullmatch(said, captured.err)
    line.mend()
    topic = settings.topic("operations")
    there = sum(kafka.end_offsets(settings.kafka, topic).values())
    assert 0 < there <= 30  # how many of them the first request held is chance, and no second one was answered
    assert main([*command, "--json"], environ) == 0
    said_again = json.loads(capsys.readouterr().out)
    assert (said_again["sent"], said_again["already_there"]) == (30 - there, there)
    assert sum(kafka.end_offsets(settings.kafka, topic).values()) == 30


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("after_s", [0, FOR_EVER_S], ids=["cut", "silent"])
def test_a_broker_that_gives_the_producer_no_number_is_not_waited_for_for_ever(settings, line, after_s):
    kafka.ensure_topic(settings.kafka, settings.telemetry_topic, 1)
    line.lose(INIT_PRODUCER_ID, 1000, after_s=after_s)
    asked_at = time.monotonic()
    # Whether the client has heard of the topic by then, and taken the message, is chance.
    said = "does not answer|acknowledge 1 messages, got 0 acknowledged"
    with pytest.raises(ServiceUnreachable, match=said), kafka.producer(settings.kafka) as sender:
        sender.send(settings.telemetry_topic, b"{}")
    assert time.monotonic() - asked_at < 3 * DELIVERY_MS / 1000
    line.mend()
    assert kafka.end_offsets(settings.kafka, settings.telemetry_topic) == {0: 0}


@pytest.mark.usefixtures("impatient")
def test_nothing_is_sent_after_a_message_that_may_be_missing(settings, line):
    kafka.ensure_topic(settings.kafka, settings.telemetry_topic, 1)

    def send_on_after_one_that_is_unknown():
        with kafka.producer(settings.kafka) as sender:
            sender.send(settings.telemetry_topic, b"first")
            sender.flush()
            line.lose(PRODUCE, 1000, after_s=FOR_EVER_S)
            unknown = sender.send(settings.telemetry_topic, b"second")
            with pytest.raises(KafkaError, match=TIME_IS_UP):
                unknown.get(30)
            line.mend()
            sender.send(settings.telemetry_topic, b"third")

    with pytest.raises(NotAcknowledged, match="acknowledge 2 messages, got 1 acknowledged"):
        send_on_after_one_that_is_unknown()
    assert kafka.end_offsets(settings.kafka, settings.telemetry_topic) == {0: 2}
