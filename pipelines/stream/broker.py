"""Talk to Kafka: topics, offsets, single records and sending, over kafka-python."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.errors import BrokerUnreachable, NotAcknowledged
from pipelines.stream.plan import Ends

if TYPE_CHECKING:
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.producer.future import FutureRecordMetadata

# Replayed records carry no time of their own and are never too old: with CreateTime and a retention, a broker
# deletes a record from 2015 as soon as it arrives.
TOPIC_SETTINGS = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"}

_PATIENCE_MS = 8_000
# How long a broker may take over one request, and over a message with all that is tried again.
_REQUEST_MS, _DELIVERY_MS = 30_000, 60_000
_LEAVES_WITHIN_S = 10.0


def ensure_topic(address: str, topic: str, partitions: int) -> None:
    """Create the topic if it is not there; one that is there keeps its partitions.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import TopicAlreadyExistsError

    with broker_errors(address):
        admin = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=_PATIENCE_MS)
        try:
            admin.create_topics(
                {topic: {"num_partitions": partitions, "configs": TOPIC_SETTINGS}}, wait_for_metadata=True
            )
        except TopicAlreadyExistsError:
            pass
        finally:
            admin.close()


def end_offsets(address: str, topic: str) -> dict[int, int]:
    """Return the next offset of each partition; nothing where there is no such topic.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kafka import TopicPartition

    with broker_errors(address), _consumer(address) as consumer:
        partitions = sorted(consumer.partitions_for_topic(topic) or ())
        ends = consumer.end_offsets([TopicPartition(topic, partition) for partition in partitions])
        return {place.partition: offset for place, offset in ends.items()}


def topic_ends(address: str, topic: str) -> Ends:
    """Return where each partition begins and ends now; no partitions where there is no such topic.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kafka import TopicPartition

    with broker_errors(address), _consumer(address) as consumer:
        places = [TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic) or ()]
        beginnings, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        return Ends(
            topic,
            {place.partition: offset for place, offset in beginnings.items()},
            {place.partition: offset for place, offset in ends.items()},
        )


def records_at(
    address: str, topic: str, places: Mapping[int, Sequence[int]]
) -> dict[tuple[int, int], tuple[bytes | None, bytes | None]]:
    """Return (key, value) of single records by (partition, offset); those the topic no longer holds are left out.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kafka import TopicPartition

    found = {}
    with broker_errors(address), _consumer(address) as consumer:
        for partition, offsets in places.items():
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            for offset in offsets:
                consumer.seek(place, offset)
                for record in consumer.poll(timeout_ms=_PATIENCE_MS, max_records=1).get(place, ()):
                    found[partition, record.offset] = (record.key, record.value)
    return found


def times_at(address: str, topic: str, offsets: Mapping[int, int]) -> dict[int, datetime]:
    """Return the broker's time of one record of each partition named; partitions that do not give it are left out.

    Raises:
        BrokerUnreachable: The broker does not answer.
    """
    from kafka import TopicPartition

    if not offsets:
        return {}
    times = {}
    with broker_errors(address), _consumer(address) as consumer:
        for partition, offset in offsets.items():
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            consumer.seek(place, offset)
            for record in consumer.poll(timeout_ms=_PATIENCE_MS, max_records=1).get(place, ()):
                times[partition] = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return times


class Sender:
    """Sends messages in order, and counts which of them the broker has acknowledged.

    The first that was not acknowledged in time is the last that is sent: none may take its place in the topic.
    """

    def __init__(self, client: "KafkaProducer", address: str) -> None:
        """Send over a client."""
        self._client, self._address = client, address
        self._sent = self._acknowledged = 0
        self._failure: BaseException | None = None

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> "FutureRecordMetadata":
        """Hand a message to the client, which sends it soon.

        Raises:
            NotAcknowledged: An earlier one was not.
        """
        from kafka.errors import KafkaError

        try:
            future = self._client.send(topic, value, key, headers, partition)
        except KafkaError:
            self._require_acknowledged()
            raise
        self._sent += 1
        future.add_callback(self._count)
        future.add_errback(self._give_up)
        return future

    def flush(self, within_s: float | None = None) -> None:
        """Wait until the broker has acknowledged everything sent.

        Raises:
            NotAcknowledged: It has not.
        """
        from kafka.errors import KafkaTimeoutError

        # While it waits for the broker's first answer the client lets no message expire, and would wait for ever.
        within_s = within_s or (_DELIVERY_MS + _REQUEST_MS) / 1000
        try:
            self._client.flush(within_s)
        except KafkaTimeoutError as error:
            self._give_up(error)
        self._require_acknowledged()

    def close(self) -> None:
        """Leave the broker; what is under way is given some seconds."""
        from kafka.errors import KafkaTimeoutError

        try:
            self._client.close(timeout=_LEAVES_WITHIN_S)
        except KafkaTimeoutError as error:
            self._give_up(error)

    def _count(self, _metadata: object) -> None:
        self._acknowledged += 1

    def _give_up(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
            # In public, the client ends only when it has waited for everything.
            self._client._sender.force_close()  # noqa: SLF001

    def _require_acknowledged(self) -> None:
        if self._failure:
            numbers = {"sent": self._sent, "acknowledged": self._acknowledged}
            raise NotAcknowledged(self._address, **numbers, cause=str(self._failure)) from self._failure


@contextmanager
def producer(address: str) -> Iterator[Sender]:
    """Give a sender that keeps order and repeats nothing; on leaving, everything sent has been acknowledged.

    Raises:
        BrokerUnreachable: The broker does not answer.
        NotAcknowledged: It did, and then not in time: what was sent lies there or not.
    """
    from kafka import KafkaProducer

    with broker_errors(address):
        client = KafkaProducer(
            bootstrap_servers=address,
            acks="all",
            enable_idempotence=True,
            # The client sums each batch in Python: compressed JSON costs it 2.5 times less CPU than plain.
            compression_type="gzip",
            linger_ms=20,
            batch_size=256 * 1024,
            bootstrap_timeout_ms=_PATIENCE_MS,
            request_timeout_ms=_REQUEST_MS,
            delivery_timeout_ms=_DELIVERY_MS,
            max_block_ms=_DELIVERY_MS,
        )
        sender = Sender(client, address)
        try:
            yield sender
            sender.flush()
        finally:
            sender.close()


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that every Kafka client's default rule gives this key."""
    from kafka.partitioner.default import murmur2

    return int(murmur2(key) & 0x7FFFFFFF) % partitions


@contextmanager
def broker_errors(address: str) -> Iterator[None]:
    """Turn what the client raises into one sentence.

    Raises:
        BrokerUnreachable: The client raised.
    """
    from kafka.errors import KafkaError

    try:
        yield
    except (KafkaError, OSError) as cause:
        raise BrokerUnreachable(address, f"{type(cause).__name__}: {cause}") from cause


@contextmanager
def _consumer(address: str) -> Iterator["KafkaConsumer"]:
    from kafka import KafkaConsumer

    opened = KafkaConsumer(
        bootstrap_servers=address,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=_PATIENCE_MS,
    )
    try:
        yield opened
    finally:
        opened.close()
