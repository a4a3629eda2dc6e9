"""Copies of an event, told from events that only share its counter and from messages that contradict it.

An event is (device, session, counter). Copies of it reach us through several gateways, or again after a restart,
within the hour: the network drops a retransmission long before. The same counter later than that is another event, for
a device activated by personalisation starts at 0 again in the same session whenever it restarts. The same counter
within the hour with another body is a contradiction that nobody can resolve from here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

# The network gives up a retransmission within minutes; no device counts through a restart and back within the hour.
SAME_EVENT_WITHIN = timedelta(hours=1)
# Of an event's key: so much is device, session and counter; the rest is the hour.
IDENTITY_LENGTH = 24

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COPIES_SCHEMA = pa.schema(
    [("row_id", pa.int64()), ("verdict", pa.string()), ("reason", pa.string()), ("event_key", pa.string())]
)


class Candidate(NamedTuple):
    """A readable event of the batch whose identity occurs more than once."""

    row_id: int
    partition: int
    event_key: str
    result_time: datetime
    body_digest: str


class Known(NamedTuple):
    """An event that was accepted before."""

    partition: int
    event_key: str
    result_time: datetime
    body_digest: str


class _Accepted(NamedTuple):
    event: Known
    reason: str


_Events = dict[tuple[int, str, int], list[_Accepted]]


def copies(candidates: Iterable[Candidate], known: Iterable[Known]) -> pa.Table:
    """Judge the candidates in their order; whatever is not in the answer is an event of its own.

    Shape: one row a copy or contradiction, `COPIES_SCHEMA`.
    """
    events: _Events = {}
    for event in known:
        _keep(events, event, "known_to_the_lake")
    rows: list[tuple[int, str, str, str | None]] = []
    for each in candidates:
        near = _near(events, each)
        same = next((accepted for accepted in near if accepted.event.body_digest == each.body_digest), None)
        if same:
            rows.append((each.row_id, "duplicate", same.reason, same.event.event_key))
        elif near:
            rows.append((each.row_id, "quarantined", "conflict", None))
        else:
            _keep(events, Known(*each[1:]), "repeated_in_batch")
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return pa.Table.from_arrays(
        [pa.array(column, kind) for column, kind in zip(columns, COPIES_SCHEMA.types, strict=True)],
        schema=COPIES_SCHEMA,
    )


def _keep(events: _Events, event: Known, reason: str) -> None:
    place = event.partition, event.event_key[:IDENTITY_LENGTH], _hour(event.result_time)
    events.setdefault(place, []).append(_Accepted(event, reason))


def _near(events: _Events, candidate: Candidate) -> list[_Accepted]:
    identity, hour = candidate.event_key[:IDENTITY_LENGTH], _hour(candidate.result_time)
    return [
        accepted
        for neighbour in (hour - 1, hour, hour + 1)
        for accepted in events.get((candidate.partition, identity, neighbour), ())
        if abs(accepted.event.result_time - candidate.result_time) < SAME_EVENT_WITHIN
    ]


def _hour(moment: datetime) -> int:
    return (moment - _EPOCH) // SAME_EVENT_WITHIN
