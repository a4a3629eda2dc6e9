"""A consumer of Kafka over confluent-kafka that keeps nothing anywhere, and gives what comes as Arrow."""

import gc
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import compress, pairwise
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa

from pipelines.errors import BrokerUnreachable, OffsetGap
from pipelines.stream.messages import Message, as_arrow, errors_of, partitions_of

if TYPE_CHECKING:
    from confluent_kafka import TopicPartition

POLL_S = 0.2

# A poll is as many records as fit in the bytes, as the last one's were on average.
_POLL_BYTES = 2 * 2**20
_ROWS, _FIRST_ROWS = 4_000, 500
_READ_AHEAD_KB = 4 * 1024
# An answer is unpacked whole, whatever waits already: a default share for each of ten partitions, in lz4, is 80 MB.
_FETCH_BYTES = 2**20
_ANSWER_S = 8.0
_LEAVES_WITHIN_S = 5.0

# What a cluster says while leaders move or a broker is away. The client asks again by itself; whoever waits for records
# has a patience of its own.
_PASSING = frozenset(
    {
        "BROKER_NOT_AVAILABLE",
        "FENCED_LEADER_EPOCH",
        "KAFKA_STORAGE_ERROR",
        "LEADER_NOT_AVAILABLE",
        "NETWORK_EXCEPTION",
        "NOT_LEADER_FOR_PARTITION",
        "OFFSET_NOT_AVAILABLE",
        "REPLICA_NOT_AVAILABLE",
        "REQUEST_TIMED_OUT",
        "UNKNOWN_LEADER_EPOCH",
        "_ALL_BROKERS_DOWN",
        "_TIMED_OUT",
        "_TRANSPORT",
    }
)


class Polled(NamedTuple):
    """What came: records in offset order by partition, and where a partition was seen to end."""

    records: list[tuple[int, pa.RecordBatch]]
    ends: dict[int, int]


