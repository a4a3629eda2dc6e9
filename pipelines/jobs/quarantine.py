"""Work in the quarantine: what is there and why, one record in full, and what today's contracts make of it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.errors import DataRefused
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.quarantine.display import escaped, kind_of, lines
from pipelines.quarantine.selection import DEVICE, QUARANTINED, Place, Selection, absent, at, read_place
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

LIMIT = 50
# Longer names than any device has flood a terminal.
_LONGEST_NAME = 64


@dataclass(frozen=True)
class QuarantinedGroup:
    """Quarantined records of one reason; a record with several is in several groups."""

    reason: str
    records: int
    devices: int
    bytes: int
    first_seen: datetime
    last_seen: datetime
    example: str


@dataclass(frozen=True)
class QuarantinedRow:
    """One quarantined record."""

    record: str
    kafka_time: datetime
    device: str | None
    format: str
    reasons: tuple[str, ...]
    size_bytes: int
    redrive_number: int | None


@dataclass(frozen=True)
class Judgement:
    """A verdict on a record: bronze's own, or a redrive's."""

    verdict: str
    reasons: tuple[str, ...]
    redrive_number: int | None
    decided_at: datetime


@dataclass(frozen=True)
class ShownRecord:
    """A record of the ledger in full, its content made safe to print."""

    record: str
    tenant_id: str
    kafka_time: datetime
    key: str | None
    headers: tuple[str, ...]
    format: str
    device_id: str | None
    result_time: datetime | None
    event_key: str | None
    judgements: tuple[Judgement, ...]
    """Oldest first; the last one stands."""
    size_bytes: int
    sha256: str | None
    content_kind: str
    content: tuple[str, ...]


@dataclass(frozen=True)
class RedriveGroup:
    """Records that were judged alike before and are judged alike now."""

    former_verdict: str
    former_reasons: tuple[str, ...]
    verdict: str
    reasons: tuple[str, ...]
    records: int


@dataclass(frozen=True)
class RedriveReport:
    """What today's contracts make of the chosen records, and whether that has been recorded."""

    applied: bool
    judged: int
    changed: int
    accepted: int
    duplicate: int
    quarantined: int
    observations: int
    redrive_number: int | None
    outcomes: tuple[RedriveGroup, ...]


def list_quarantine(
    settings: Settings, selection: Selection, *, rows: bool = False, limit: int = LIMIT
) -> list[QuarantinedGroup] | list[QuarantinedRow]:
    """List what is in quarantine now: counted by reason, or record by record, the newest first."""
    lake = Lake(settings.lake)
    where = f"where {QUARANTINED} and {selection.condition}"
    if rows:
        found = query(lake, _ROWS.format(device=DEVICE, where=where, limit=limit)).rows
        return [
            QuarantinedRow(record, time, device, kind, tuple(reasons), size, number)
            for record, time, device, kind, reasons, size, number in found
        ]
    found = query(lake, _GROUPS.format(device=DEVICE, where=where, limit=limit)).rows
    return [QuarantinedGroup(*row) for row in found]


def show(settings: Settings, place: str) -> ShownRecord:
    """Return a record of the ledger in full, the head of its content as printable lines.

    Raises:
        UsageError: The place is not written as one.
        DataRefused: The lake holds no record of that place.
    """
    at_place = read_place(place)
    row = _row(settings, at_place)
    raw: bytes | None = row["raw"]
    return ShownRecord(
        record=str(at_place),
        tenant_id=row["tenant_id"],
        kafka_time=row["kafka_time"],
        key=None if row["key"] is None else "\\n".join(lines(row["key"])),
        headers=tuple(
            f"{escaped(each['key'])}: {' '.join(lines(each['value'] or b''))}" for each in row["headers"] or ()
        ),
        format=row["format"],
        device_id=row["device_id"],
        result_time=row["result_time"],
        event_key=row["event_key"],
        judgements=_judgements(Lake(settings.lake), at_place),
        size_bytes=len(raw or b""),
        sha256=None if raw is None else hashlib.sha256(raw).hexdigest(),
        content_kind="null" if raw is None else kind_of(raw),
        content=tuple(lines(raw or b"")),
    )


