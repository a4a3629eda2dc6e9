"""What was done in the fields: rows of silver.operations from messages, by the contract of each kind of operation.

A second meaning of the kernel's messages beside observations. Records become texts, messages and verdicts, and copies
are told, by the same steps; only here are the details read, one message at a time, for there are few.
"""

import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.contracts.operations import TABLE, Detail, Operation, operations
from pipelines.contracts.spellings import into_unit
from pipelines.contracts.tables import table
from pipelines.kernel.database import Database
from pipelines.kernel.flags import Truths
from pipelines.kernel.steps import Steps
from pipelines.kernel.verdicts import EXCEPTIONS

_OF_THE_EVENT = ("event_key", "device_id", "result_time", "sequence", "session", "format", "partition", "offset")
_FAULTS = pa.schema([("row_id", pa.int64()), ("new_fault", pa.string())])
_LONGEST_NAME = 32


class Said(NamedTuple):
    """A message's own words: a row of the step `3_operations`."""

    row_id: int
    operation: str | None
    field_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    is_unreadable: bool
    is_misdated: bool
    details: str | None


@dataclass
class Understood:
    """What a message comes to: a fault, or columns of a row with its flag, and keys that nobody knows."""

    fault: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    flag: int = 1
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def doubt(self, flag: int, reason: str) -> None:
        """Note what speaks against the row."""
        self.flag = max(self.flag, flag)
        self.reasons.append(reason)


class Operations:
    """The operations of a batch of messages."""

    def __init__(self, database: Database, steps: Steps) -> None:
        """Read the messages that have no fault yet, and mark those that the contract cannot read."""
        said = [Said(*row) for row in database.rows(steps.operations)]
        self._understood = {each.row_id: understood(each) for each in said}
        faults = [(row_id, each.fault) for row_id, each in self._understood.items() if each.fault]
        if faults:
            database.fill("new_faults", _FAULTS, faults)
            database.replace("messages", steps.operations_faults)
        self._explained = database.query(
            "SELECT row_id, CASE WHEN fault IS NULL THEN 'accepted' ELSE 'quarantined' END AS verdict, "
            "CASE WHEN fault IS NULL THEN notes ELSE [fault] END AS reasons "
            "FROM messages WHERE fault IS NOT NULL OR notes IS NOT NULL"
        )

    def exceptions(self) -> pa.Table:
        """Return the verdicts that have something to explain."""
        rows = {row["row_id"]: row for row in self._explained.to_pylist()}
        for row_id, each in self._understood.items():
            if each.notes and each.fault is None:
                row = rows.setdefault(row_id, {"row_id": row_id, "verdict": "accepted", "reasons": []})
                row["reasons"] += each.notes
        return pa.Table.from_pylist([rows[row_id] for row_id in sorted(rows)], schema=EXCEPTIONS)

    def rows(self, found: pa.Table, is_accepted: Truths, constants: dict[str, Any]) -> pa.Table:
        """Return the rows of the accepted events."""
        chosen = [row_id for row_id, each in self._understood.items() if each.fault is None and is_accepted[row_id]]
        events = found.select(_OF_THE_EVENT).take(pa.array(chosen, pa.int64())).to_pylist()
        rows = [
            constants | event | {"flag": each.flag, "reasons": each.reasons} | each.columns
            for event, each in zip(events, (self._understood[row_id] for row_id in chosen), strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=table(TABLE).arrow_schema)


def understood(said: Said) -> Understood:
    """Read one message by the contract of its kind of operation."""
    kind = operations().get(said.operation or "")
    if kind is None:
        return Understood(f"unknown_operation:{(said.operation or '')[:_LONGEST_NAME]}")
    if said.field_id is None:
        return Understood("no_field")
    if said.is_unreadable:
        return Understood("unreadable_detail:time")
    found = Understood(
        columns={
            "operation": kind.name,
            "field_id": said.field_id,
            "phenomenon_time": said.started_at,
            "ended_at": said.ended_at,
        }
    )
    _judge_times(said, found)
    _read_details(said, kind, found)
    return found


def _judge_times(said: Said, found: Understood) -> None:
    if said.is_misdated:
        found.doubt(4, "impossible_date")
    if said.ended_at and said.started_at and said.ended_at < said.started_at:
        found.doubt(4, "ended_before_start")


def _read_details(said: Said, kind: Operation, found: Understood) -> None:
    given = _object(said.details)
    if given is None:
        found.fault = "unreadable_detail:details"
        return
    for name, value in given.items():
        detail = kind.details.get(name)
        if detail is None:
            found.notes.append(f"unknown_key:{name[:_LONGEST_NAME]}")
        elif value is not None:
            _read(detail, value, found)
    present = {name for name, detail in kind.details.items() if detail.column.name in found.columns}
    lacking = next((one_of for one_of in kind.needs if not present & set(one_of)), None)
    if found.fault is None and lacking:
        found.fault = f"missing_detail:{' or '.join(lacking)}"


def _object(details: str | None) -> dict[str, Any] | None:
    try:
        given = json.loads(details or "{}")
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _read(detail: Detail, value: Any, found: Understood) -> None:
    if not detail.is_number:
        if isinstance(value, str) and value.strip():
            found.columns[detail.column.name] = value.strip()
        else:
            found.fault = f"unreadable_detail:{detail.name}"
        return
    number = _number(detail, value)
    if number is None:
        found.fault = f"unreadable_detail:{detail.name}"
        return
    found.columns[detail.column.name] = number
    for flag, (low, high), of in ((4, detail.fail, "gross"), (3, detail.suspect, "suspect")):
        if not low <= number <= high:
            found.doubt(flag, f"{'below' if number < low else 'above'}_{of}_range")
            return


def _number(detail: Detail, value: Any) -> float | None:
    """Return a number in the column's unit; None where it is none, or in what does not measure the detail."""
    unit = detail.column.unit or "1"
    if isinstance(value, dict):
        unit, value = value.get("unit", unit), value.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(unit, str):
        return None
    line = into_unit(unit, detail.column.unit or "1")
    try:
        number = float(value) * line[0] + line[1] if line else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
