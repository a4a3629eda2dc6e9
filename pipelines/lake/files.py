"""Data files: written by whoever has the rows, invisible until somebody commits them."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.tables import TableContract

# Longer bounds cost more in the log than they save in reading.
_LONGEST_BOUND = 64


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

    def __init__(self, folder: Path, contract: TableContract) -> None:
        """Choose the file's name; nothing is on disk before the first rows."""
        self._path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
        self._schema = contract.arrow_schema
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        """Hand out the writer."""
        return self

    def write(self, rows: pa.Table) -> None:
        """Write rows as one row group."""
        if rows.num_rows == 0:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        self._writer.write_table(rows, row_group_size=rows.num_rows)

    def finish(self) -> DataFile | None:
        """Close the file and describe it; None where no rows were written."""
        if self._writer is None:
            return None
        self._writer.close()
        metadata = pq.read_metadata(self._path)
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
        nulls[name] = sum(each.null_count for each in known)
        if bounds := _bounds(known):
            lowest[name], highest[name] = bounds
    return {"numRecords": metadata.num_rows, "minValues": lowest, "maxValues": highest, "nullCount": nulls}


def _bounds(chunks: Iterable[pq.Statistics]) -> tuple[Any, Any] | None:
    filled = [chunk for chunk in chunks if chunk.has_min_max]
    if not filled or isinstance(filled[0].min, bytes):
        return None
    pair = min(chunk.min for chunk in filled), max(chunk.max for chunk in filled)
    if isinstance(pair[0], str) and max(map(len, pair)) > _LONGEST_BOUND:
        return None
    return _as_json(pair[0]), _as_json(pair[1])


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value
