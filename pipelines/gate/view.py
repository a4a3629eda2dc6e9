"""The slice as its suites see it: relations in DuckDB, each with a column for whatever a rule speaks of.

- `slice`: its rows. What is already flagged 4 (fail) or 9 (missing) is no surprise: ranges and times are judged on the
  others. One scan answers all rules about rows.
- `columns`: the columns of its files, with the types that the files say.
- `series`: a row per device, property, place and day; what the two below are made from.
- `days`: the days that newer rows of the slice close, against the same weekday of the weeks before.
- `fields`: how complete the readings of each property are in each field.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.contracts.operations import Detail, Operation, operations
from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import TableContract

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

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
_CLAIMS_TO_BE_GOOD = "flag not in (4, 9)"
_FLAGS_AND_TIMES = {
    FLAG_OF_DATED: "case when flag <> 4 or not list_contains(reasons, 'impossible_date') then flag end",
    FLAG_WITH_REASONS: "case when len(reasons) > 0 then flag end",
    FLAG_WITHOUT_REASONS: "case when len(reasons) = 0 then flag end",
    PHENOMENON_EPOCH_S: f"case when {_CLAIMS_TO_BE_GOOD} then epoch_us(phenomenon_time) / 1e6 end",
    PHENOMENON_AHEAD_S: f"""case when {_CLAIMS_TO_BE_GOOD}
        then (epoch_us(phenomenon_time) - epoch_us(ingest_time)) / 1e6 end""",
}
_NO_ROWS = "no_rows"
_DAY_MICROS = 86_400_000_000
_WEEKS_BEFORE = 4


@dataclass(frozen=True)
class Surroundings:
    """What a slice is judged against."""

    earlier: str | None
    """SQL for rows of other slices that may hold the same keys; None where none can."""
    devices: "pa.Table"
    """reference.devices."""
    fields: "pa.Table"
    """reference.fields."""
    intervals: "pa.Table"
    """sensor_model, averaging_interval_s."""
    rows_by_day: dict[date, int]
    """UTC day -> rows of it in earlier slices."""


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
    read = f"read_parquet({_listed(files)}, union_by_name = true)"
    return f"(from {_NO_ROWS} union all by name from {read} where {condition})"


def lay_out(
    connection: "duckdb.DuckDBPyConnection",
    contract: TableContract,
    quantities: Iterable[Quantity],
    rows: str,
    surroundings: Surroundings,
) -> None:
    """Make the relations of a slice.

    Args:
        connection: Where; it must stay open while the relations are asked.
        contract: The table's contract.
        quantities: The quantities that the table may hold values of.
        rows: SQL for the slice's rows, with the contract's columns.
        surroundings: What the slice is judged against.
    """
    earlier = surroundings.earlier
    for name in ("devices", "fields", "intervals"):
        # Copied: what is registered on one connection is not seen from the others of the same database.
        connection.register("registered", getattr(surroundings, name))
        connection.execute(f"create table {'' if name == 'intervals' else 'reference_'}{name} as from registered")
    key_hash = _key_hash(contract)
    named = f'"{contract.key[0]}"'
    among = "{} in (select {} from {})".format
    seen = f"case when {among(key_hash, key_hash, earlier)} then {named} end" if earlier else "null"
    derived = {ROW_KEY: key_hash, IN_EARLIER_SLICE: seen}
    derived |= {
        unknown_column(column): f"case when not {among(column, column, _relation(table))} then {column} end"
        for column, table in contract.gate.references.items()
    }
    if holds_observations(contract):
        derived |= _of_observations(quantities)
    if holds_operations(contract):
        derived |= _of_operations()
    said = [f'"{name}"' for name in contract.column_names]
    columns = ",\n    ".join([*said, *(f"{sql} as {name}" for name, sql in derived.items())])
    connection.execute(f"create view slice as select\n    {columns}\nfrom {rows}")
    if holds_observations(contract):
        _lay_out_series(connection, surroundings.rows_by_day)


def lay_out_columns(connection: "duckdb.DuckDBPyConnection", contract: TableContract, files: Sequence[str]) -> None:
    """Make the relation of the files' columns: `said` is name and type as the contracts write them for DuckDB."""
    typed = ", ".join(f'"{name}" {type_}' for name, type_ in contract.duckdb_columns.items())
    connection.execute(f"create table {_NO_ROWS} ({typed})")
    names = ", ".join(f"'{name}'" for name in contract.column_names)
    # A column's own line comes before those of its members, which may have the name of another column.
    connection.execute(f"""
        create table columns as
        select file_name, name,
            name || ' ' || replace(arg_min(duckdb_type, column_id), 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ') as said
        from parquet_schema({_listed(files)}) where name in ({names}) group by file_name, name
    """)  # noqa: S608 - names of the contract, paths of the log


