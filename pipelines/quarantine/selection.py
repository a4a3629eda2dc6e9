"""Which records of bronze.events are meant: by reason, device, time or place."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.errors import UsageError
from pipelines.lake.query import query
from pipelines.lake.tables import Lake

_PLACE = re.compile(r"(?P<topic>[A-Za-z0-9._-]{1,249})/(?P<partition>\d{1,9})/(?P<offset>\d{1,18})")

# The Kafka key names the device even where the message cannot be read.
DEVICE = "coalesce(device_id, try(decode(key)))"

QUARANTINED = "verdict = 'quarantined'"
UNREAD = (
    "(verdict = 'accepted' and "
    "len(list_filter(reasons, "
    "lambda r: starts_with(r, 'unknown_') or r in ('undecoded_payload', 'no_reading', 'no_unit'))) > 0)"
)


@dataclass(frozen=True, order=True)
class Place:
    """Where a record stood in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as commands take it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Selection:
    """Conditions that a record must all meet; the empty one is met by every record."""

    reason: str | None = None
    """A reason code, or the part of one before its colon."""
    device: str | None = None
    since: datetime | None = None
    """Kafka took the record at this time or later."""
    until: datetime | None = None
    """Kafka took the record before this time."""
    places: tuple[Place, ...] = ()

    @property
    def condition(self) -> str:
        """The conditions as SQL over bronze.events_current."""
        parts = []
        if self.reason is not None:
            code = literal(self.reason)
            parts.append(f"len(list_filter(reasons, lambda r: r = {code} or starts_with(r, {code} || ':'))) > 0")
        if self.device is not None:
            parts.append(f"{DEVICE} = {literal(self.device)}")
        if self.since is not None:
            parts.append(f"kafka_time >= {moment(self.since)}")
        if self.until is not None:
            parts.append(f"kafka_time < {moment(self.until)}")
        if self.places:
            parts.append(f"({' or '.join(map(at, self.places))})")
        return " and ".join(parts) or "true"


@dataclass(frozen=True)
class Candidate:
    """A record that may be judged anew: where it is, how large, and what is thought of it now."""

    place: Place
    size_bytes: int
    verdict: str
    reasons: tuple[str, ...]


def read_place(text: str) -> Place:
    """Read TOPIC/PARTITION/OFFSET.

    Raises:
        UsageError: It is written otherwise.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(
            "A record cannot be found by that",
            where="TOPIC/PARTITION/OFFSET",
            expected="a place like demo.telemetry/0/17",
            got=repr(text[:80]),
            fix="'fieldstream quarantine ls --rows' writes them so.",
        )
    return Place(found["topic"], int(found["partition"]), int(found["offset"]))


def candidates(lake: Lake, selection: Selection) -> list[Candidate]:
    """Return the chosen records that are quarantined or were not wholly understood, in the order of their places."""
    rows = _rows(
        lake,
        f"""
        select topic, "partition", "offset", coalesce(octet_length(raw), 0), verdict, reasons
        from bronze.events_current
        where ({QUARANTINED} or {UNREAD}) and {selection.condition}
        order by topic, "partition", "offset"
        """,  # noqa: S608 - literals are quoted
    )
    return [Candidate(Place(*row[:3]), row[3], row[4], tuple(row[5])) for row in rows]


def absent(lake: Lake, places: Iterable[Place]) -> list[Place]:
    """Return those of the places that bronze.events does not hold."""
    wanted = set(places)
    if not wanted:
        return []
    condition = " or ".join(map(at, wanted))
    held = _rows(lake, f'select topic, "partition", "offset" from bronze.events where {condition}')  # noqa: S608 - literals are quoted
    return sorted(wanted - {Place(*row) for row in held})


def at(place: Place) -> str:
    """Write the condition that a row is at the place."""
    return f'(topic = {literal(place.topic)} and "partition" = {place.partition} and "offset" = {place.offset})'


def literal(text: str) -> str:
    """Write a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def moment(time: datetime) -> str:
    """Write a time as SQL."""
    return f"timestamptz '{time.astimezone(UTC).isoformat()}'"


def _rows(lake: Lake, text: str) -> Sequence[tuple[Any, ...]]:
    return query(lake, text).rows
