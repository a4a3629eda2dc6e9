"""Where the tables of one tenant are, and how they are opened, read and appended to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from pipelines.contracts import tables
from pipelines.errors import DataRefused

if TYPE_CHECKING:
    import pyarrow as pa

# Readers replay at most this many commits.
TABLE_PROPERTIES = {"delta.checkpointInterval": "10"}


@dataclass(frozen=True)
class Lake:
    """The tables of one tenant, below one folder."""

    root: Path

    def path(self, name: str) -> Path:
        """Return the folder of table `<layer>.<name>`."""
        return self.root.joinpath(*name.split(".", 1))

    def exists(self, name: str) -> bool:
        """Say whether the table has been created."""
        return DeltaTable.is_deltatable(str(self.path(name)))

    def create(self, name: str) -> DeltaTable:
        """Open the table, creating it empty from its contract if it is not there yet."""
        contract = tables.table(name)
        return DeltaTable.create(
            str(self.path(name)),
            contract.arrow_schema,
            mode="ignore",
            description=contract.title,
            configuration=TABLE_PROPERTIES,
        )

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """Open the table at a version, the latest if none is named.

        Raises:
            DataRefused: The table is not there.
        """
        if not self.exists(name):
            raise DataRefused(
                "There is no such table yet",
                where=str(self.path(name)),
                expected=f"table {name}",
                got="nothing",
                fix="Run the step that writes it: stream, gate, gold, train or score.",
            )
        return DeltaTable(str(self.path(name)), version=version)

    def version(self, name: str) -> int:
        """Return the latest version of the table, -1 where it is not there."""
        return self.open(name).version() if self.exists(name) else -1

    def read(self, name: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table into memory; no rows where it is not there. For small tables."""
        # A second to import: commands that only look at the log have no use for it.
        import pyarrow.dataset as ds

        contract = tables.table(name)
        chosen = list(columns or contract.column_names)
        if not self.exists(name):
            return contract.arrow_schema.empty_table().select(chosen)
        # Not to_pyarrow_table(): its readers abort the interpreter at exit (deltalake 1.6.6, pyarrow 26.0.1).
        files = self.open(name, version).file_uris()
        return ds.dataset(files, schema=contract.arrow_schema, format="parquet").to_table(columns=chosen)

    def append(
        self,
        name: str,
        rows: Sequence[dict[str, Any]],
        once: Transaction | None = None,
        information: Mapping[str, str] | None = None,
    ) -> int:
        """Append a few rows in one commit and return the version after it.

        Where `once` is named and the table already carries that transaction (or a later one), nothing is written.
        `information` stands in the log beside the commit.
        """
        import pyarrow as pa

        opened = self.create(name)
        done = opened.transaction_version(once.app_id) if once else None
        if once and done is not None and done >= once.version:
            return opened.version()
        properties = CommitProperties(
            app_transactions=[once] if once else None, custom_metadata=dict(information or {})
        )
        data = pa.Table.from_pylist(list(rows), schema=tables.table(name).arrow_schema)
        write_deltalake(opened, data, mode="append", commit_properties=properties)
        return DeltaTable(str(self.path(name))).version()
