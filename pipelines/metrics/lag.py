"""How far the lake is behind the broker, partition by partition. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pipelines.metrics import catalogue
from pipelines.metrics.catalogue import Sample


def lag_samples(
    topic: str, *, ends: Mapping[int, int], positions: Mapping[int, int], waiting: Mapping[int, datetime], now: datetime
) -> Iterator[Sample]:
    """Give the lag in records and in seconds.

    Args:
        topic: Whose partitions these are.
        ends: Next offset at the broker, by partition.
        positions: Next offset that the lake will take, by partition.
        waiting: Broker's time of the record at that offset, where it has come already.
        now: The time.
    """
    for partition, end in sorted(ends.items()):
        place = (topic, str(partition))
        since = waiting.get(partition)
        yield Sample(catalogue.END_OFFSET, place, end)
        yield Sample(catalogue.LAG_RECORDS, place, end - positions[partition])
        yield Sample(catalogue.LAG_SECONDS, place, max((now - since).total_seconds(), 0.0) if since else 0.0)
