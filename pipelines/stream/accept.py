"""Go on over a loss that somebody answers for: on record first, then in the log of both tables."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from deltalake import Transaction

from pipelines.contracts.tables import table
from pipelines.errors import UsageError
from pipelines.lake.commit import append_once
from pipelines.lake.tables import Lake
from pipelines.stream.batch import EVENTS, Tables, level_silver
from pipelines.stream.loss import Loss, loss
from pipelines.stream.plan import Ends
from pipelines.stream.position import accepted

LOSSES = "ops.accepted_losses"


@dataclass(frozen=True)
class AcceptedLoss:
    """A row of ops.accepted_losses."""

    topic: str
    partition: int
    loss_kind: str
    from_offset: int
    to_offset: int
    lost_records: int
    resume_offset: int
    topic_id: str | None
    loss_reason: str
    accepted_by: str
    decided_at: datetime


@dataclass(frozen=True)
class Claim:
    """A gap as somebody read it off the error, and their word for it."""

    partition: int
    from_offset: int
    to_offset: int
    reason: str
    by: str


def accept(tables: Tables, ends: Ends, claim: Claim, *, tenant_id: str, now: datetime) -> tuple[AcceptedLoss, bool]:
    """Move the lake's progress over a gap, and return what is on record and whether anything was changed.

    A process that dies on the way leaves a row and a stream that still stops; the same command goes on from there.

    Raises:
        UsageError: There is no such gap, or no reason is given.
        WriterConflict: A stream, or the same command elsewhere, was faster.
    """
    if not claim.reason.strip():
        raise _refused(ends, claim, "a reason", "none", "Say why the records may be missing.")
    found = _loss(tables, ends, claim.partition)
    recorded = _recorded(tables.lake, ends, claim)
    if found is None or (found.from_offset, found.to_offset) != (claim.from_offset, claim.to_offset):
        if recorded and recorded.resume_offset <= (tables.position(ends.topic, claim.partition).next or 0):
            level_silver(tables, ends, tenant_id=tenant_id, ingest_time=now)
            return recorded, False
        raise _no_such_gap(ends, claim, found)
    row = recorded or _record(tables.lake, _row(found, ends, claim, now))
    information = {"fieldstream.accepted_loss": f"{row.loss_kind}: {row.loss_reason}"}
    progress = accepted(tables.events, found, ends.topic_id)
    append_once(tables.events, table(EVENTS), [], progress, information)
    tables.refresh()
    level_silver(tables, ends, tenant_id=tenant_id, ingest_time=now)
    return row, True


def _loss(tables: Tables, ends: Ends, partition: int) -> Loss | None:
    if partition not in ends.ends:
        return None
    position = tables.position(ends.topic, partition, ends.topic_id)
    return loss(ends.topic, partition, position, ends.beginnings[partition], ends.ends[partition])


def _row(found: Loss, ends: Ends, claim: Claim, now: datetime) -> AcceptedLoss:
    return AcceptedLoss(
        found.topic, found.partition, found.kind, found.from_offset, found.to_offset, found.lost_records,
        found.next, ends.topic_id, claim.reason.strip(), claim.by, now,
    )  # fmt: skip


def _record(lake: Lake, row: AcceptedLoss) -> AcceptedLoss:
    # Two who accept the same gap at once both write the same transaction, and the log takes one.
    base = f"accepted_losses/{row.topic}/{row.partition}"
    count = sum((each["topic"], each["partition"]) == (row.topic, row.partition) for each in _rows(lake))
    lake.append(LOSSES, [asdict(row)], Transaction(base, count + 1))
    return row


def _recorded(lake: Lake, ends: Ends, claim: Claim) -> AcceptedLoss | None:
    """Return the newest row of just this gap."""
    wanted = (ends.topic, ends.topic_id, claim.partition, claim.from_offset, claim.to_offset)
    names = ("topic", "topic_id", "partition", "from_offset", "to_offset")
    rows = [row for row in _rows(lake) if tuple(row[name] for name in names) == wanted]
    return AcceptedLoss(**max(rows, key=lambda row: row["decided_at"])) if rows else None


def _rows(lake: Lake) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lake.read(LOSSES).to_pylist()
    return rows


def _no_such_gap(ends: Ends, claim: Claim, found: Loss | None) -> UsageError:
    if found is None:
        return _refused(ends, claim, "a gap", "none: the stream can go on", "Run 'fieldstream stream'.")
    expected = f"--from {found.from_offset} --to {found.to_offset}"
    fix = "Look whether it is the loss that you mean to accept, then give these numbers."
    return _refused(ends, claim, expected, f"--from {claim.from_offset} --to {claim.to_offset}", fix)


def _refused(ends: Ends, claim: Claim, expected: str, got: str, fix: str) -> UsageError:
    return UsageError(
        "The loss cannot be accepted",
        where=f"{ends.topic}, partition {claim.partition}",
        expected=expected,
        got=got,
        fix=f"Nothing was changed. {fix}",
    )
