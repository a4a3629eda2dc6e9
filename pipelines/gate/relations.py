"""The relations of a slice, in DuckDB: what its suites are asked of, and what its judgement reads besides.

- `slice`: its rows, with a column for whatever a rule speaks of ([view](view.py)).
- `brief`: few rows that stand for those of `slice`; where they are as a rule has it, all are ([brief](brief.py)).
- `columns`: the columns of its files, with the types that the files say.
- `series`: a row per device, property, place and day; what the two below are made from ([series](series.py)).
- `days`: the days that newer rows of the slice close, against the same weekday of the weeks before.
- `fields`: how complete the readings of each property are in each field.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import TableContract
from pipelines.gate import brief, series, view

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


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
    earlier_days: "pa.Table"
    """date, rows: of UTC days in earlier slices, as often as slices have rows of them."""


def lay_out(
    connection: "duckdb.DuckDBPyConnection",
    contract: TableContract,
    quantities: Iterable[Quantity],
    rows: str,
    surroundings: Surroundings,
) -> int:
    """Make the relations of a slice, all but `columns`, and count its rows.

    Args:
        connection: Where; it must stay open while the relations are asked.
        contract: The table's contract.
        quantities: The quantities that the table may hold values of.
        rows: SQL for the slice's rows, with the contract's columns.
        surroundings: What the slice is judged against.
    """
    around = {
        "reference_devices": surroundings.devices,
        "reference_fields": surroundings.fields,
        "intervals": surroundings.intervals,
        "earlier_days": surroundings.earlier_days,
    }
    for name, rows_around in around.items():
        # Copied: what is registered on one connection is not seen from the others of the same database.
        connection.register("registered", rows_around)
        connection.execute(f"create table {name} as from registered")
    derived = view.derived(contract, quantities, surroundings.earlier)
    connection.execute(f"create view slice as {view.with_derived(contract.column_names, derived, rows)}")
    if view.holds_observations(contract):
        brief.lay_out(connection, contract, derived, rows, surroundings.earlier)
        series.lay_out(connection)
        counted = connection.execute('select coalesce(sum("rows"), 0)::bigint from kinds')
    else:
        # Things done are few.
        connection.execute("create view brief as from slice")
        counted = connection.execute("select count(*) from slice")
    ((row_count,),) = counted.fetchall()
    return int(row_count)