class Feed:
    """A consumer over partitions of one topic, each read from where it is told to; its own threads read ahead.

    Offsets are as the lake counts them (see `shift`).

    It keeps nothing anywhere: no consumer group, no stored offset.
    """

    def __init__(self, address: str, topic: str) -> None:
        """Prepare to read; nothing is asked of the broker yet."""
        from confluent_kafka import Consumer

        self.address = address
        self.topic = topic
        self._next: dict[int, int] = {}
        self._shifts: dict[int, int] = {}
        self._rows = min(_ROWS, _FIRST_ROWS)
        self._consumer = Consumer(
            {
                "bootstrap.servers": address,
                # The client asks for one; no offset is ever stored under it.
                "group.id": "fieldstream",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "check.crcs": True,
                # Every record has a verdict, one of a transaction that was given up too.
                "isolation.level": "read_uncommitted",
                # So much waits in memory; without the second it waits a second each time that it was full.
                "queued.max.messages.kbytes": _READ_AHEAD_KB,
                "fetch.queue.backoff.ms": 5,
                "fetch.max.bytes": _FETCH_BYTES,
                # The caller says it in a sentence.
                "log_level": 2,
            }
        )

    def __enter__(self) -> Self:
        """Hand out the feed."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the broker."""
        # The client (librdkafka 2.16) waits for itself for ever where it is closed while the broker refuses the offset
        # that it fetches: it is given up then, and ends with the process.
        closing = threading.Thread(target=self._consumer.close, name="leave-broker", daemon=True)
        closing.start()
        closing.join(_LEAVES_WITHIN_S)

    def partitions(self) -> list[int]:
        """Return the topic's partitions, none where there is no such topic.

        Raises:
            BrokerUnreachable: The broker does not answer.
        """
        with _client_errors(self.address):
            found = self._consumer.list_topics(self.topic, _ANSWER_S).topics[self.topic]
        return [] if found.error else sorted(found.partitions)

    def bounds(self, partition: int) -> tuple[int, int]:
        """Ask where a partition begins and ends now.

        Raises:
            BrokerUnreachable: The broker does not answer.
        """
        with _client_errors(self.address):
            low, high = self._consumer.get_watermark_offsets(self._place(partition), _ANSWER_S)
        shift = self._shifts.get(partition, 0)
        return int(low) + shift, int(high) + shift

    def seen_end(self, partition: int) -> int:
        """Return where a partition ended when records of it last came; -1 where none have. Asks nobody."""
        _, high = self._consumer.get_watermark_offsets(self._place(partition), cached=True)
        return int(high) + self._shifts.get(partition, 0) if high >= 0 else -1

    def shift(self, partition: int, by: int) -> None:
        """Count the offsets of a partition so much ahead of the broker's, from before it is read."""
        if by:
            self._shifts[partition] = by

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions too, each from its offset on; one that stands there already is let be."""
        moved = {partition: offset for partition, offset in offsets.items() if self._next.get(partition) != offset}
        if known := [self._place(partition) for partition in moved if partition in self._next]:
            self._consumer.incremental_unassign(known)
        self._next |= moved
        if moved:
            self._consumer.incremental_assign([self._place(*each) for each in moved.items()])

    def pause(self, partition: int) -> None:
        """Read no more of a partition for now."""
        self._consumer.pause([self._place(partition)])

    def resume(self, partition: int) -> None:
        """Go on with a paused partition where its last record left off."""
        self._consumer.resume([self._place(partition)])

    def poll(self, most: int | None = None, wait_s: float = POLL_S) -> Polled:
        """Give what has come or comes within `wait_s`; return earlier once it is a good deal, or `most` records.

        Raises:
            OffsetGap: Kafka has let go of the next record of a partition.
            BrokerUnreachable: The client gave up.
        """
        with _no_search_for_cycles():
            return self._polled(min(most or self._rows, self._rows), wait_s)

    def wait(self, wait_s: float) -> Polled:
        """Give what has come as soon as there is anything, at the latest after `wait_s`.

        Raises:
            As `poll`.
        """
        first = self.poll(1, wait_s)
        more = self.poll(wait_s=0)
        return Polled([*first.records, *more.records], first.ends | more.ends)

    def _polled(self, most: int, wait_s: float) -> Polled:
        messages = self._consumer.consume(most, wait_s)
        ends: dict[int, int] = {}
        failed = errors_of(messages)
        if any(failed):
            for message in compress(messages, failed):
                self._explain(message, ends)
            messages = [message for message, error in zip(messages, failed, strict=True) if error is None]
        return Polled(self._divided(messages) if messages else [], ends)

    def _divided(self, messages: list[Message]) -> list[tuple[int, pa.RecordBatch]]:
        partitions = partitions_of(messages)
        rows = as_arrow(self.topic, partitions, messages, self._shifts)
        self._rows = max(1, min(_ROWS, _POLL_BYTES * len(messages) // max(rows.nbytes, 1)))
        cuts = [0, *(np.flatnonzero(np.diff(partitions)) + 1).tolist(), len(messages)]
        divided = []
        for start, end in pairwise(cuts):
            partition = int(partitions[start])
            self._next[partition] = messages[end - 1].offset() + 1 + self._shifts.get(partition, 0)
            divided.append((partition, rows.slice(start, end - start)))
        return divided

    def _explain(self, message: Message, ends: dict[int, int]) -> None:
        from confluent_kafka import KafkaError

        error, partition = message.error(), message.partition()
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own name for it
            ends[partition] = message.offset() + self._shifts.get(partition, 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the client's own name for it
            expected = self._next[partition]
            low, high = self.bounds(partition)
            raise OffsetGap(self.topic, partition, expected, low if expected < low else high)
        elif error.fatal() or error.name() not in _PASSING:
            raise BrokerUnreachable(self.address, error.str())

    def _place(self, partition: int, offset: int | None = None) -> "TopicPartition":
        from confluent_kafka import OFFSET_INVALID, TopicPartition

        at_broker = OFFSET_INVALID if offset is None else offset - self._shifts.get(partition, 0)
        return TopicPartition(self.topic, partition, at_broker)


@contextmanager
def _client_errors(address: str) -> Iterator[None]:
    from confluent_kafka import KafkaException

    try:
        yield
    except KafkaException as cause:
        raise BrokerUnreachable(address, cause.args[0].str()) from cause


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Keep the interpreter from looking for cycles among thousands of new messages, again and again; there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
