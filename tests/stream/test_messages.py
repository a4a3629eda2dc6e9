"""The client's messages become rows of bronze.events, whatever is in them."""

from datetime import UTC, datetime

import pytest
from confluent_kafka import Message

from pipelines.stream import broker as kafka
from pipelines.stream.consume import read
from pipelines.stream.messages import as_arrow, errors_of, partitions_of
from pipelines.stream.plan import OffsetRange

NOON_MS = 1_780_315_200_000  # 2026-06-01T12:00Z


def message(partition, offset, key, value, headers=None):
    return Message("t", partition, offset, key, value, headers, None, (1, NOON_MS + offset))


def test_each_message_is_a_row():
    messages = [
        message(1, 7, b"a", b"zero"),
        message(0, 3, None, b"", [("event", b"up"), ("event", b"\xff\x00"), ("empty", None)]),
        message(1, 8, b"b", None),
    ]
    rows = as_arrow("t", partitions_of(messages), messages, {}).to_pylist()
    assert [(row["partition"], row["offset"], row["key"], row["raw"]) for row in rows] == [
        (1, 7, b"a", b"zero"),
        (0, 3, None, b""),
        (1, 8, b"b", None),
    ]
    assert [row["headers"] for row in rows] == [
        None,
        [{"key": "event", "value": b"up"}, {"key": "event", "value": b"\xff\x00"}, {"key": "empty", "value": None}],
        None,
    ]
    assert rows[0]["kafka_time"] == datetime(2026, 6, 1, 12, 0, 0, 7000, UTC)
    assert errors_of(messages) == [None, None, None]


@pytest.mark.parametrize(
    ("time_ms", "kafka_time"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (NOON_MS, datetime(2026, 6, 1, 12, tzinfo=UTC)),
        (NOON_MS * 1_000, datetime(9998, 12, 31, tzinfo=UTC)),
        (2**63 - 1, datetime(9998, 12, 31, tzinfo=UTC)),
        (-(2**63), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_for_which_readers_have_no_date_is_the_nearest_that_they_have(time_ms, kafka_time):
    messages = [Message("t", 0, 7, None, b"", None, None, (1, time_ms))]
    assert as_arrow("t", partitions_of(messages), messages, {})["kafka_time"].to_pylist() == [kafka_time]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [b""],
        [b"one", b"", b"three"],
        [b"one", None, b"three"],
        [None, None],
        [bytes([n % 256]) * n for n in range(2_000)],
    ],
)
def test_keys_and_values_come_as_they_are(values):
    messages = [message(0, number, value, value) for number, value in enumerate(values)]
    batch = as_arrow("t", partitions_of(messages), messages, {})
    batch.validate(full=True)
    assert batch["raw"].to_pylist() == batch["key"].to_pylist() == values


@pytest.mark.broker
def test_a_header_whose_name_is_no_text_does_not_stop_the_stream(broker, home_settings):
    class Latin1(str):
        def encode(self, *_):
            return b"\xe9v\xe9nement"

    name = home_settings.telemetry_topic
    kafka.ensure_topic(broker.address, name, 1)
    with kafka.producer(broker.address) as producer:
        producer.send(name, b"poison", b"k", [(Latin1("event"), b"up")], partition=0)
        producer.send(name, b"good", b"k", [("event", b"up")], partition=0)
    (batch,) = read(broker.address, OffsetRange(name, 0, 0, 2, 0))
    assert [(row["raw"], row["headers"]) for row in batch.to_pylist()] == [
        (b"poison", None),
        (b"good", [{"key": "event", "value": b"up"}]),
    ]
