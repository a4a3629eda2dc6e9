"""gold.field_hourly: weather and soil moisture of each field and hour (pipelines/gold/series.py says how)."""

import duckdb
import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.gold.series import HOUR_S, intervals_of

TABLE = "gold.field_hourly"


def build(connection: duckdb.DuckDBPyConnection, *, silver_version: int) -> pa.Table:
    """Build the table from the relation `hours` (pipelines.gold.series).

    Shape: one row per (field_id, hour_start); columns of the contract, in its order; by hour, then field.
    Units: canonical units of schemas/quantities.yaml in; the unit in the column's name out.

    Args:
        connection: Where the relation is.
        silver_version: Version of silver.observations that it was made from.
    """
    contract = table(TABLE)
    columns = ", ".join(contract.column_names)
    rows = connection.sql(f"""
        select {columns} from (
            select *, {silver_version}::bigint as silver_version
            from ({intervals_of(["field_id", "date", "hour_start"], HOUR_S)})
        ) order by hour_start, field_id
    """)  # noqa: S608 - SQL of ours
    return rows.to_arrow_table().cast(contract.arrow_schema)
