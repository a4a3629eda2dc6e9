from collections.abc import Sequence

import pytest
from confluent_kafka import Producer

from pipelines.errors import BrokerUnreachable, OffsetGap
from pipelines.stream import broker as kafka
from pipelines.stream import consume, feed
from pipelines.stream.plan import OffsetRange

pytestmark = pytest.mark.broker

Header = Sequence[tuple[str, bytes | None]]

# Offset, key, value, headers.
RECORDS: list[tuple[int, bytes | None, bytes | None, Header | None]] = [
    (0, b"a", b"zero", None),
    (1, None, b"", [("event", b"up")]),
    (2, b"b", None, [("event", b"up"), ("event", b"\xff\x00"), ("empty", None)]),
    (3, b"b", b"\xff three", None),
    (4, b"c", b"four", [("event", b"join")]),
]


@pytest.fixture
def topic(broker, home_settings):
    name = home_settings.telemetry_topic
    kafka.ensure_topic(broker.address, name, 2)
    producer = Producer({"bootstrap.servers": broker.address})
    for _, key, value, headers in RECORDS:
        producer.produce(name, value, key, 1, headers=list(headers or ()))
    assert producer.flush(30) == 0
    return name


@pytest.mark.parametrize(("start", "end"), [(0, 5), (1, 4), (4, 5), (2, 2)])
@pytest.mark.parametrize("rows", [1, 2, 10_000])
def test_a_range_is_read_as_it_lies_in_kafka(broker, topic, monkeypatch, start, end, rows):
    monkeypatch.setattr(feed, "_ROWS", rows)
    batches = list(consume.read(broker.address, OffsetRange(topic, 1, start, end, start)))
    read = [row for batch in batches for row in batch.to_pylist()]
    assert all(batch.num_rows <= rows for batch in batches)
    assert all((row["topic"], row["partition"]) == (topic, 1) for row in read)
    assert all(row["kafka_time"].year >= 2026 for row in read)
    assert [(row["offset"], row["key"], row["raw"], row["headers"]) for row in read] == [
        (offset, key, value, headers and [{"key": name, "value": content} for name, content in headers])
        for offset, key, value, headers in RECORDS[start:end]
    ]


def test_a_range_beyond_the_end_names_what_is_missing(broker, topic):
    with pytest.raises(OffsetGap, match=r"partition 1\): expected offset 5 next, got offset 9, so 4 offsets"):
        list(consume.read(broker.address, OffsetRange(topic, 1, 3, 9, 3)))


def test_records_that_kafka_let_go_of_are_named(broker, topic):
    from kafka import KafkaAdminClient, TopicPartition

    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.delete_records({TopicPartition(topic, 1): 2})
    admin.close()
    with pytest.raises(OffsetGap, match=r"partition 1\): expected offset 0 next, got offset 2, so 2 offsets"):
        list(consume.read(broker.address, OffsetRange(topic, 1, 0, 5, 0)))


def test_a_broker_that_is_down_is_given_up_on(monkeypatch):
    monkeypatch.setattr(consume, "PATIENCE_S", 2.0)
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9"):
        list(consume.read("127.0.0.1:9", OffsetRange("acme.telemetry", 0, 0, 1, None)))