def raw_bytes(settings: Settings, place: str) -> bytes:
    """Return a record's value exactly as it was sent; nothing where it had none.

    Raises:
        As `show`.
    """
    raw: bytes | None = _row(settings, read_place(place))["raw"]
    return raw or b""


def redrive(settings: Settings, selection: Selection, *, apply: bool = False) -> RedriveReport:
    """Judge the chosen records by today's contracts; with `apply`, record what changed and append its observations.

    Besides quarantined records, accepted ones whose sensor or keys nobody understood are judged anew.

    Raises:
        DataRefused: The lake holds no record of a place that is named.
        WriterConflict: Another redrive was faster; nothing was recorded.
        LakeDamaged: A table is not as it was written.
    """
    from pipelines.quarantine.redrive import redrive as judge_anew

    lake = Lake(settings.lake)
    require_sound(lake, ("bronze.events", "silver.observations", "ops.redrives", "reference.devices"))
    if missing := absent(lake, selection.places):
        raise _not_there(missing[0])
    done = judge_anew(lake, selection, tenant_id=settings.tenant, decided_at=datetime.now(UTC), apply=apply)
    groups = tuple(
        RedriveGroup(each.former_verdict, each.former_reasons, each.verdict, each.reasons, count)
        for each, count in done.outcomes.items()
    )
    counts = {verdict: sum(group.records for group in groups if group.verdict == verdict) for verdict in _VERDICTS}
    return RedriveReport(
        applied=apply,
        judged=done.judged,
        changed=done.changed,
        **counts,
        observations=done.observations,
        redrive_number=done.redrive_number,
        outcomes=groups,
    )


_VERDICTS = ("accepted", "duplicate", "quarantined")

_GROUPS = f"""
select
    left(reason, {_LONGEST_NAME}) as reason,
    count(*),
    count(distinct device),
    sum(size_bytes)::bigint,
    min(kafka_time),
    max(kafka_time),
    max_by(record, kafka_time)
from (
    select
        unnest(reasons) as reason,
        {{device}} as device,
        coalesce(octet_length(raw), 0) as size_bytes,
        kafka_time,
        concat(topic, '/', "partition", '/', "offset") as record
    from bronze.events_current
    {{where}}
)
group by 1
order by 2 desc, 1
limit {{limit}}
"""  # noqa: S608 - literals are quoted
_ROWS = f"""
select
    concat(topic, '/', "partition", '/', "offset"),
    kafka_time,
    left({{device}}, {_LONGEST_NAME}),
    format,
    reasons,
    coalesce(octet_length(raw), 0),
    redrive_number
from bronze.events_current
{{where}}
order by kafka_time desc, topic, "partition", "offset" desc
limit {{limit}}
"""  # noqa: S608 - literals are quoted


def _row(settings: Settings, place: Place) -> dict[str, Any]:
    answer = query(Lake(settings.lake), f"select * from bronze.events where {at(place)}")  # noqa: S608 - literals are quoted
    if not answer.rows:
        raise _not_there(place)
    return dict(zip(answer.columns, answer.rows[0], strict=True))


def _judgements(lake: Lake, place: Place) -> tuple[Judgement, ...]:
    found = query(
        lake,
        f"""
        select verdict, reasons, null, ingest_time from bronze.events where {at(place)}
        union all
        select verdict, reasons, redrive_number, decided_at from ops.redrives where {at(place)}
        order by 3 nulls first
        """,  # noqa: S608 - literals are quoted
    )
    return tuple(Judgement(verdict, tuple(reasons), number, time) for verdict, reasons, number, time in found.rows)


def _not_there(place: Place) -> DataRefused:
    return DataRefused(
        "There is no such record",
        where=str(place),
        expected="a place that bronze.events holds",
        got="none",
        fix="'fieldstream quarantine ls --rows' lists the places of quarantined records.",
    )
