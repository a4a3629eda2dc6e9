"""Inputs of gold drawn as rows, laid out as DuckDB relations as the job does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contracts import tables
from pipelines.contracts.types import arrow_type

Rows = list[dict[str, Any]]


def drawn(name: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of a table; columns that a row does not name are null."""
    columns = tables.table(name).columns
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
    return pa.Table.from_pylist(list(rows), schema=schema)


@contextmanager
def relations(
    observations: Rows, devices: Sequence[dict[str, Any]], fields: Sequence[dict[str, Any]], every_s: Mapping[str, int]
) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("observations", drawn("silver.observations", observations))
        connection.register("devices", drawn("reference.devices", devices))
        connection.register("fields", drawn("reference.fields", fields))
        intervals = {"sensor_model": list(every_s), "averaging_interval_s": list(every_s.values())}
        connection.register("intervals", pa.table(intervals))
        yield connection
