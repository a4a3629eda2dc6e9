"""What of a table the gate has let through: everything that was judged, but for the slices that it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.lake.tables import Lake

NEVER = -1
RESULTS, RELEASES = "ops.gate_results", "ops.gate_releases"


@dataclass(frozen=True)
class RowBounds:
    """Rows of one Kafka partition that were taken in together."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    ingest_time: datetime


@dataclass(frozen=True)
class HeldSlice:
    """A slice that the gate holds: versions after `from_version` up to `to_version`, and where its rows are."""

    from_version: int
    to_version: int
    row_bounds: tuple[RowBounds, ...]


@dataclass(frozen=True)
class Admitted:
    """The rows of a table that may be used: all up to a version, but for those of the slices held."""

    judged_version: int
    """Newest version that the gate has decided on; -1 where it has decided on none."""
    version: int
    """Version to read, without the slices held; -1 where nothing is admitted."""
    held: tuple[HeldSlice, ...]


def held_condition(held: Sequence[HeldSlice]) -> str:
    """Return SQL for whether a row is of one of the slices that are held; of any engine that has DuckDB's words."""
    each = (
        f'(topic = \'{bounds.topic}\' and "partition" = {bounds.partition} and "offset" between '
        f"{bounds.first_offset} and {bounds.last_offset} and ingest_time = timestamptz '{bounds.ingest_time}')"
        for slice_ in held
        for bounds in slice_.row_bounds
    )
    return " or ".join(each) or "false"


def admitted(lake: Lake, table_name: str) -> Admitted:
    """Say what the gate lets through of a table, by its judgements and by what people released since."""
    columns = ["table_name", "from_version", "to_version", "gate_verdict", "row_bounds", "decided_at"]
    decisions = [row for row in _of_table(lake, RESULTS, table_name, columns) if _is_decided(row)]
    releases = _of_table(lake, RELEASES, table_name, ["table_name", "from_version", "to_version", "decided_at"])
    judged = max((row["to_version"] for row in decisions), default=NEVER)
    held = tuple(
        _held(row) for row in decisions if row["gate_verdict"] == "held" and not _settled(row, decisions, releases)
    )
    is_any_admitted = any(row["gate_verdict"] == "admitted" for row in decisions) or bool(releases)
    return Admitted(judged, judged if is_any_admitted else NEVER, held)


def admitted_version(lake: Lake, table_name: str) -> int:
    """Return the version of the table to read, without the slices held; -1 if nothing is admitted."""
    return admitted(lake, table_name).version


def _of_table(lake: Lake, name: str, table_name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    rows = lake.read(name, columns=columns).to_pylist()
    return sorted((row for row in rows if row["table_name"] == table_name), key=lambda row: row["decided_at"])


def _is_decided(row: dict[str, Any]) -> bool:
    # A slice held without a word on where its rows are cannot be left out: it counts as not judged yet.
    return row["gate_verdict"] == "admitted" or (row["gate_verdict"] == "held" and row["row_bounds"] is not None)


def _settled(held: dict[str, Any], decisions: Iterable[dict[str, Any]], releases: Iterable[dict[str, Any]]) -> bool:
    """Say whether a later judgement took the slice's place, or somebody released it."""
    later = (row for row in (*decisions, *releases) if row["decided_at"] > held["decided_at"])
    return any(row["from_version"] <= held["from_version"] and row["to_version"] >= held["to_version"] for row in later)


def _held(row: dict[str, Any]) -> HeldSlice:
    bounds = tuple(RowBounds(**each) for each in row["row_bounds"])
    return HeldSlice(row["from_version"], row["to_version"], bounds)
