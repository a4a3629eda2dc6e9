import socket
from datetime import UTC, datetime

import pytest

from pipelines.errors import BrokerUnreachable
from pipelines.local.kafka import Broker
from pipelines.stream import broker as kafka


@pytest.mark.parametrize(
    ("key", "partition_of_1000"),
    # murmur2 of the Java client, from UtilsTest.testMurmur2 of Apache Kafka, without its sign bit:
    # "21" -973932308, "foobar" -790332482, "a-little-bit-long-string" -985981536.
    [
        (b"21", (-973932308 & 0x7FFFFFFF) % 1000),
        (b"foobar", (-790332482 & 0x7FFFFFFF) % 1000),
        (b"a-little-bit-long-string", (-985981536 & 0x7FFFFFFF) % 1000),
    ],
)
def test_partition_is_the_one_other_clients_choose(key: bytes, partition_of_1000: int) -> None:
    assert kafka.partition_of(key, 1000) == partition_of_1000


@pytest.mark.broker
def test_topic_is_made_once_and_records_are_found_by_offset(broker: Broker) -> None:
    kafka.ensure_topic(broker.address, "broker-test.telemetry", 3)
    kafka.ensure_topic(broker.address, "broker-test.telemetry", 5)
    assert kafka.end_offsets(broker.address, "broker-test.telemetry") == {0: 0, 1: 0, 2: 0}
    with kafka.producer(broker.address) as producer:
        for number in range(4):
            producer.send("broker-test.telemetry", b"value %d" % number, b"key", partition=1)
    assert kafka.end_offsets(broker.address, "broker-test.telemetry") == {0: 0, 1: 4, 2: 0}
    assert kafka.records_at(broker.address, "broker-test.telemetry", {1: [0, 3]}) == {
        (1, 0): (b"key", b"value 0"),
        (1, 3): (b"key", b"value 3"),
    }
    times = kafka.times_at(broker.address, "broker-test.telemetry", {1: 3})
    assert abs((times[1] - datetime.now(UTC)).total_seconds()) < 60
    assert kafka.times_at(broker.address, "broker-test.telemetry", {}) == {}


@pytest.mark.broker
def test_topic_that_is_not_there_has_no_offsets(broker: Broker) -> None:
    assert kafka.end_offsets(broker.address, "broker-test.nothing") == {}


def test_absent_broker_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "_PATIENCE_MS", 300)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(BrokerUnreachable, match=f"does not answer \\({address}\\)"):
            kafka.end_offsets(address, "t")
        with pytest.raises(BrokerUnreachable, match=f"does not answer \\({address}\\)"):
            kafka.ensure_topic(address, "t", 1)
        with pytest.raises(BrokerUnreachable, match=f"does not answer \\({address}\\)"), kafka.producer(address):
            pass
