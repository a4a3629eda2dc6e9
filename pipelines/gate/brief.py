"""A slice of readings in brief: dozens of rows on which a rule about rows holds where it holds on all of millions.

- `kinds`: the slice's rows in groups, a row each: those of one device, property, place and day that are alike in all
  that rules tell apart, with the extremes of what has an order.
- `brief`: two rows for all kinds that differ in device, place and day only, one with the least of everything and one
  with the most; and, as they are, some of the rows whose key is another's too, if there are any.

How many rows are not as a rule has it is not told by these: who wants to know asks the slice.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.contracts.tables import TableContract
from pipelines.gate import view

if TYPE_CHECKING:
    import duckdb

# Of the keys that are compared at once; 8 bytes each.
MOST_KEYS = 2**25
_MOST_SUSPECTS = 100
# Readings of one place whose three minutes of the day differ have different keys, whatever else is in them. A bit each.
_PARTS_OF_DAY = 512
_PART_OF_DAY = f"((epoch_us(phenomenon_time) // 180_000_000) & {_PARTS_OF_DAY - 1})::integer"

_OF_KINDS = frozenset({"device_id", "property", "unit", "flag", "reasons", "phenomenon_time"})
"""The required columns that all rows of a kind have, or none."""


def lay_out(
    connection: "duckdb.DuckDBPyConnection",
    contract: TableContract,
    derived: Mapping[str, str],
    rows: str,
    earlier: str | None,
) -> None:
    """Make the relations, where `slice` is.

    Args:
        connection: Where.
        contract: The table's contract.
        derived: The columns that `slice` has besides the contract's, as SQL.
        rows: SQL for the slice's rows.
        earlier: SQL for rows of other slices that may hold the same keys; None where none can.
    """
    others = sorted(f'"{name}"' for name in contract.required - _OF_KINDS)
    filled = {f'"{name}"' for (name,) in connection.execute(f"from {view.FILLED}").fetchall()}
    unknown = [derived[view.unknown_column(column)] for column in contract.gate.references]
    connection.execute(f"create table kinds as {_kinds(rows, [name for name in others if name not in filled])}")
    connection.execute(f"create table example as select {', '.join(others)} from {rows} limit 1")  # noqa: S608 - names of the contract, SQL of ours
    in_brief = {
        **derived,
        view.ROW_KEY: "null",
        view.IN_EARLIER_SLICE: "null",
        view.PHENOMENON_AHEAD_S: f"case when {view.CLAIMS_TO_BE_GOOD} then ahead_us / 1e6 end",
    }
    extremes = view.with_derived(sorted({*contract.required, "value"}), in_brief, f"({_extremes(others, unknown)})")
    suspects = ", ".join(map(str, [*_met_earlier(connection, earlier), *_twice(connection)]))
    condition = f"{view.ROW_KEY} in ({suspects})" if suspects else "false"
    connection.execute(f"create table brief as ({extremes}) union all by name from slice where {condition}")


def _kinds(rows: str, may_be_null: Sequence[str]) -> str:
    is_complete = " and ".join(f"{name} is not null" for name in may_be_null) or "true"
    return f"""
        select device_id, property, channel, depth_cm, epoch_us(phenomenon_time) // {view.DAY_MICROS} as day,
            unit, flag, value is null as is_missing, len(reasons) = 0 as is_unexplained,
            list_contains(reasons, '{view.IMPOSSIBLE_DATE}') as is_impossible, any_value(reasons) as reasons,
            min(value) as lowest, max(value) as highest,
            min(phenomenon_time) as "first", max(phenomenon_time) as "last",
            max(epoch_us(phenomenon_time) - epoch_us(ingest_time)) as ahead_us,
            any_value(sensor_model) as sensor_model, count(*) as "rows",
            count(case when {is_complete} then 1 end) as complete_rows,
            bitstring_agg({_PART_OF_DAY}, 0, {_PARTS_OF_DAY - 1}) as parts_of_day
        from {rows} group by all
    """  # noqa: S608 - names of the contract, SQL of ours


def _extremes(others: Sequence[str], unknown: Sequence[str]) -> str:
    """Return SQL for two rows for each of the kinds that rules tell apart.

    Of the other columns a kind has an example, or null in all of them if a row of it has one: which it is, and how
    often, is a question to the slice.
    """
    apart = ["device_id is null", "day is null", *(f"({sql}) is null" for sql in unknown)]
    return f"""
        select extremes.*, unnest([lowest, highest]) as value, unnest(["first", "last"]) as phenomenon_time,
            {", ".join(f"case when is_complete then {name} end as {name}" for name in others)}
        from example, (
            select property, unit, flag, any_value(device_id) as device_id, any_value(reasons) as reasons,
                min(lowest) as lowest, max(highest) as highest, min("first") as "first", max("last") as "last",
                max(ahead_us) as ahead_us, sum(complete_rows) = sum("rows") as is_complete
            from kinds group by property, unit, flag, is_missing, is_unexplained, is_impossible, {", ".join(apart)}
        ) extremes
    """  # noqa: S608 - names of the contract, SQL of ours


def _met_earlier(connection: "duckdb.DuckDBPyConnection", earlier: str | None) -> list[int]:
    """Some of the keys that come in an earlier slice too; two rows of one key have one time."""
    if earlier is None:
        return []
    micros = "epoch_us(phenomenon_time)"
    ((first, last),) = connection.execute(f"select min({micros}), max({micros}) from {earlier}").fetchall()  # noqa: S608 - SQL of ours
    if first is None:
        return []
    met = connection.execute(f"""
        select {view.ROW_KEY} from slice
        where {micros} between {first} and {last} and {view.IN_EARLIER_SLICE} is not null limit {_MOST_SUSPECTS}
    """)  # noqa: S608 - names and numbers of ours
    return [key for (key,) in met.fetchall()]


def _twice(connection: "duckdb.DuckDBPyConnection") -> Iterator[int]:
    """Some of the keys that come twice."""
    import numpy as np

    parts = -(-_close_rows(connection) // MOST_KEYS)
    for part in range(parts):
        some = f"""
            select {view.ROW_KEY} as key from slice
            where coalesce(device_id, '') in (select device_id from close) and {view.ROW_KEY} % {parts} = {part}
        """  # noqa: S608 - names of ours
        # Sorted by NumPy: half of what grouping or sorting them costs DuckDB.
        keys = np.asarray(connection.execute(some).fetchnumpy()["key"])
        keys.sort()
        yield from keys[1:][keys[1:] == keys[:-1]][:_MOST_SUSPECTS].tolist()


def _close_rows(connection: "duckdb.DuckDBPyConnection") -> int:
    """Make `close`, of devices that may have sent something twice, and count their rows."""
    connection.execute("""
        create table close as
        select coalesce(device_id, '') as device_id, sum("rows") as "rows" from kinds
        group by kinds.device_id, property, channel, depth_cm, day
        having sum("rows") is distinct from bit_count(bit_or(parts_of_day))
    """)
    ((row_count,),) = connection.execute('select coalesce(sum("rows"), 0)::bigint from close').fetchall()
    return int(row_count)
