"""List the tables of the lake, from their logs alone."""

from dataclasses import dataclass

from pipelines.contracts.tables import table, table_names
from pipelines.lake.tables import Lake
from pipelines.settings import Settings


@dataclass(frozen=True)
class TableSummary:
    """A table as it stands; without a version where nothing has been written yet."""

    name: str
    row_count: int
    version: int | None
    file_count: int
    size_bytes: int
    grain: str
    title: str


def tables(settings: Settings) -> list[TableSummary]:
    """Return every table that has a contract, sorted by name; counts come from file statistics, not from a scan."""
    lake = Lake(settings.lake)
    return [_summary(lake, name) for name in table_names()]


def _summary(lake: Lake, name: str) -> TableSummary:
    contract = table(name)
    if not lake.exists(name):
        return TableSummary(name, 0, None, 0, 0, contract.grain, contract.title)
    opened = lake.open(name)
    files = opened.get_add_actions(flatten=True)
    row_count, size_bytes = (sum(files[name].to_pylist()) for name in ("num_records", "size_bytes"))
    return TableSummary(
        name,
        row_count,
        opened.version(),
        files.num_rows,
        size_bytes,
        contract.grain,
        contract.title,
    )
