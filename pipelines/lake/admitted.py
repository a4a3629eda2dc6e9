"""What of a table the gate has let through: everything that was judged, but for the slices that it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import pyarrow as pa

NEVER = -1
RESULTS, RELEASES = "ops.gate_results", "ops.gate_releases"
_WORD = ["from_version", "to_version", "decided_at"]


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

    @property
    def versions(self) -> tuple[int, int]:
        """The versions that the slice came after, and up to."""
        return self.from_version, self.to_version


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
    import pyarrow as pa
    import pyarrow.compute as pc

    is_admitted, is_held = (pc.field("gate_verdict") == verdict for verdict in ("admitted", "held"))
    # A slice held without a word on where its rows are cannot be left out: it counts as not judged yet.
    is_held &= pc.field("row_bounds").is_valid()
    of_table = pc.field("table_name") == table_name
    judged = lake.read(RESULTS, columns=[*_WORD, "gate_verdict", "row_bounds"], condition=of_table)
    decisions = judged.filter(is_admitted | is_held).sort_by("decided_at")
    releases = lake.read(RELEASES, columns=_WORD, condition=of_table)
    words = pa.concat_tables([decisions.select(_WORD), releases])
    held = (row for row in decisions.filter(is_held).to_pylist() if not _is_settled(row, words))
    newest = pc.max(decisions["to_version"]).as_py() if decisions else NEVER
    is_any_admitted = bool(decisions.filter(is_admitted)) or bool(releases)
    return Admitted(newest, newest if is_any_admitted else NEVER, tuple(map(_held, held)))


def admitted_version(lake: Lake, table_name: str) -> int:
    """Return the version of the table to read, without the slices held; -1 if nothing is admitted."""
    return admitted(lake, table_name).version


def _is_settled(held: dict[str, Any], words: "pa.Table") -> bool:
    """Say whether a later judgement took the slice's place, or somebody released it."""
    import pyarrow.compute as pc

    is_later = pc.field("decided_at") > held["decided_at"]
    covers = (pc.field("from_version") <= held["from_version"]) & (pc.field("to_version") >= held["to_version"])
    return bool(words.filter(is_later & covers))


def _held(row: dict[str, Any]) -> HeldSlice:
    bounds = tuple(RowBounds(**each) for each in row["row_bounds"])
    return HeldSlice(row["from_version"], row["to_version"], bounds)
