"""The reference tables as rows: read at the latest version, written as a whole against the version that was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from pipelines import failpoints
from pipelines.contracts import tables
from pipelines.errors import WriterConflict
from pipelines.lake.access import delta_table
from pipelines.lake.tables import Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """A reference table as a change found it; no snapshot where the table is not there yet."""

    name: str
    snapshot: DeltaTable | None
    rows: list[Row]


def standing(lake: Lake, name: str) -> Standing:
    """Read a reference table."""
    if not lake.exists(name):
        return Standing(name, None, [])
    snapshot = lake.open(name)
    return Standing(name, snapshot, lake.read(name, snapshot.version()).to_pylist())


def write(lake: Lake, found: Standing, rows: Sequence[Row]) -> bool:
    """Make the table hold the rows, in one commit; where it holds them already, write nothing and say so.

    Earlier versions stay readable in the table's log.

    Raises:
        WriterConflict: Somebody else changed the table since it was read.
    """
    contract = tables.table(found.name)
    ordered = _ordered(rows, contract.key)
    if ordered == _ordered(found.rows, contract.key):
        return False
    snapshot = found.snapshot or lake.create(found.name)
    once = Transaction(found.name, snapshot.version() + 1)
    try:
        write_deltalake(
            snapshot,
            pa.Table.from_pylist(ordered, schema=contract.arrow_schema),
            mode="overwrite",
            schema_mode="overwrite",  # tables of an earlier release lack columns
            commit_properties=CommitProperties(app_transactions=[once], max_commit_retries=0),
        )
    except CommitFailedError as cause:
        now = delta_table(snapshot.table_uri).version()
        raise WriterConflict(found.name, once.app_id, snapshot.version(), now) from cause
    failpoints.reach(failpoints.Seam.REFERENCE_WRITTEN)
    return True


def _ordered(rows: Sequence[Row], key: Sequence[str]) -> list[Row]:
    return sorted(rows, key=lambda row: tuple(row[name] for name in key))
