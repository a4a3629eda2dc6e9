"""Slices of silver.observations as the gate lays them out: a data file, and DuckDB's relations of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.contracts.types import arrow_type
from pipelines.gate import relations, view

OBSERVATIONS = table("silver.observations")
Rows = Sequence[dict[str, Any]]
LaidOut = Callable[..., duckdb.DuckDBPyConnection]


@pytest.fixture
def nobody() -> relations.Surroundings:
    """A lake in which nothing stands but the slice."""
    intervals = {"sensor_model": pa.array([], pa.string()), "averaging_interval_s": pa.array([], pa.int64())}
    references = (table(f"reference.{name}").arrow_schema.empty_table() for name in ("devices", "fields"))
    return relations.Surroundings(None, *references, pa.table(intervals), earlier_days({}))


def earlier_days(counted: dict[date, int]) -> pa.Table:
    """Days with rows in earlier slices."""
    return pa.table({"date": pa.array(counted.keys(), pa.date32()), "rows": pa.array(counted.values(), pa.int64())})


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def laid_out(tmp_path: Path, connection: duckdb.DuckDBPyConnection, nobody: relations.Surroundings) -> LaidOut:
    """Lay out rows as a broken writer could have left them: every column may be null."""

    def written(rows: Rows, name: str) -> str:
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in OBSERVATIONS.columns])
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), tmp_path / name)
        return str(tmp_path / name)

    def lay_out(
        rows: Rows,
        earlier: Rows = (),
        rows_by_day: dict[date, int] | None = None,
        into: duckdb.DuckDBPyConnection = connection,
        **reference: pa.Table,
    ) -> duckdb.DuckDBPyConnection:
        file = written(rows, "slice.parquet")
        before = view.rows_of([written(earlier, "earlier.parquet")]) if earlier else None
        around = replace(nobody, earlier=before, earlier_days=earlier_days(rows_by_day or {}), **reference)
        view.lay_out_columns(into, OBSERVATIONS, [file])
        relations.lay_out(into, OBSERVATIONS, quantities().values(), view.rows_of([file]), around)
        return into

    return lay_out
