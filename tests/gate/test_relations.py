"""Each relation that the suites name is there, and has rows where the slice has some."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.tables import table
from pipelines.contracts.types import arrow_type
from pipelines.gate import relations, view
from pipelines.gate.suite import suites
from tests.gate.conftest import OBSERVATIONS, LaidOut
from tests.gate.test_validation import registered, rows

OPERATIONS = table("silver.operations")


def counted(connection: duckdb.DuckDBPyConnection, *names: str) -> dict[str, int]:
    return {name: len(connection.table(name)) for name in names}


def test_of_readings_there_are_all_relations_that_a_suite_is_asked_of(laid_out: LaidOut) -> None:
    connection = laid_out(rows([], clean=30), devices=registered("probe-0", "probe-1"))
    asked = {relation for relation, of in suites(OBSERVATIONS, ()).items() if of.expectations}
    assert asked <= {
        name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()
    }
    # Thirty clean rows are alike in all that a rule tells apart: one with the least of everything, one with the most.
    assert counted(connection, "slice", "brief") == {"slice": 30, "brief": 2}


def test_the_tables_that_a_slice_is_judged_against_are_seen_from_another_cursor(laid_out: LaidOut) -> None:
    connection = laid_out(rows([], clean=1), devices=registered("probe-0")).cursor()
    assert counted(connection, "reference_devices", "reference_fields", "intervals") == {
        "reference_devices": 1, "reference_fields": 0, "intervals": 0,
    }  # fmt: skip


def test_of_things_done_the_brief_is_the_slice(
    connection: duckdb.DuckDBPyConnection, nobody: relations.Surroundings, tmp_path: Path
) -> None:
    file = f"{tmp_path}/operations.parquet"
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in OPERATIONS.columns])
    pq.write_table(pa.Table.from_pylist([{"operation": "sowing"}, {"operation": "harvest"}], schema=schema), file)
    relations.lay_out(connection, OPERATIONS, (), _read(connection, file), nobody)
    assert connection.table("brief").fetchall() == connection.table("slice").fetchall() != []


def _read(connection: duckdb.DuckDBPyConnection, file: str) -> str:
    view.lay_out_columns(connection, OPERATIONS, [file])
    return view.rows_of([file])
