"""A field's days: gold by calendar year, with its gaps, its rises in soil moisture and its coverage."""

from enum import Enum

import numpy as np
import pandas as pd
from deltalake.exceptions import DeltaError

from pipelines.contracts import tables
from pipelines.lake.tables import Lake

RISE_M3_M3 = 0.02
# The smallest depth a tipping bucket counts: gauges under-read, so little rain is taken for rain.
RAIN_MM = 0.2
USABLE_SHARE = 0.9

LAYERS = tuple(
    name.removeprefix("soil_moisture_").removesuffix("_m3_m3")
    for name in tables.table("gold.field_daily").column_names
    if name.startswith("soil_moisture_") and name.endswith("_m3_m3")
)
COVERAGES = tuple(name for name in tables.table("gold.field_daily").column_names if name.endswith("_coverage"))


class RiseCause(Enum):
    """What the rain gauge says about a rise in soil moisture."""

    RAIN = "rise with rain"
    NO_RAIN = "rise without rain"
    UNKNOWN = "rise, rain not measured"


def moisture(layer: str) -> str:
    """Return the gold column of a layer's soil moisture."""
    return f"soil_moisture_{layer}_m3_m3"


def field_days(lake: Lake) -> pd.DataFrame:
    """Return gold.field_daily, ordered, with `date` as a timestamp."""
    return _ordered(lake.read("gold.field_daily").to_pandas())


def water_days(lake: Lake) -> pd.DataFrame:
    """Return gold.water_balance_daily, ordered, with `date` as a timestamp."""
    return _ordered(lake.read("gold.water_balance_daily").to_pandas())


def field_days_at(lake: Lake, version: int) -> pd.DataFrame | None:
    """Return gold.field_daily at a version; None where that cannot be read (any more)."""
    if not 0 <= version <= lake.version("gold.field_daily"):
        return None
    try:
        return _ordered(lake.read("gold.field_daily", version).to_pandas())
    except (FileNotFoundError, DeltaError):  # maintenance has removed old files or their log
        return None


def _ordered(days: pd.DataFrame) -> pd.DataFrame:
    days["date"] = pd.to_datetime(days["date"])
    return days.sort_values(["field_id", "date"], ignore_index=True)


def calendar_year(days: pd.DataFrame, field_id: str, year: int) -> pd.DataFrame:
    """Return one field's year with a row for every day; a day that gold does not have is all null.

    Lines drawn over the result break where there is nothing.
    """
    own = days[(days["field_id"] == field_id) & (days["date"].dt.year == year)]
    every_day = pd.date_range(f"{year}-01-01", f"{year}-12-31", name="date")
    filled: pd.DataFrame = own.set_index("date").reindex(every_day)
    return filled


def rises(year: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return the days on which a layer's soil moisture began to rise, with what the gauge says.

    A rise is RISE_M3_M3 or more from one day to the next; of several in a row the first counts. Rain counts when
    RAIN_MM or more fell on that day or the day before.

    Shape: rows of calendar_year in; one row per rise out, indexed by date: soil_moisture_m3_m3, cause.
    """
    wet = year[moisture(layer)].astype(float)
    rising = wet.diff() >= RISE_M3_M3
    begins = rising & ~rising.shift(fill_value=False)
    rain = year["precipitation_mm"].astype(float)
    fell = (rain >= RAIN_MM) | (rain.shift() >= RAIN_MM)
    measured = rain.notna() & rain.shift().notna()
    dry = np.where(measured, RiseCause.NO_RAIN.value, RiseCause.UNKNOWN.value)
    cause = pd.Series(np.where(fell, RiseCause.RAIN.value, dry), index=year.index)
    return pd.DataFrame({"soil_moisture_m3_m3": wet[begins], "cause": cause[begins]})


def coverage(days: pd.DataFrame) -> pd.DataFrame:
    """Return, per field and year, the days in gold and on how many each quantity was usable.

    Shape: one row per field and year: field_id, year, days, then one column per coverage column of gold.
    """
    grouped = days.assign(year=days["date"].dt.year).groupby(["field_id", "year"])
    usable = {name: grouped[name].agg(lambda shares: int((shares >= USABLE_SHARE).sum())) for name in COVERAGES}
    return pd.DataFrame({"days": grouped.size(), **usable}).reset_index()
