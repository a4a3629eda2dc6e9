"""The services of this machine: bring them up, take them down, say how they stand."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.local import kafka
from pipelines.settings import Settings

ANSWER_TIMEOUT_MS = 5000


@dataclass(frozen=True)
class StackStatus:
    """How the services and the lake stand."""

    broker_address: str | None
    """host:port of the broker in use; None where none is named and the local one does not run."""
    broker_pid: int | None
    """The local broker's process; None where the broker is not ours, or does not run."""
    broker_answers: bool
    topics: Mapping[str, Mapping[int, int]]
    """Topic -> partition -> offset that its next record will have."""
    lag_records: int | None
    """Records of the tenant's topics that are not in bronze yet; None where the broker does not answer."""
    lake: str
    tables: Mapping[str, int]
    """Table that is there -> its latest version."""


def up(settings: Settings) -> StackStatus:
    """Start the local broker where it does not run, and say how everything stands.

    Raises:
        UsageError: FIELDSTREAM_KAFKA names a broker, so a local one would not be used.
    """
    if settings.kafka:
        raise UsageError(
            "There is nothing to start",
            where="environment variable FIELDSTREAM_KAFKA",
            expected="it unset, to use a local broker",
            got=settings.kafka,
            fix="Unset FIELDSTREAM_KAFKA, or go on with the broker it names.",
        )
    kafka.start(settings)
    return status(settings)


def down(settings: Settings) -> StackStatus:
    """Stop the local broker where it runs; its records and the lake stay."""
    kafka.stop(settings)
    return status(settings)


def status(settings: Settings) -> StackStatus:
    """Say how the services and the lake stand, starting nothing."""
    local = None if settings.kafka else kafka.running(settings)
    address = settings.kafka or (local.address if local else None)
    topics = _end_offsets(address) if address else None
    return StackStatus(
        broker_address=address,
        broker_pid=local.pid if local else None,
        broker_answers=topics is not None,
        topics=topics or {},
        lag_records=None if topics is None else _lag(settings, topics),
        lake=str(settings.lake),
        tables=_table_versions(settings),
    )


def _lag(settings: Settings, topics: Mapping[str, Mapping[int, int]]) -> int:
    from pipelines.contracts.topics import KINDS
    from pipelines.lake.tables import Lake
    from pipelines.stream.batch import EVENTS
    from pipelines.stream.position import next_at_broker

    lake = Lake(settings.lake)
    events = lake.open(EVENTS) if lake.exists(EVENTS) else None
    return sum(
        end - (next_at_broker(events, topic, partition) or 0 if events else 0)
        for topic in (settings.topic(kind.name) for kind in KINDS)
        for partition, end in topics.get(topic, {}).items()
    )


def _table_versions(settings: Settings) -> dict[str, int]:
    from pipelines.contracts.tables import table_names
    from pipelines.lake.tables import Lake

    lake = Lake(settings.lake)
    return {name: version for name in table_names() if (version := lake.version(name)) >= 0}


def _end_offsets(address: str) -> dict[str, dict[int, int]] | None:
    """Ask the broker for the end of every topic; None where it does not answer."""
    from kafka import KafkaAdminClient, TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError

    try:
        client = KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=ANSWER_TIMEOUT_MS)
    except KafkaError:
        return None
    try:
        described = client.describe_topics()
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            if not topic["is_internal"]
            for partition in topic["partitions"]
        ]
        ends = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    except KafkaError:
        return None
    finally:
        client.close()
    topics: dict[str, dict[int, int]] = defaultdict(dict)
    for partition in sorted(ends):
        topics[partition.topic][partition.partition] = ends[partition].offset
    return dict(topics)
