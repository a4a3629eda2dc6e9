"""A slice as rules about rows see it: its rows, with a column for whatever a rule speaks of.

What is already flagged 4 (fail) or 9 (missing) is no surprise: ranges and times are judged on the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.contracts.operations import Detail, Operation, operations
from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import TableContract
from pipelines.lake.access import listed_in_sql

if TYPE_CHECKING:
    import duckdb

OBSERVATION_COLUMNS = frozenset({"property", "unit", "value", "flag", "reasons", "phenomenon_time", "ingest_time"})
OPERATION_COLUMNS = frozenset({"operation", "flag", "reasons", "phenomenon_time", "ingest_time"})
VALUE_OF = "value_of_"
ROW_KEY = "row_key"
IN_EARLIER_SLICE = "in_earlier_slice"
PROPERTY_IN_UNIT = "property_in_unit"
FLAG_OF_DATED = "flag_of_dated"
FLAG_WITH_VALUE = "flag_with_value"
FLAG_WITHOUT_VALUE = "flag_without_value"
FLAG_WITH_REASONS = "flag_with_reasons"
FLAG_WITHOUT_REASONS = "flag_without_reasons"
PHENOMENON_EPOCH_S = "phenomenon_epoch_s"
PHENOMENON_AHEAD_S = "phenomenon_ahead_s"
CLAIMS_TO_BE_GOOD = "flag not in (4, 9)"
IMPOSSIBLE_DATE = "impossible_date"
DAY_MICROS = 86_400_000_000
_FLAGS_AND_TIMES = {
    FLAG_OF_DATED: f"case when flag <> 4 or not list_contains(reasons, '{IMPOSSIBLE_DATE}') then flag end",
    FLAG_WITH_REASONS: "case when len(reasons) > 0 then flag end",
    FLAG_WITHOUT_REASONS: "case when len(reasons) = 0 then flag end",
    PHENOMENON_EPOCH_S: f"case when {CLAIMS_TO_BE_GOOD} then epoch_us(phenomenon_time) / 1e6 end",
    PHENOMENON_AHEAD_S: f"""case when {CLAIMS_TO_BE_GOOD}
        then (epoch_us(phenomenon_time) - epoch_us(ingest_time)) / 1e6 end""",
}
_NO_ROWS = "no_rows"
FILLED = "filled"


def holds_observations(contract: TableContract) -> bool:
    """Say whether a table has a row per measured value."""
    return set(contract.column_names) >= OBSERVATION_COLUMNS


def holds_operations(contract: TableContract) -> bool:
    """Say whether a table has a row per thing that was done."""
    return set(contract.column_names) >= OPERATION_COLUMNS


def details(operations: Iterable[Operation]) -> dict[str, Detail]:
    """Return the details that are numbers, by their column."""
    found = (detail for operation in operations for detail in operation.details.values() if detail.is_number)
    return {detail.column.name: detail for detail in sorted(found, key=lambda detail: detail.column.name)}


def value_column(quantity: Quantity) -> str:
    """Name the view's column of a quantity's values."""
    return f"{VALUE_OF}{quantity.name}"


def unknown_column(column: str) -> str:
    """Name the view's column of values that a reference table does not have."""
    return f"unknown_{column}"


def rows_of(files: Sequence[str], condition: str = "true") -> str:
    """Return SQL for the rows of data files; a column that a file lacks is null in its rows, as Delta has it."""
    read = f"read_parquet({listed_in_sql(files)}, union_by_name = true)"
    return f"(from {_NO_ROWS} union all by name from {read} where {condition})"


def derived(contract: TableContract, quantities: Iterable[Quantity], earlier: str | None) -> dict[str, str]:
    """Return the columns that rules speak of besides the contract's, as SQL.

    Args:
        contract: The table's contract.
        quantities: The quantities that the table may hold values of.
        earlier: SQL for rows of other slices that may hold the same keys; None where none can.
    """
    key_hash = _key_hash(contract)
    named = f'"{contract.key[0]}"'
    among = "{} in (select {} from {})".format
    seen = f"case when {among(key_hash, key_hash, earlier)} then {named} end" if earlier else "null"
    columns = {ROW_KEY: key_hash, IN_EARLIER_SLICE: seen}
    columns |= {
        unknown_column(column): f"case when not {among(column, column, _relation(table))} then {column} end"
        for column, table in contract.gate.references.items()
    }
    if holds_observations(contract):
        columns |= _of_observations(quantities)
    if holds_operations(contract):
        columns |= _of_operations()
    return columns


def with_derived(columns: Iterable[str], derived: Mapping[str, str], rows: str) -> str:
    """Return SQL for some columns of rows, and for those that are derived from them."""
    said = [f'"{name}"' for name in columns]
    selected = ",\n    ".join([*said, *(f"{sql} as {name}" for name, sql in derived.items())])
    return f"select\n    {selected}\nfrom {rows}"


def lay_out_columns(connection: "duckdb.DuckDBPyConnection", contract: TableContract, files: Sequence[str]) -> None:
    """Make the relations of the files' columns.

    In `columns`, `said` is name and type as the contracts write them for DuckDB. In `filled` are those without a null.
    """
    typed = ", ".join(f'"{name}" {type_}' for name, type_ in contract.duckdb_columns.items())
    connection.execute(f"create table {_NO_ROWS} ({typed})")
    names = ", ".join(f"'{name}'" for name in contract.column_names)
    # A column's own line comes before those of its members, which may have the name of another column.
    connection.execute(f"""
        create table columns as
        select file_name, name,
            name || ' ' || replace(arg_min(duckdb_type, column_id), 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ') as said
        from parquet_schema({listed_in_sql(files)}) where name in ({names}) group by file_name, name
    """)  # noqa: S608 - names of the contract, paths of the log
    connection.execute(f"""
        create table {FILLED} as
        select path_in_schema from parquet_metadata({listed_in_sql(files)}) where path_in_schema in ({names})
        group by path_in_schema
        having count(distinct file_name) = {len(files)} and bool_and(coalesce(stats_null_count = 0, false))
    """)  # noqa: S608 - names of the contract, paths of the log


def _relation(table: str) -> str:
    return table.replace(".", "_")


def _key_hash(contract: TableContract) -> str:
    # 64 bits: among ten million rows two keys meet by chance once in four hundred thousand slices.
    columns = ", ".join(f'"{name}"' for name in contract.key)
    return f"hash({columns})"


def _of_observations(quantities: Iterable[Quantity]) -> dict[str, str]:
    values = {
        value_column(each): f"case when property = '{each.name}' and {CLAIMS_TO_BE_GOOD} then value end"
        for each in quantities
    }
    return {
        **values,
        PROPERTY_IN_UNIT: "concat_ws(' in ', property, unit)",
        FLAG_WITH_VALUE: "case when value is not null then flag end",
        FLAG_WITHOUT_VALUE: "case when value is null then flag end",
        **_FLAGS_AND_TIMES,
    }


def _of_operations() -> dict[str, str]:
    values = {
        f"{VALUE_OF}{column}": f'case when {CLAIMS_TO_BE_GOOD} then "{column}" end'
        for column in details(operations().values())
    }
    return values | _FLAGS_AND_TIMES
