"""Make silver what a fresh run over the chosen records would have given, slice by slice, beside the stream.

A slice that is otherwise now has its verdicts recorded first, in ops.redrives under the number of the replay's slice.
Then one commit replaces the rows of the records that differ, with the transaction id `replay` at that number and, in
the log beside it, the row that ops.replays is then given. A crash in between leaves verdicts ahead of silver, which
whoever replays next makes good before anything else, or a row that is not told yet, which they tell.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa
from deltalake import Transaction

from pipelines import failpoints
from pipelines.contracts.digest import contract_digest
from pipelines.contracts.tables import table
from pipelines.contracts.topics import kind_of
from pipelines.errors import WriterConflict
from pipelines.lake.commit import Progress, append_once, replace_once
from pipelines.lake.maintenance import alone
from pipelines.lake.overrides import DEVICES
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import literal
from pipelines.quarantine.standing import APP_ID as REDRIVE
from pipelines.quarantine.standing import REDRIVES, Row, record
from pipelines.replay.anew import Anew, Judge, is_newly_quarantined
from pipelines.replay.difference import Difference, difference, of_records
from pipelines.replay.replays import APP_ID, REPLAYS, Counts, next_number, tell
from pipelines.replay.scope import Scope, Slice, slices

# Maintenance of a large lake takes minutes; whoever levels silver meanwhile takes one commit.
PATIENCE_S, ATTEMPTS = 600.0, 3


@dataclass(frozen=True)
class Order:
    """Who has what replayed, why, and when they said so."""

    scope: Scope
    reason: str
    by: str
    decided_at: datetime


@dataclass(frozen=True)
class Replayed:
    """What was read, and how many slices had their rows or verdicts replaced."""

    counts: Counts
    slices_changed: int
    resumed_after: str | None
    """The place up to which a killed replay of the same records had come."""


def rehearse(lake: Lake, scope: Scope, *, tenant_id: str, decided_at: datetime) -> Counts:
    """Say what a replay would come to; nothing is written."""
    judge, total = Judge(lake, tenant_id=tenant_id, decided_at=decided_at), Counts()
    for slice_, apart in _in_order(slices(lake, scope)):
        anew = judge.judge(slice_, apart)
        judge.learn(anew)
        total += _counts(slice_, anew, difference(lake, slice_, anew.observations))
    return total


def replay(lake: Lake, order: Order, *, tenant_id: str, maintenance_lock: Path) -> Replayed:
    """Judge the chosen records anew and replace what is otherwise; go on where a killed replay of them was.

    By one process at a time, see `alone`; maintenance is kept out while a slice is replaced.

    Raises:
        ServiceUnreachable: Maintenance does not end.
        WriterConflict: Redrives were recorded meanwhile; the slices before stand.
        StorageFull: Something could not be written; the slices before stand.
    """
    tell(lake)
    return _Replay(lake, order, tenant_id, maintenance_lock).run()


@dataclass(frozen=True)
class _Left:
    """What a killed replay recorded of a slice, and did not make so in silver."""

    slice: Slice
    counts: Counts


class _Replay:
    """One run: what it works with, and what it has come to."""

    def __init__(self, lake: Lake, order: Order, tenant_id: str, maintenance_lock: Path) -> None:
        self._lake, self._order, self._maintenance_lock = lake, order, maintenance_lock
        self._devices_version = lake.version(DEVICES)
        self._judge = Judge(lake, tenant_id=tenant_id, decided_at=order.decided_at)
        self._slices_changed = 0

    def run(self) -> Replayed:
        if left := _left(self._lake):
            self._step(left.slice, left.slice.offsets, selection=None, recorded=left.counts)
        begun, after = self._begun()
        total = Counts()
        for slice_, apart in _in_order(slices(self._lake, self._order.scope, after)):
            total += self._step(slice_, apart, selection=str(self._order.scope))
        if begun or self._slices_changed:
            self._end(total)
        return Replayed(total, self._slices_changed, "{}/{}/{}".format(*after) if after else None)

    def _begun(self) -> tuple[bool, tuple[str, int, int] | None]:
        """Say whether the last replay was of the same records and did not come to its end, and up to where it came."""
        rows = [row for row in self._lake.read(REPLAYS).to_pylist() if row["selection"] is not None]
        last = max(rows, key=lambda row: row["replay_number"], default=None)
        same = {"selection": str(self._order.scope), **self._judged_by(), "is_end": False}
        if last is None or any(last[name] != said for name, said in same.items()):
            return False, None
        return True, (last["topic"], last["partition"], last["last_offset"])

    def _judged_by(self) -> Row:
        return {"contract_digest": contract_digest(), "devices_version": self._devices_version}

    def _step(
        self, slice_: Slice, apart: Sequence[int], selection: str | None, recorded: Counts | None = None
    ) -> Counts:
        """Judge a slice and replace what is otherwise; `recorded` is what a killed replay had recorded of it."""
        anew = self._judge.judge(slice_, apart)
        self._judge.learn(anew)
        failpoints.reach(failpoints.Seam.REPLAY_JUDGED)
        found = difference(self._lake, slice_, anew.observations)
        if anew.verdicts or found.offsets or recorded:
            with alone(self._maintenance_lock, patience_s=PATIENCE_S):
                found = self._applied(slice_, anew, apart, selection, recorded or Counts())
            self._slices_changed += 1
            tell(self._lake)
            failpoints.reach(failpoints.Seam.REPLAY_TOLD)
        return _counts(slice_, anew, found)

    def _applied(
        self, slice_: Slice, anew: Anew, apart: Sequence[int], selection: str | None, recorded: Counts
    ) -> Difference:
        number = next_number(self._lake)
        redrive_number = _recorded(self._lake, anew, number)
        failpoints.reach(failpoints.Seam.REPLAY_RECORDED)
        observations = self._judge.without_copies(anew, slice_, apart)
        for attempt in range(1, ATTEMPTS + 1):
            found = difference(self._lake, slice_, observations)
            row = self._row(number, selection, recorded + _counts(slice_, anew, found)) | {
                "table_name": kind_of(slice_.topic).table,
                "topic": slice_.topic,
                "partition": slice_.partition,
                "first_offset": slice_.offsets[0],
                "last_offset": slice_.offsets[-1],
                "redrive_number": redrive_number,
                "former_contract_digests": anew.former_contracts,
            }
            try:
                _replace(self._lake, slice_, found, of_records(observations, found.offsets, number), row)
            except WriterConflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                break
        failpoints.reach(failpoints.Seam.REPLAY_REPLACED)
        return found

    def _row(self, number: int, selection: str | None, counts: Counts) -> Row:
        audit = {"replay_reason": self._order.reason, "replayed_by": self._order.by}
        said = {"replay_number": number, "is_end": False, "selection": selection}
        return said | asdict(counts) | self._judged_by() | audit | {"decided_at": self._order.decided_at}

    def _end(self, total: Counts) -> None:
        number = next_number(self._lake)
        row = self._row(number, str(self._order.scope), total) | {"is_end": True}
        self._lake.append(REPLAYS, [row], Transaction(APP_ID, number))


def _in_order(chosen: Sequence[Slice]) -> Iterator[tuple[Slice, list[int]]]:
    """Give each slice with the offsets that are not judged yet, its own and those after it in its partition."""
    for _, of_partition in groupby(chosen, key=lambda each: (each.topic, each.partition)):
        together = list(of_partition)
        left = [offset for each in together for offset in each.offsets]
        for slice_ in together:
            yield slice_, left
            left = left[len(slice_.offsets) :]


def _counts(slice_: Slice, anew: Anew, found: Difference) -> Counts:
    return Counts(
        len(slice_.offsets), len(anew.verdicts), anew.newly_quarantined,
        found.unchanged, found.changed, found.new, found.gone,
    )  # fmt: skip


def _left(lake: Lake) -> _Left | None:
    """Return the records whose verdicts a killed replay recorded, and whose rows it did not come to replace."""
    columns = ["topic", "partition", "offset", "replay_number", "verdict", "former_verdict"]
    next_ = next_number(lake)
    rows = [row for row in lake.read(REDRIVES, columns=columns).to_pylist() if (row["replay_number"] or 0) >= next_]
    if not rows:
        return None
    slice_ = Slice(rows[0]["topic"], rows[0]["partition"], sorted({row["offset"] for row in rows}))
    return _Left(slice_, Counts(verdicts_changed=len(rows), newly_quarantined=sum(map(is_newly_quarantined, rows))))


def _recorded(lake: Lake, anew: Anew, number: int) -> int | None:
    """Record the verdicts that changed; return the number under which they stand, None where none did."""
    if not anew.verdicts:
        return None
    return record(lake, lake.create(REDRIVES), [row | {"replay_number": number} for row in anew.verdicts])


def _replace(lake: Lake, slice_: Slice, found: Difference, rows: pa.Table, row: Row) -> None:
    contract = table(kind_of(slice_.topic).table)
    silver = lake.create(contract.name)
    progress = [Progress(APP_ID, silver.transaction_version(APP_ID), row["replay_number"])]
    seen, recorded = silver.transaction_version(REDRIVE), row["redrive_number"]
    if recorded is not None and (seen or 0) < recorded:
        progress.append(Progress(REDRIVE, seen, recorded))
    note = {APP_ID: json.dumps(row, default=str)}
    if found.offsets:
        replace_once(silver, contract, rows, _condition(slice_, found.offsets), progress=progress, information=note)
    else:
        append_once(silver, contract, [], progress, note)


def _condition(slice_: Slice, offsets: Sequence[int]) -> str:
    first, last = offsets[0], offsets[-1]
    where = (
        f'topic = {literal(slice_.topic)} and "partition" = {slice_.partition} and "offset" between {first} and {last}'
    )
    if last - first + 1 == len(offsets):
        return where
    return f'{where} and "offset" in ({", ".join(map(str, offsets))})'
