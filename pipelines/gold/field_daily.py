"""gold.field_daily: weather, reference evapotranspiration and soil moisture of each field and day.

How readings come to a day stands in pipelines/gold/series.py.
"""

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.agronomy.reference_et import METHOD, Day, reference_et_mm
from pipelines.contracts.tables import table
from pipelines.gold.series import DAY_S, intervals_of

TABLE = "gold.field_daily"

# What reference evapotranspiration is made from, in the order of `Day`.
_INPUTS = (
    "air_temperature_min_c",
    "air_temperature_max_c",
    "actual_vapour_pressure_kpa",
    "solar_radiation_mj_m2",
    "wind_speed_mean_m_s",
    "wind_height_m",
    "elevation_m",
    "latitude_deg",
    "day_of_year",
)


def build(connection: duckdb.DuckDBPyConnection, *, silver_version: int) -> pa.Table:
    """Build the table from the relations `hours` (pipelines.gold.series) and `fields`.

    Shape: one row per (field_id, date); columns of the contract, in its order; by date, then field.
    Units: canonical units of schemas/quantities.yaml in; the unit in the column's name out.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 6 (`eto_mm`) and 54 (`actual_vapour_pressure_kpa`).

    Args:
        connection: Where the relations are.
        silver_version: Version of silver.observations that they were made from.
    """
    contract = table(TABLE)
    days = connection.sql(f"""
        select days.*, wind_height_m, elevation_m, latitude_deg, dayofyear(date)::double as day_of_year
        from ({intervals_of(["field_id", "date"], DAY_S)}) days join fields using (field_id)
        order by date, field_id
    """).to_arrow_table()  # noqa: S608 - SQL of ours
    inputs = (days[name].to_numpy().astype(np.float64) for name in _INPUTS)
    columns = {
        "eto_mm": pa.array(reference_et_mm(Day(*inputs)), from_pandas=True),
        "eto_method": pa.repeat(METHOD, days.num_rows),
        "silver_version": pa.repeat(silver_version, days.num_rows),
    }
    for name, values in columns.items():
        days = days.append_column(name, values)
    return days.select(contract.column_names).cast(contract.arrow_schema)
