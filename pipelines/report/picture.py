"""The README's picture: one field's newest two years at a glance."""

from pathlib import Path

import pandas as pd

from pipelines.errors import DataRefused
from pipelines.lake.tables import Lake
from pipelines.report import plots
from pipelines.report.canvas import png
from pipelines.report.season import LAYERS, calendar_year, field_days, moisture

WIDTH_PX, HEIGHT_PX = 1200, 600
YEARS_SHOWN = 2


def draw(lake: Lake, into: Path) -> str:
    """Write the picture of the first field as PNG and return the field's name.

    Raises:
        DataRefused: There are no field-days to draw.
    """
    days = field_days(lake)
    if days.empty:
        raise DataRefused(
            "There is nothing to draw yet",
            where=str(lake.path("gold.field_daily")),
            expected="field-days",
            got="none",
            fix="Build gold first.",
        )
    field_id = str(days["field_id"].min())
    own = days[days["field_id"] == field_id]
    newest = sorted(int(year) for year in own["date"].dt.year.unique())[-YEARS_SHOWN:]
    years = [(year, calendar_year(own, field_id, year)) for year in newest]
    png(into, lambda figure: plots.overview(years, _limits(own), figure), width_px=WIDTH_PX, height_px=HEIGHT_PX)
    return field_id


def _limits(days: pd.DataFrame) -> dict[str, plots.Limits]:
    return plots.weather_limits(days) | {
        "soil_moisture": plots.around(days[[moisture(layer) for layer in LAYERS]].to_numpy(float)),
        "precipitation_mm": (0.0, plots.rain_limit(days)),
    }
