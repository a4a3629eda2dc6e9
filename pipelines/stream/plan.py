"""Which offsets to read next: decided from the lake's positions and the broker's ends alone. Pure.

Offsets are as the lake counts them: the broker's own, and once a topic was made anew, on from where the old one ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import RecordsLost
from pipelines.stream.loss import Position, loss


@dataclass(frozen=True)
class Ends:
    """Where a topic begins and ends at the broker now, by partition."""

    topic: str
    beginnings: Mapping[int, int]
    ends: Mapping[int, int]
    topic_id: str | None = None
    """Which topic of that name it is; None where the broker does not say."""

    def counted(self, shifts: Mapping[int, int], topic_id: str | None) -> "Ends":
        """Return the broker's own ends in the lake's count, for the topic that has this id."""
        beginnings, ends = (
            {partition: offset + shifts.get(partition, 0) for partition, offset in side.items()}
            for side in (self.beginnings, self.ends)
        )
        return Ends(self.topic, beginnings, ends, topic_id)


@dataclass(frozen=True)
class OffsetRange:
    """Offsets start <= offset < end of one Kafka partition; `recorded` is what the lake's log holds, None at first."""

    topic: str
    partition: int
    start: int
    end: int
    recorded: int | None
    shift: int = 0
    """How far these offsets are ahead of the broker's."""

    @property
    def count(self) -> int:
        """How many offsets the range has."""
        return self.end - self.start


def plan(ends: Ends, *, positions: Mapping[int, Position], max_records: int) -> list[OffsetRange]:
    """Return the ranges of the next batch, at most `max_records` in all, none where everything has been read.

    Where the backlog is larger than one batch, each partition gets its share of the room, so that none starves.

    Raises:
        RecordsLost: Kafka has already let go of records that the lake has not read, or the topic was made anew.
    """
    at = {partition: positions.get(partition, Position(None)) for partition in sorted(ends.ends)}
    lost = [
        found
        for partition, position in at.items()
        if (found := loss(ends.topic, partition, position, ends.beginnings[partition], ends.ends[partition]))
    ]
    if lost:
        first = lost[0]
        raise RecordsLost(
            first.kind, ends.topic, first.partition, first.from_offset, first.to_offset, also=len(lost) - 1
        )
    backlog = {}
    for partition, position in at.items():
        start, end = position.next, ends.ends[partition]
        start = ends.beginnings[partition] if start is None else start
        if end > start:
            backlog[partition] = (start, end)
    shares = _shares({partition: end - start for partition, (start, end) in backlog.items()}, max_records)
    return [
        OffsetRange(ends.topic, partition, start, start + shares[partition], at[partition].next, at[partition].shift)
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
