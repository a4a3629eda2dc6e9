"""Which offsets to read next: decided from the lake's progress and the broker's ends alone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import OffsetGap


@dataclass(frozen=True)
class Ends:
    """Where a topic begins and ends at the broker now, by partition."""

    topic: str
    beginnings: Mapping[int, int]
    ends: Mapping[int, int]


@dataclass(frozen=True)
class OffsetRange:
    """Offsets start <= offset < end of one Kafka partition; `recorded` is what the lake's log holds, None at first."""

    topic: str
    partition: int
    start: int
    end: int
    recorded: int | None

    @property
    def count(self) -> int:
        """How many offsets the range has."""
        return self.end - self.start


def plan(ends: Ends, *, progress: Mapping[int, int | None], max_records: int) -> list[OffsetRange]:
    """Return the ranges of the next batch, at most `max_records` in all, none where everything has been read.

    Where the backlog is larger than one batch, each partition gets its share of the room, so that none starves.

    Raises:
        OffsetGap: Kafka has already let go of records that the lake has not read, or the topic was made anew.
    """
    backlog = {}
    for partition, end in sorted(ends.ends.items()):
        recorded = progress.get(partition)
        beginning = ends.beginnings[partition]
        start = beginning if recorded is None else recorded
        if not beginning <= start <= end:
            raise OffsetGap(ends.topic, partition, start, beginning if start <= end else end)
        if end > start:
            backlog[partition] = (start, end)
    shares = _shares({partition: end - start for partition, (start, end) in backlog.items()}, max_records)
    return [
        OffsetRange(ends.topic, partition, start, start + shares[partition], progress.get(partition))
        for partition, (start, _) in backlog.items()
        if shares[partition]
    ]


def _shares(backlog: Mapping[int, int], room: int) -> dict[int, int]:
    """Divide the room evenly; what a short partition leaves goes to the longer ones."""
    shares = {}
    waiting = sorted(backlog, key=lambda partition: backlog[partition])
    for place, partition in enumerate(waiting):
        shares[partition] = min(backlog[partition], -(-room // (len(waiting) - place)))
        room -= shares[partition]
    return shares
