"""Judge what is new in a table, and say how the tables stand with the gate."""

import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.contracts.tables import table
from pipelines.errors import GateHeld
from pipelines.gate.judge import judge
from pipelines.gate.release import Release, release
from pipelines.gate.results import GateResult, newest, of_slices
from pipelines.jobs.audit import current_user
from pipelines.lake.admitted import NEVER, RELEASES, RESULTS, admitted
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

GATED = ("silver.observations", "silver.operations")
# As often as the DAG `intake` judges: each judgement is a row for ever, and of few rows it costs what it does of many.
PACE_S = 600

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Held:
    """A slice that waits for a person: what failed, rows that show it, and what gold lacks meanwhile."""

    table_name: str
    from_version: int
    to_version: int
    row_count: int
    failed_expectations: tuple[str, ...]
    sample_rows: tuple[dict[str, Any], ...]
    field_days: tuple[dict[str, Any], ...]
    decided_at: datetime


@dataclass(frozen=True)
class TableStatus:
    """How far a table is judged, what may be read of it, and what the gate said last."""

    table_name: str
    version: int
    judged_version: int
    admitted_version: int
    latest: GateResult | None


@dataclass(frozen=True)
class GateStatus:
    """Every table that the gate watches, and every slice that it holds."""

    tables: tuple[TableStatus, ...]
    held: tuple[Held, ...]


def gate(settings: Settings, table_name: str = "silver.observations") -> GateResult:
    """Judge what is new in a table; a held slice is a result, see `require_admitted`.

    Raises:
        DataRefused: The table is not there, or its new rows cannot be told apart.
        GateErrored: An expectation could not be evaluated.
        LakeDamaged: A table is not as it was written.
    """
    lake = Lake(settings.lake)
    require_sound(lake, (table_name, RESULTS, RELEASES))
    return judge(lake, table_name, datetime.now(UTC))


def gate_follow(
    settings: Settings, table_names: Sequence[str], stop: threading.Event, pace_s: float = PACE_S
) -> GateStatus:
    """Judge what is new in some tables until `stop` is set, in rounds that begin at least `pace_s` apart.

    A table that is not there yet is waited for, a slice that is held stops nothing, and the judgement under way is
    finished first.

    Raises:
        UsageError: There is no such table.
        GateErrored, LakeDamaged: As `gate`.
    """
    lake = Lake(settings.lake)
    for name in table_names:
        table(name)  # A misspelt one would be waited for.
    judged: dict[str, int] = {}
    while not stop.is_set():
        started = time.monotonic()
        for name in table_names:
            version = lake.version(name)
            if version > judged.get(name, NEVER) and not stop.is_set():
                _tell(gate(settings, name))
                judged[name] = version
        stop.wait(started + pace_s - time.monotonic())
    return gate_status(settings)


def _tell(result: GateResult) -> None:
    if not result.judged_now:
        return
    if result.gate_verdict == "held":
        _log.warning("%s", _is_held(result))
    else:
        _log.info("%s: %s up to version %d", result.table_name, result.gate_verdict, result.to_version)


def gate_release(
    settings: Settings, table_name: str, to_version: int, reason: str, released_by: str | None = None
) -> Release:
    """Let a held slice be used, on record: who decided it (by default who runs this), when, and why.

    Raises:
        UsageError: No slice that is held ends with that version, or no reason is given.
    """
    lake = Lake(settings.lake)
    held = {each.to_version: each.from_version for each in admitted(lake, table_name).held}
    from_version = held.get(to_version, to_version - 1)
    by = released_by or current_user()
    return release(lake, Release(table_name, from_version, to_version, reason, by, datetime.now(UTC)))


def gate_status(settings: Settings) -> GateStatus:
    """Say how each table stands with the gate; starts nothing."""
    lake = Lake(settings.lake)
    return GateStatus(
        tuple(_status(lake, name) for name in GATED), tuple(held for name in GATED for held in _held(lake, name))
    )


def require_admitted(result: GateResult) -> GateResult:
    """Return the result of an admitted slice.

    Raises:
        GateHeld: The slice is held; the sentence names what failed.
    """
    if result.gate_verdict != "admitted":
        raise _is_held(result)
    return result


def require_none_held(status: GateStatus) -> GateStatus:
    """Return the status of a lake in which nothing is held.

    Raises:
        GateHeld: A slice is held; the sentence names what failed in the oldest.
    """
    if status.held:
        raise _is_held(status.held[0])
    return status


def _is_held(slice_: GateResult | Held) -> GateHeld:
    return GateHeld(
        "The gate holds a slice",
        where=f"{slice_.table_name}, versions {slice_.from_version + 1} to {slice_.to_version}",
        expected=f"every expectation to hold for {slice_.row_count} rows",
        got="; ".join(slice_.failed_expectations),
        fix="Nothing is built from it, the rest goes on. 'fieldstream gate status' shows rows and the way out.",
    )


def _status(lake: Lake, name: str) -> TableStatus:
    standing = admitted(lake, name)
    latest = newest(lake, name)
    return TableStatus(
        name, lake.version(name), standing.judged_version, standing.version, latest[0] if latest else None
    )


def _held(lake: Lake, name: str) -> list[Held]:
    judgements = of_slices(lake, name, {each.versions for each in admitted(lake, name).held})
    return [_waiting(judgement) for _, judgement in sorted(judgements.items())]


def _waiting(result: GateResult) -> Held:
    rows = [
        {"rule": outcome["rule"], **row}
        for outcome in json.loads(result.evidence or "[]")
        if not outcome["held"] and outcome["severity"] == "critical"
        for row in outcome.get("sample_rows", ())
    ]
    return Held(
        result.table_name,
        result.from_version,
        result.to_version,
        result.row_count,
        result.failed_expectations,
        tuple(rows),
        result.field_days or (),
        result.decided_at,
    )
