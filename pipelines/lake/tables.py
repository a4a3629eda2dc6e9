"""Where the tables of one tenant are, and how they are opened, read and appended to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipelines.contracts import tables
from pipelines.errors import DataRefused, LakeDamaged, UsageError
from pipelines.lake.access import data_files, dataset, delta_table
from pipelines.lake.log import commit_time_ms, listed
from pipelines.lake.snapshot import Snapshot
from pipelines.places import Place, delta_options, store_error

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

# Readers play back at most this many commits; whoever makes the tenth writes the checkpoint.
_PLAYED_BACK = 10

TABLE_PROPERTIES = {
    "delta.checkpointInterval": str(_PLAYED_BACK),
    # Maintenance cleans the log, once nobody needs what it would forget.
    "delta.enableExpiredLogCleanup": "false",
    # Every checkpoint, and every writer's memory, names what was replaced for so long; maintenance goes by versions.
    "delta.deletedFileRetentionDuration": "interval 1 minutes",
    "delta.logRetentionDuration": "interval 8 days",
}


@dataclass(frozen=True)
class Lake:
    """The tables of one tenant, below one place."""

    root: Place

    def existing(self) -> Lake:
        """Return the lake itself, where it is there: else every table would look empty.

        Raises:
            UsageError: It is not.
        """
        if not self.root.is_dir():
            raise UsageError(
                "There is no lake here",
                where=str(self.root),
                expected="a tenant's tables",
                got="nothing",
                fix="Go to the project's folder, or set FIELDSTREAM_HOME, FIELDSTREAM_LAKE, FIELDSTREAM_TENANT to it.",
            )
        return self

    def path(self, name: str) -> Place:
        """Return where table `<layer>.<name>` lies."""
        return self.root.joinpath(*name.split(".", 1))

    def exists(self, name: str) -> bool:
        """Say whether the table has been created."""
        where = self.path(name)
        return DeltaTable.is_deltatable(str(where), delta_options(where))

    def create(self, name: str) -> Snapshot:
        """Open the table, creating it empty from its contract if it is not there yet."""
        if found := self.find(name):
            return found
        contract, where = tables.table(name), self.path(name)
        DeltaTable.create(
            str(where),
            contract.arrow_schema,
            mode="ignore",
            description=contract.title,
            configuration=TABLE_PROPERTIES,
            storage_options=delta_options(where),
        )
        return delta_table(where)

    def find(self, name: str, version: int | None = None) -> Snapshot | None:
        """Open the table at a version, the latest if none is named; None where it is not there, as at version -1.

        Raises:
            LakeDamaged: Its log cannot be read up to the latest version.
            DeltaError: There is no such version.
        """
        if version is not None and version < 0:
            return None
        # Asking first whether it is there would read the log's listing twice.
        try:
            found = delta_table(self.path(name), version)
        except TableNotFoundError:
            return None
        except DeltaError as cause:
            if trouble := store_error(self.root, cause):
                raise trouble from cause
            if version is not None:
                raise
            raise LakeDamaged(name, "_delta_log", "a log that can be read", str(cause).partition("\n")[0]) from cause
        self._require_no_empty_commit(name, found.version())
        return found

    def open(self, name: str, version: int | None = None) -> Snapshot:
        """Open the table at a version, the latest if none is named.

        Raises:
            DataRefused: The table is not there.
            LakeDamaged: Its log cannot be read.
        """
        found = self.find(name, version)
        if found is None:
            raise DataRefused(
                "There is no such table yet",
                where=str(self.path(name)),
                expected=f"table {name}",
                got="nothing",
                fix="Run the step that writes it: stream, gate, gold, train or score.",
            )
        return found

    def version(self, name: str) -> int:
        """Return the latest version of the table, -1 where it is not there."""
        found = self.find(name)
        return found.version() if found else -1

    def version_at(self, name: str, time: datetime) -> int | None:
        """Return the version that was the latest at a time, by what the commits say; None before there was a table.

        Raises:
            UsageError: The log does not reach back that far.
        """
        # Not load_as_version(): it goes by the age of the log's files, which a copied lake has lost. Nor history():
        # it ends at a damaged commit, and what is older can still be read.
        commits = listed(self.path(name)).commits
        at_ms = time.timestamp() * 1000
        for version, commit in sorted(commits.items(), reverse=True):
            if commit_time_ms(commit) <= at_ms:
                return version
        oldest = min(commits, default=0)
        if oldest > 0:
            since = datetime.fromtimestamp(commit_time_ms(commits[oldest]) / 1000, UTC).isoformat()
            raise UsageError(
                "The log does not reach back that far",
                where=f"table {name}",
                expected=f"a time from {since}",
                got=time.isoformat(),
                fix="Ask for a later time; maintenance keeps what the past month committed.",
            )
        return None

    def read(
        self,
        name: str,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        condition: pc.Expression | None = None,
    ) -> pa.Table:
        """Read a table, or the rows of it for which a condition holds, into memory; no rows where it is not there."""
        contract = tables.table(name)
        chosen = list(columns or contract.column_names)
        found = self.find(name, version)
        if found is None:
            return contract.arrow_schema.empty_table().select(chosen)
        # Not to_pyarrow_table(): its readers abort the interpreter at exit (deltalake 1.6.6, pyarrow 26.0.1).
        return dataset(data_files(found), contract.arrow_schema).to_table(columns=chosen, filter=condition)

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
        # Merged: a table that is older than its contract gets the columns that it lacks.
        write_deltalake(opened, data, mode="append", schema_mode="merge", commit_properties=properties)
        return delta_table(self.path(name)).version()

    def _require_no_empty_commit(self, name: str, version: int) -> None:
        """Look at the size of the commits that a reader plays back: an empty one would pass for one without rows."""
        log = self.path(name) / "_delta_log"
        for each in range(version, max(-1, version - _PLAYED_BACK), -1):
            commit = log / f"{each:020}.json"
            if log.joinpath(f"{each:020}.checkpoint.parquet").exists() or not commit.exists():
                return
            if commit.stat().st_size == 0:
                raise LakeDamaged(name, f"_delta_log/{commit.name}", "a commit", "no bytes")
