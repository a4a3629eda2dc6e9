import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipelines.errors import BrokerUnreachable, PortInUse, ServiceUnreachable
from pipelines.local import kafka


@pytest.fixture
def state(home_settings):
    """Write what a broker of this home may have left behind."""
    file = home_settings.home / "kafka" / "broker.json"
    file.parent.mkdir(parents=True)
    return file.write_text


@pytest.fixture
def fake_java(home_settings, tmp_path, monkeypatch):
    """Settings whose Java, asked to run Kafka, says some lines and ends."""

    def settings(*said: str):
        program = tmp_path / "jdk" / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\ncat <<END\n" + "\n".join(said) + "\nEND\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setattr(kafka, "java_home", lambda _: tmp_path / "jdk")
        monkeypatch.setattr(kafka, "broker_jars", lambda _: [])
        return home_settings

    return settings


def left_by(pid: int, port: object = 9092) -> str:
    return json.dumps({"pid": pid, "port": port, "started": "2026-06-01T12:00:00+00:00"})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(left_by(os.getpid()), id="its pid is another program's now"),
        pytest.param(left_by(2**22 + 1), id="its pid is nobody's"),
        pytest.param(left_by(os.getpid())[:20], id="it was being written"),
        pytest.param("[]", id="it is something else"),
        pytest.param("", id="it is empty"),
    ],
)
def test_a_stale_state_file_is_no_running_broker(home_settings, state, content):
    state(content)
    assert kafka.running(home_settings) is None
    assert kafka.stop(home_settings) is None
    assert psutil.pid_exists(os.getpid())


def test_the_named_broker_goes_before_the_local_one(home_settings):
    assert kafka.kafka_address(replace(home_settings, kafka="k:9092")) == "k:9092"


def test_no_broker_is_a_sentence(home_settings):
    with pytest.raises(BrokerUnreachable, match="fieldstream up"):
        kafka.kafka_address(home_settings)


def test_a_port_in_use_is_a_sentence(home_settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"127.0.0.1:{port}.*FIELDSTREAM_KAFKA_PORT"):
            kafka.start(replace(home_settings, kafka_port=port))


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        (
            ("12:00 INFO a: starting", "12:01 ERROR b: no space left", "12:02 INFO c: bye"),
            "12:01 ERROR b: no space left",
        ),
        (("java.lang.OutOfMemoryError: heap", "bye"), "java.lang.OutOfMemoryError: heap"),
        (("first", "last"), "last"),
    ],
)
def test_a_broker_that_does_not_start_is_quoted(fake_java, said, quoted):
    with pytest.raises(ServiceUnreachable, match=f"got this in its log: {quoted}. "):
        kafka.start(fake_java(*said))


@pytest.mark.broker
def test_records_survive_a_kill_and_the_next_start(home_settings):
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import KafkaAdminClient, NewTopic

    first = kafka.start(home_settings)
    assert kafka.start(home_settings) == first
    admin = KafkaAdminClient(bootstrap_servers=first.address)
    admin.create_topics([NewTopic("t", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=first.address)
    for number in range(3):
        # In 1970: with the broker's usual settings such a record is forgotten at once.
        producer.send("t", b"%d" % number, timestamp_ms=number)
    producer.flush()
    producer.close()
    psutil.Process(first.pid).kill()
    psutil.Process(first.pid).wait()
    assert kafka.running(home_settings) is None

    second = kafka.start(home_settings)
    try:
        assert second.pid != first.pid
        consumer = KafkaConsumer(bootstrap_servers=second.address, auto_offset_reset="earliest")
        consumer.assign([TopicPartition("t", 0)])
        records = [next(consumer) for _ in range(3)]
        consumer.close()
        assert [record.value for record in records] == [b"0", b"1", b"2"]
        assert all(record.timestamp >= first.started.timestamp() * 1000 for record in records)
    finally:
        assert kafka.stop(home_settings) == second
    assert not psutil.pid_exists(second.pid)
    assert not Path(home_settings.home / "kafka" / "broker.json").exists()
