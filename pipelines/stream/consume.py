"""Read an offset range of Kafka in bulk, as Arrow, over confluent-kafka: what workers read with."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from operator import methodcaller
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.errors import BrokerUnreachable, OffsetGap
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.stream.plan import OffsetRange

if TYPE_CHECKING:
    from confluent_kafka import Consumer

# The client's Message is also what a producer waits with, so it says that a record's offset may be None.
Message = Any
Headers = Sequence[tuple[str, bytes | None]] | None

PATIENCE_S = 30.0

# Through C, which checks that the client has not failed and returned something none the less; a plain call does not.
_HEADERS = methodcaller("headers")
_ROWS = 10_000
_POLL_S = 1.0
_SCHEMA = pa.schema([table("bronze.events").arrow_schema.field(name) for name in RECORD_COLUMNS])


def read(address: str, wanted: OffsetRange) -> Iterator[pa.RecordBatch]:
    """Give the records of a range in offset order, some thousands at a time.

    Shape: columns of `RECORD_COLUMNS` with the types of bronze.events.

    Raises:
        OffsetGap: Kafka does not hold the range up to its end.
        BrokerUnreachable: Nothing came for a while.
    """
    with closing(_consumer(address, wanted)) as consumer:
        next_offset = wanted.start
        heard_at = time.monotonic()
        while next_offset < wanted.end:
            messages, is_at_end = _polled(consumer, address, wanted, next_offset)
            if messages:
                next_offset = messages[-1].offset() + 1
                yield _arrow(messages, wanted)
                heard_at = time.monotonic()
            if is_at_end and next_offset < wanted.end:
                raise OffsetGap(wanted.topic, wanted.partition, next_offset, wanted.end)
            if time.monotonic() - heard_at > PATIENCE_S:
                raise BrokerUnreachable(address, f"no records for {PATIENCE_S:.0f} s")


def _consumer(address: str, wanted: OffsetRange) -> "Consumer":
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": address,
            # The client asks for one; no offset is ever stored under it.
            "group.id": "fieldstream",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "check.crcs": True,
            # Every record has a verdict, one of a transaction that was given up too.
            "isolation.level": "read_uncommitted",
            # The driver says it in a sentence.
            "log_level": 2,
        }
    )
    consumer.assign([TopicPartition(wanted.topic, wanted.partition, wanted.start)])
    return consumer


def _polled(consumer: "Consumer", address: str, wanted: OffsetRange, next_offset: int) -> tuple[list[Message], bool]:
    """Return what came, and whether the partition ends there."""
    from confluent_kafka import KafkaError, TopicPartition

    messages: list[Message] = consumer.consume(min(_ROWS, wanted.end - next_offset), _POLL_S)
    errors = [error for message in messages if (error := message.error()) is not None]
    for error in errors:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the client's own name for it
            beginning, _ = consumer.get_watermark_offsets(TopicPartition(wanted.topic, wanted.partition), _POLL_S)
            raise OffsetGap(wanted.topic, wanted.partition, next_offset, beginning)
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own name for it
            raise BrokerUnreachable(address, error.str())
    if errors:
        messages = [message for message in messages if message.error() is None]
    is_past_end = bool(messages) and messages[-1].offset() >= wanted.end
    if is_past_end:  # only where offsets are missing before it
        messages = [message for message in messages if message.offset() < wanted.end]
    return messages, is_past_end or bool(errors)


def _arrow(messages: Sequence[Message], wanted: OffsetRange) -> pa.RecordBatch:
    count = len(messages)
    milliseconds = pa.array([message.timestamp()[1] for message in messages], pa.timestamp("ms", tz="UTC"))
    columns = {
        "topic": pa.repeat(wanted.topic, count),
        "partition": pa.repeat(pa.scalar(wanted.partition, pa.int32()), count),
        "offset": pa.array([message.offset() for message in messages], pa.int64()),
        "kafka_time": milliseconds.cast(_SCHEMA.field("kafka_time").type),
        "key": pa.array([message.key() for message in messages], pa.binary()),
        "headers": _headers([_headers_of(message) for message in messages]),
        "raw": pa.array([message.value() for message in messages], pa.binary()),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RECORD_COLUMNS], schema=_SCHEMA)


def _headers_of(message: Message) -> Headers:
    try:
        return cast("Headers", _HEADERS(message))
    except SystemError:
        # A header's name is not UTF-8, and the client has no other way to give it. The record itself must go on.
        return None


def _headers(lists: Sequence[Headers]) -> pa.Array:
    kind = _SCHEMA.field("headers").type
    if not any(lists):
        return pa.nulls(len(lists), kind)
    pairs = [pair for each in lists if each for pair in each]
    structs = pa.StructArray.from_arrays(
        [pa.array([key for key, _ in pairs], pa.string()), pa.array([value for _, value in pairs], pa.binary())],
        fields=list(kind.value_type),
    )
    ends = list(accumulate((len(each or ()) for each in lists), initial=0))
    starts = [start if each else None for start, each in zip(ends, lists, strict=False)]
    return pa.ListArray.from_arrays(pa.array([*starts, ends[-1]], pa.int32()), structs, type=kind)
