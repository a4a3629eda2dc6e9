"""Data files: written by whoever has the rows, invisible until somebody commits them."""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import failpoints
from pipelines.places import Place, for_arrow

# Readers leave out row groups by their statistics; one of a million rows would be read for a single row.
ROW_GROUP_ROWS = 131_072

# Room for the event keys of a row group, each of which stands in several rows.
_LARGEST_DICTIONARY = 1 << 24


@dataclass(frozen=True)
class DataFile:
    """A Parquet file within a table's folder, with the statistics by which readers skip it."""

    name: str
    size_bytes: int
    row_count: int
    statistics: str
    """JSON as the Delta log holds it: numRecords, minValues, maxValues, nullCount."""


class FileWriter:
    """Writes one data file of a table, a row group at a time.

    Leaving the block with an error removes the file; one that a killed process left behind is an orphan that no
    reader sees.
    """

    def __init__(self, folder: Place, bounded: Sequence[str] = ()) -> None:
        """Choose the file's name; nothing is on disk before the first rows.

        `bounded` names the texts by which readers may skip the file, for a table that is ordered by them.
        """
        self._bounded = bounded
        self._path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        """Hand out the writer."""
        return self

    def write(self, rows: pa.Table) -> None:
        """Write rows as one row group; texts that come as a dictionary are written as one."""
        if rows.num_rows == 0:
            return
        if self._writer is None:
            self._writer = _writer(self._path, rows.schema, self._bounded)
        self._writer.write_table(rows, row_group_size=rows.num_rows)
        failpoints.reach(failpoints.Seam.FILE_BEGUN)

    def finish(self) -> DataFile | None:
        """Close the file and describe it; None where no rows were written."""
        if self._writer is None:
            return None
        self._writer.close()
        (path,), filesystem = for_arrow([self._path])
        metadata = pq.read_metadata(path, filesystem=filesystem)
        return DataFile(
            name=self._path.name,
            size_bytes=self._path.stat().st_size,
            row_count=metadata.num_rows,
            statistics=json.dumps(statistics(metadata)),
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the file where the block failed."""
        if kind is not None and self._writer is not None:
            self._writer.close()
            self._path.unlink(missing_ok=True)


def _writer(path: Place, schema: pa.Schema, bounded: Sequence[str]) -> pq.ParquetWriter:
    """Open a file whose columns are each encoded by their kind, so that nothing is tried in vain.

    What counts up or stands still is written as differences. Texts are bounded by nothing a reader would skip by:
    every file has devices and keys from one end of the alphabet to the other.
    """
    counted = [each.name for each in schema if pa.types.is_integer(each.type) or pa.types.is_temporal(each.type)]
    repeated = [each.name for each in schema if pa.types.is_dictionary(each.type) or pa.types.is_floating(each.type)]
    (where,), filesystem = for_arrow([path])
    lists = [f"{each.name}.list.element" for each in schema if pa.types.is_list(each.type)]
    return pq.ParquetWriter(
        where,
        schema,
        filesystem=filesystem,
        compression="zstd",
        use_dictionary=[*repeated, *lists],
        column_encoding=dict.fromkeys(counted, "DELTA_BINARY_PACKED"),
        write_statistics=[*counted, *bounded, *(each.name for each in schema if pa.types.is_floating(each.type))],
        dictionary_pagesize_limit=_LARGEST_DICTIONARY,
        # A reader would take the rows' Arrow types for the table's.
        store_schema=False,
    )


def statistics(metadata: pq.FileMetaData) -> dict[str, Any]:
    """Return a file's statistics as the Delta log writes them, from the Parquet footer."""
    lowest: dict[str, Any] = {}
    highest: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for index in range(metadata.num_columns):
        chunks = [metadata.row_group(group).column(index) for group in range(metadata.num_row_groups)]
        name = chunks[0].path_in_schema
        if "." in name:  # a list or a struct: the log bounds only plain columns
            continue
        known = [chunk.statistics for chunk in chunks]
        if not all(known):
            continue
        nulls[name] = sum(each.null_count for each in known)
        if bounds := _bounds(known):
            lowest[name], highest[name] = bounds
    return {"numRecords": metadata.num_rows, "minValues": lowest, "maxValues": highest, "nullCount": nulls}


def _bounds(chunks: Iterable[pq.Statistics]) -> tuple[Any, Any] | None:
    filled = [chunk for chunk in chunks if chunk.has_min_max]
    if not filled:
        return None
    return _as_json(min(chunk.min for chunk in filled)), _as_json(max(chunk.max for chunk in filled))


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value