def _listed(files: Sequence[str]) -> str:
    quoted = ("'" + file.replace("'", "''") + "'" for file in files)
    return f"[{', '.join(quoted)}]"


def _relation(table: str) -> str:
    return table.replace(".", "_")


def _key_hash(contract: TableContract) -> str:
    # 64 bits: among ten million rows two keys meet by chance once in four hundred thousand slices.
    columns = ", ".join(f'"{name}"' for name in contract.key)
    return f"hash({columns})"


def _of_observations(quantities: Iterable[Quantity]) -> dict[str, str]:
    values = {
        value_column(each): f"case when property = '{each.name}' and {_CLAIMS_TO_BE_GOOD} then value end"
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
        f"{VALUE_OF}{column}": f'case when {_CLAIMS_TO_BE_GOOD} then "{column}" end'
        for column in details(operations().values())
    }
    return values | _FLAGS_AND_TIMES


def _lay_out_series(connection: "duckdb.DuckDBPyConnection", rows_by_day: dict[date, int]) -> None:
    connection.execute(f"""
        create table series as
        select device_id, any_value(sensor_model) as sensor_model, property, channel, depth_cm,
            epoch_us(phenomenon_time) // {_DAY_MICROS} as day,
            count(*) as "rows", count(*) filter (flag in (1, 2, 3)) as usable,
            min(phenomenon_time) as "first", max(phenomenon_time) as "last"
        from slice where flag <> 4 or not list_contains(reasons, 'impossible_date') group by all
    """)  # noqa: S608 - a number of ours
    connection.execute('create table earlier_days (day bigint, "rows" bigint)')
    if rows_by_day:
        epoch = date(1970, 1, 1)
        counted = [((day - epoch).days, count) for day, count in rows_by_day.items()]
        connection.executemany("insert into earlier_days values (?, ?)", counted)
    connection.execute(f"""
        create table days as
        with own as (select day, sum("rows") as "rows" from series group by day),
        totals as (
            select day, sum("rows") as "rows" from (from own union all by name from earlier_days) group by day
        )
        select make_date(today.day::int) as date, today."rows", avg(before."rows") as usual_rows,
            today."rows" / avg(before."rows") as share_of_usual
        from totals today join totals before on today.day - before.day in ({_weeks()})
        where today.day < (select max(day) from own)
            and today.day >= coalesce((select max(day) from earlier_days), today.day)
        group by today.day, today."rows"
    """)  # noqa: S608 - numbers of ours
    connection.execute("""
        create table fields as
        with spans as (
            select device_id, sensor_model, property, channel, depth_cm, sum(usable) as usable,
                min("first") as "first", max("last") as "last"
            from series group by all
        )
        select field_id, property,
            sum(usable) / sum(floor(date_diff('second', "first", "last") / averaging_interval_s) + 1) as completeness
        from spans join intervals using (sensor_model) join reference_devices d on d.device_id = spans.device_id
            and "first" >= valid_from and ("first" < valid_to or valid_to is null)
        group by all
    """)


def _weeks() -> str:
    return ", ".join(str(7 * week) for week in range(1, _WEEKS_BEFORE + 1))


def properties(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """Name the properties that the slice has rows of."""
    return [name for (name,) in connection.execute("select distinct property from series").fetchall() if name]


def rows_by_day(connection: "duckdb.DuckDBPyConnection") -> list[dict[str, Any]]:
    """Count the slice's rows by UTC day; impossible days are left out."""
    counted = connection.execute('select make_date(day::int), sum("rows")::bigint from series group by 1 order by 1')
    return [{"date": day, "rows": count} for day, count in counted.fetchall()]


def field_days(connection: "duckdb.DuckDBPyConnection") -> list[dict[str, Any]]:
    """Say which days of which fields the slice touches: from, to; in the field's local standard time."""
    local = "epoch_us({}) + (utc_offset_h * 3.6e9)::bigint"
    found = connection.execute(f"""
        select field_id, make_date((min({local.format('"first"')}) // {_DAY_MICROS})::int),
            make_date((max({local.format('"last"')}) // {_DAY_MICROS})::int)
        from series s join reference_devices d on d.device_id = s.device_id
            and "last" >= valid_from and ("first" < valid_to or valid_to is null)
        join reference_fields using (field_id) group by 1 order by 1
    """)  # noqa: S608 - names and numbers of ours
    return [{"field_id": field, "from_date": first, "to_date": last} for field, first, last in found.fetchall()]
