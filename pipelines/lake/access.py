"""How delta-rs, Arrow and DuckDB come to what lies in a place, be it a disk or a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import DeltaTable

from pipelines.lake.snapshot import Snapshot
from pipelines.places import SCHEME, BucketPath, Place, delta_options, for_arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as ds


def delta_table(where: Place | str, version: int | None = None) -> Snapshot:
    """Open a table at a version, the latest if none is named.

    Raises:
        TableNotFoundError: There is none.
        DeltaError: There is no such version, or the log cannot be read.
    """
    return Snapshot(str(where), version=version, storage_options=delta_options(where))


def data_files(table: DeltaTable) -> list[str]:
    """Return the files of an opened version: paths, in a bucket addresses."""
    # delta-rs (1.6.6) writes a path as in a URI without making it one: a space in a folder's name comes as %20.
    return [file if file.startswith(SCHEME) else unquote(file) for file in table.file_uris()]


def listed_in_sql(files: Iterable[str]) -> str:
    """Write files as a list for DuckDB's read_parquet."""
    return "[" + ", ".join("'" + file.replace("'", "''") + "'" for file in files) + "]"


def catch_up(table: DeltaTable, folder: Place) -> None:
    """Read what a table's log has had since, if anything.

    Whether there is a next commit is asked by its name: to have all of them listed takes as long as they are many.

    Raises:
        DeltaError: The log cannot be read.
    """
    log = folder / "_delta_log"
    here, following = (log / f"{version:020}.json" for version in (table.version(), table.version() + 1))
    # Where not even the commit that is known is there any more, the next may have been cleaned away too.
    if following.exists() or not here.exists():
        table.update_incremental()


def dataset(files: Sequence[str], schema: pa.Schema | None = None) -> ds.Dataset:
    """Return data files, named as delta-rs names them, as one dataset; of no rows where there are none."""
    # A second to import: commands that only look at the log have no use for it.
    import pyarrow.dataset as ds

    if not files:
        return ds.dataset([], schema=schema, format="parquet")
    paths, filesystem = for_arrow(files)
    return ds.dataset(paths, schema=schema, format="parquet", filesystem=filesystem)


@contextmanager
def connected(where: Place, **config: str | bool | int | float | list[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that can read what lies in a place."""
    import duckdb

    with duckdb.connect(config=config) as connection:
        # It is drawn on standard output, which belongs to the answer.
        connection.execute("SET enable_progress_bar = false")
        if isinstance(where, BucketPath):
            # DuckDB's own way to a bucket is an extension that it would download.
            connection.register_filesystem(_fsspec(where))
        yield connection


def _fsspec(where: BucketPath) -> object:
    from fsspec.implementations.arrow import ArrowFSWrapper

    class Buckets(ArrowFSWrapper):  # type: ignore[misc]  # it has no types
        protocol = SCHEME.partition(":")[0]

    return Buckets(where.filesystem)
