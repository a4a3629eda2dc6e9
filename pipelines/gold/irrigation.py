"""Water applied to each field on each day, from silver.operations."""

from collections.abc import Mapping
from datetime import date

import duckdb

Irrigation = Mapping[tuple[str, date], float]
"""Water applied to a field on a day, mm."""


def irrigation(connection: duckdb.DuckDBPyConnection) -> Irrigation:
    """Return the water by field and day, from the relations operations and fields.

    A volume counts where the event says over which area; flags 1 to 3 count. Water belongs to the day on which it began
    to flow. Events that only say that a tap was opened or closed, and meters' running totals, say no amount.

    Shape: (field_id, date in local standard time) -> mm; no entry for a day without water.
    Units: mm, m3 and hectares in, mm out.
    """
    rows = connection.sql("""
        select field_id,
            make_date(((epoch_us(phenomenon_time) + round(utc_offset_h * 3.6e9)::bigint) // 86400000000)::int) as date,
            sum((depth_mm * 1e10)::bigint)::double / 1e10
        from (
            select *, coalesce(water_depth_mm, water_volume_m3 / nullif(treated_area_ha * 10, 0)) as depth_mm
            from operations
        ) join fields using (field_id)
        where operation = 'irrigation' and flag in (1, 2, 3)
        group by all
    """).fetchall()
    return {(field_id, day): depth_mm for field_id, day, depth_mm in rows if depth_mm}
