"""Talk to Kafka: topics, offsets, single records and sending, over kafka-python."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.errors import BrokerUnreachable
from pipelines.stream.plan import Ends
from pipelines.stream.sender import DELIVERY_MS, REQUEST_MS, Sender

if TYPE_CHECKING:
    from kafka import KafkaConsumer

# Replayed records carry no time of their own and are never too old: with CreateTime and a retention, a broker
# deletes a record from 2015 as soon as it arrives.
TOPIC_SETTINGS = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"}

# A producer may have given a record its time, in microseconds by mistake: what no reader of the lake has a date for
# becomes the nearest that they have.
EARLIEST_MS = int(datetime(1, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST_MS = int(datetime(9998, 12, 31, tzinfo=UTC).timestamp() * 1000)

_PATIENCE_MS = 8_000


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
    """Return Kafka's time of one record of each partition named; partitions that do not give it are left out.

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
                time_ms = min(max(record.timestamp, EARLIEST_MS), LATEST_MS)
                times[partition] = datetime.fromtimestamp(time_ms / 1000, UTC)
    return times


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
            request_timeout_ms=REQUEST_MS,
            delivery_timeout_ms=DELIVERY_MS,
            max_block_ms=DELIVERY_MS,
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
