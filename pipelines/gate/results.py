"""What the gate has decided: the rows of ops.gate_results, read without the pages of evidence that nobody asks for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.lake.admitted import RESULTS
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

_LISTS = ("failed_expectations", "warnings", "row_bounds", "field_days", "rows_by_day")
_SLICE = ["from_version", "to_version"]


@dataclass(frozen=True)
class GateResult:
    """A row of ops.gate_results, and whether this run came to it or found it standing."""

    table_name: str
    from_version: int
    to_version: int
    row_count: int
    expectation_count: int
    failed_expectations: tuple[str, ...]
    warnings: tuple[str, ...]
    note: str | None
    gate_verdict: str
    suite_digest: str
    evidence: str | None
    row_bounds: tuple[dict[str, Any], ...] | None
    field_days: tuple[dict[str, Any], ...] | None
    rows_by_day: tuple[dict[str, Any], ...] | None
    decided_at: datetime
    judged_now: bool = True

    @property
    def versions(self) -> tuple[int, int]:
        """The versions that the slice came after, and up to."""
        return self.from_version, self.to_version


def results(lake: Lake, table_name: str) -> list[GateResult]:
    """Return every judgement of a table, oldest first."""
    return _results(_of_table(lake, table_name))


def newest(lake: Lake, table_name: str, count: int = 1) -> list[GateResult]:
    """Return the newest judgements of a table, oldest first."""
    import pyarrow.compute as pc

    times = _of_table(lake, table_name, ["decided_at"])["decided_at"]
    if not times:
        return []
    since = times.take(pc.sort_indices(times)[-count:])[0]
    return _results(_of_table(lake, table_name, condition=pc.field("decided_at") >= since))[-count:]


def of_slices(lake: Lake, table_name: str, slices: Collection[tuple[int, int]]) -> dict[tuple[int, int], GateResult]:
    """Return the newest judgement of each of some slices."""
    import pyarrow.compute as pc

    if not slices:
        return {}
    ends = [end for _, end in slices]
    found = _results(_of_table(lake, table_name, condition=pc.field("to_version").isin(ends)))
    return {each.versions: each for each in found if each.versions in slices}


def judged_by(lake: Lake, table_name: str, time: datetime) -> int:
    """Return the newest version that a judgement had come to by a time; there must be one."""
    import pyarrow.compute as pc

    made = _of_table(lake, table_name, ["to_version"], pc.field("decided_at") <= time)
    return int(pc.max(made["to_version"]).as_py())


def rows_by_day(lake: Lake, table_name: str, up_to_version: int) -> "pa.Table":
    """Return the rows of UTC days that came up to a version, as the newest judgement of each slice counted them.

    Returns:
        A table (date, rows): a row for each slice and day.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = (pc.field("to_version") <= up_to_version) & (pc.list_value_length(pc.field("rows_by_day")) > 0)
    made = _of_table(lake, table_name, [*_SLICE, "decided_at", "rows_by_day"], counted).sort_by("decided_at")
    numbered = made.select(_SLICE).append_column("number", pa.array(range(len(made)), pa.int64()))
    last = numbered.group_by(_SLICE).aggregate([("number", "max")])["number_max"]
    days = pc.list_flatten(made["rows_by_day"].take(last))
    return pa.table({name: pc.struct_field(days, name) for name in ("date", "rows")})


def _of_table(
    lake: Lake, table_name: str, columns: list[str] | None = None, condition: "pc.Expression | None" = None
) -> "pa.Table":
    import pyarrow.compute as pc

    of_table = pc.field("table_name") == table_name
    return lake.read(RESULTS, columns=columns, condition=of_table if condition is None else of_table & condition)


def _results(rows: "pa.Table") -> list[GateResult]:
    found = [
        GateResult(**row | {name: tuple(row[name]) for name in _LISTS if row[name] is not None}, judged_now=False)
        for row in rows.to_pylist()
    ]
    return sorted(found, key=lambda result: (result.decided_at, result.to_version))
