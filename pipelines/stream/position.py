"""Where the lake stands in each partition of a topic: noted in the log of bronze.events, beside the rows.

Four transaction ids a partition: the progress itself; how far the lake's count of offsets is ahead of the broker's; how
many topics of that name have been taken in one after another; and, for each topic's own id, which of these it was.
"""

from collections.abc import Iterable

from deltalake import DeltaTable

from pipelines.contracts.topics import kind_of
from pipelines.lake.commit import Progress
from pipelines.stream.loss import Loss, Position


def app_id(topic: str, partition: int) -> str:
    """Return the transaction id under which the log keeps a partition's progress."""
    return f"{kind_of(topic).name}/{topic}/{partition}"


def position(events: DeltaTable, topic: str, partition: int, topic_id: str | None) -> Position:
    """Return where bronze.events stands in a partition, of the topic that has this id now (None: nobody knows)."""
    place = f"{topic}/{partition}"
    count = _noted(events, f"topics/{place}")
    is_known = topic_id is None or count is None or _noted(events, f"topic/{place}/{topic_id}") == count
    next_, shift = _noted(events, app_id(topic, partition)), _noted(events, f"shift/{place}") or 0
    return Position(next_, shift, is_remade=not is_known)


def next_at_broker(events: DeltaTable, topic: str, partition: int) -> int | None:
    """Return the next offset to take in, as the broker counts; None where nothing has been taken in."""
    at = position(events, topic, partition, None)
    return None if at.next is None else at.next - at.shift


def identified(events: DeltaTable, topic: str, partitions: Iterable[int], topic_id: str | None) -> list[Progress]:
    """Return what notes the topic's id with partitions for which none is noted yet."""
    places = [f"{topic}/{partition}" for partition in partitions]
    unknown = [place for place in places if topic_id and _noted(events, f"topics/{place}") is None]
    return [Progress(name, None, 1) for place in unknown for name in (f"topics/{place}", f"topic/{place}/{topic_id}")]


def accepted(events: DeltaTable, lost: Loss, topic_id: str | None) -> list[Progress]:
    """Return what moves a partition's position over a loss."""
    place = f"{lost.topic}/{lost.partition}"
    moved = {app_id(lost.topic, lost.partition): lost.next, f"shift/{place}": lost.shift}
    if lost.kind == "remade":
        count = (_noted(events, f"topics/{place}") or 0) + 1
        moved |= {f"topics/{place}": count, f"topic/{place}/{topic_id}": count}
    noted = {name: _noted(events, name) for name in moved}
    return [Progress(name, noted[name], to) for name, to in moved.items() if (noted[name] or 0) != to]


def _noted(events: DeltaTable, name: str) -> int | None:
    version = events.transaction_version(name)
    return None if version is None else int(version)
