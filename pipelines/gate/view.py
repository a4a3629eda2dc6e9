"""The slice as the suite sees it: a column of its own for whatever a rule speaks of, so that all rules share one pass.

Rows that are already flagged 4 (fail) or 9 (missing) are no surprise: ranges and times are judged on the others.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import TableContract

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OBSERVATION_COLUMNS = frozenset({"property", "unit", "value", "flag", "phenomenon_time", "ingest_time"})
IN_EARLIER_SLICE = "in_earlier_slice"
PROPERTY_IN_UNIT = "property_in_unit"
FLAG_WITH_VALUE = "flag_with_value"
FLAG_WITHOUT_VALUE = "flag_without_value"
PHENOMENON_YEAR = "phenomenon_year"
PHENOMENON_AHEAD_S = "phenomenon_ahead_s"


def holds_observations(contract: TableContract) -> bool:
    """Say whether a table has a row per measured value."""
    return set(contract.column_names) >= OBSERVATION_COLUMNS


def value_column(quantity: Quantity) -> str:
    """Name the view's column of a quantity's values."""
    return f"value_of_{quantity.name}"


def view(
    rows: "DataFrame", contract: TableContract, quantities: Iterable[Quantity], earlier: "DataFrame | None"
) -> "DataFrame":
    """Lay out a slice for its suite.

    Args:
        rows: The slice, with the contract's columns.
        contract: The table's contract.
        quantities: The quantities that the table may hold values of.
        earlier: Rows of earlier slices that may hold the same keys; None where none can.
    """
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit

    marked = rows.withColumn(IN_EARLIER_SLICE, F.lit(None).cast("string"))
    if earlier is not None:
        marked = _marked(rows, contract, earlier)
    columns = [*sorted(contract.required | set(contract.key)), IN_EARLIER_SLICE]
    derived = _derived(quantities) if holds_observations(contract) else {}
    return marked.select(*columns, *(column.alias(name) for name, column in derived.items()))


def _marked(rows: "DataFrame", contract: TableContract, earlier: "DataFrame") -> "DataFrame":
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit

    key = F.concat_ws(" ", *(F.col(column).cast("string") for column in contract.key))
    seen = earlier.select(*contract.key).distinct().withColumn(IN_EARLIER_SLICE, key).alias("seen")
    same_key = [F.col(f"slice.{column}").eqNullSafe(F.col(f"seen.{column}")) for column in contract.key]
    joined = rows.alias("slice").join(seen, on=same_key, how="left")
    return joined.select("slice.*", IN_EARLIER_SLICE)


def _derived(quantities: Iterable[Quantity]) -> "dict[str, Column]":
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit

    value, time = F.col("value"), F.col("phenomenon_time")
    claims_to_be_good = ~F.col("flag").isin(4, 9)
    ahead_micros = F.unix_micros(time) - F.unix_micros("ingest_time")
    values = {
        value_column(quantity): F.when((F.col("property") == quantity.name) & claims_to_be_good, value)
        for quantity in quantities
    }
    return {
        **values,
        PROPERTY_IN_UNIT: F.concat_ws(" in ", "property", "unit"),
        FLAG_WITH_VALUE: F.when(value.isNotNull(), F.col("flag")),
        FLAG_WITHOUT_VALUE: F.when(value.isNull(), F.col("flag")),
        PHENOMENON_YEAR: F.when(claims_to_be_good, F.year(time)),
        PHENOMENON_AHEAD_S: F.when(claims_to_be_good, ahead_micros / 1e6),
    }
