"""What Kafka no longer holds of what the lake has not read: decided from a position and a partition's ends. Pure."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["expired", "behind", "remade"]


@dataclass(frozen=True)
class Position:
    """Where the lake stands in a partition."""

    next: int | None
    """Next offset, as the lake counts; None where nothing has been taken in."""
    shift: int = 0
    """How far the lake's count is ahead of the broker's: 0 unless the topic was made anew, or fell back."""
    is_remade: bool = False
    """Whether the broker has another topic of that name now than the one that was taken in."""


@dataclass(frozen=True)
class Loss:
    """A gap between the lake and the broker, in the broker's offsets, and where the lake goes on if it is accepted."""

    kind: Kind
    """`expired`: deleted before it was read; `behind`: the topic ends before the lake's progress; `remade`: another."""
    topic: str
    partition: int
    from_offset: int
    """Next offset of the lake."""
    to_offset: int
    """Where the broker goes on."""
    lost_records: int
    """How many are known to be lost; how many a topic held that is gone, nobody can say."""
    next: int
    """The lake's progress afterwards, as the lake counts."""
    shift: int
    """The lake's count minus the broker's afterwards."""


def loss(topic: str, partition: int, position: Position, beginning: int, end: int) -> Loss | None:
    """Return what is lost of a partition; None where the lake can go on.

    Args:
        topic: The topic.
        partition: The partition.
        position: Where the lake stands.
        beginning: Where the broker's partition begins, in the lake's count of now.
        end: Where it ends, likewise.
    """
    if position.next is None:
        return None
    shift, next_ = position.shift, position.next
    first, last = beginning - shift, end - shift
    if position.is_remade:
        # The new topic's offset 0 follows the last that was read of the old one.
        return Loss("remade", topic, partition, next_ - shift, first, first, next_ + first, next_)
    if next_ < beginning:
        return Loss("expired", topic, partition, next_ - shift, first, beginning - next_, beginning, shift)
    if next_ > end:
        return Loss("behind", topic, partition, next_ - shift, last, 0, next_, next_ - last)
    return None
