"""gold.water_balance_daily: the water in each field's root zone, by FAO-56's dual crop coefficient.

A balance needs every day. What a day lacks is assumed, and said in `assumed`: no gauge's rain is 0; reference
evapotranspiration is the mean of the last seven days known; wind and humidity are the 2 m/s and 45 % to which FAO-56's
coefficients belong. After more than ten days without reference evapotranspiration nothing is said until it is known
again, and the balance begins anew, at the soil moisture measured that day (at field capacity where none was).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa

from pipelines.agronomy.water_balance import (
    METHOD,
    Balance,
    Crop,
    Day,
    Season,
    Soil,
    depletion_mm,
    relative_humidity_min_pct,
)
from pipelines.contracts.tables import table
from pipelines.contracts.water_balance import CropDefaults, water_balance
from pipelines.gold.irrigation import Irrigation

TABLE = "gold.water_balance_daily"
LONGEST_GAP_D = 10

DAY_COLUMNS = (
    "field_id",
    "date",
    "eto_mm",
    "precipitation_mm",
    "wind_speed_mean_m_s",
    "actual_vapour_pressure_kpa",
    "air_temperature_max_c",
    "soil_moisture_0_30cm_m3_m3",
    "soil_moisture_30_60cm_m3_m3",
)
"""Columns of gold.field_daily that the balance is made from."""

_DAYS_REMEMBERED = 7
_WIND_M_S, _HUMIDITY_PCT = 2.0, 45.0  # page 121
_DAY = timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True)
class Plot:
    """A field as the balance sees it."""

    crop: Crop
    soil: Soil
    wetted_fraction: float
    is_soil_known: bool


def build(
    days: pa.Table, fields: pa.Table, irrigation: Irrigation, *, operations_version: int, since: date = date.min
) -> pa.Table:
    """Build the rows from `since` on, for the fields and seasons that `days` has.

    Shape: one row per (field_id, date); columns of the contract, in its order; by date, then field.
    Units: mm, and what the columns' names say.
    Source: FAO Irrigation and Drainage Paper 56 (1998), chapters 7 and 8.

    Args:
        days: `DAY_COLUMNS` of gold.field_daily; of each season from its first day on.
        fields: reference.fields.
        irrigation: Water applied to a field on a day, mm.
        operations_version: Version of silver.operations that it was read from; -1 where there was none.
        since: First day that is wanted; those before it are computed all the same.
    """
    by_field = {field["field_id"]: field for field in fields.to_pylist()}
    ordered = sorted(days.select(DAY_COLUMNS).to_pylist(), key=lambda day: (day["field_id"], day["date"]))
    constants = {"balance_method": METHOD, "operations_version": operations_version}
    rows = [
        row | constants
        for field_id, of_field in groupby(ordered, key=lambda day: day["field_id"])
        if (field := by_field.get(field_id)) and field["crop"] in water_balance().crops
        for _, of_season in groupby(of_field, key=lambda day: season_of(field, day["date"]))
        for row in _season(field, list(of_season), irrigation, since)
    ]
    rows.sort(key=lambda row: (row["date"], row["field_id"]))
    return pa.Table.from_pylist(rows, schema=table(TABLE).arrow_schema)


def season_of(field: Row, day: date) -> date:
    """Return the first day of the season that a day of a field is in.

    Shape: one day.
    """
    month, of_month = map(int, (field["season_starts"] or "01-01").split("-"))
    start = date(day.year, month, of_month)
    return start if start <= day else date(day.year - 1, month, of_month)


def _season(field: Row, days: list[Row], irrigation: Irrigation, since: date) -> Iterator[Row]:
    plot, known = _plot(field), {day["date"]: day for day in days}
    season, first = Season(plot.crop, plot.soil, 0.0), season_of(field, days[0]["date"])
    recent: deque[float] = deque(maxlen=_DAYS_REMEMBERED)
    spoken_for = _spoken_for(days)
    is_balanced = False
    for today in _every_day(first, days[-1]["date"]):
        day = known.get(today, {}) | {"irrigation_mm": irrigation.get((field["field_id"], today), 0.0)}
        if today not in spoken_for:
            # Growth goes on; the water is unknown.
            season.step(Day(0.0, 0.0, 0.0, 1.0, _WIND_M_S, 2.0, _HUMIDITY_PCT))
            is_balanced = False
            continue
        assumed = [] if plot.is_soil_known else ["soil_limits"]
        if not is_balanced:
            season.begin_anew(_measured_depletion(plot.soil, season.root_depth_m, day, assumed))
            is_balanced = True
        assumed += _unknown(day)
        brought = _brought(field, plot, day, recent)
        balance = season.step(brought)
        if today >= since:
            yield _row(field, today, brought, balance, assumed)


def _every_day(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))


def _spoken_for(days: list[Row]) -> set[date]:
    """Days with reference evapotranspiration, and the short gaps between them."""
    spoken: set[date] = set()
    before: date | None = None
    for day in (day["date"] for day in days if day["eto_mm"] is not None):
        if before is not None and (day - before).days <= LONGEST_GAP_D + 1:
            spoken.update(_every_day(before, day))
        spoken.add(day)
        before = day
    return spoken


def _plot(field: Row) -> Plot:
    given = water_balance()
    tabulated = given.crops[field["crop"]]
    soil, limits = given.soil, ("wilting_point_m3_m3", "field_capacity_m3_m3")
    is_known = all(field[name] is not None for name in limits)
    wilting_point, field_capacity = (field[name] if is_known else getattr(soil, name) for name in limits)
    return Plot(
        _crop(field, tabulated),
        Soil(
            wilting_point,
            field_capacity,
            _or(field["evaporation_depth_m"], soil.evaporation_depth_m),
            _or(field["readily_evaporable_mm"], soil.readily_evaporable_mm),
            field["curve_number"],
        ),
        given.wetted_fraction[field["irrigation_system"] or "none"],
        is_known,
    )


def _crop(field: Row, tabulated: CropDefaults) -> Crop:
    initial, mid, end = (
        _or(field[f"kcb_{name}"], value) for name, value in zip(("initial", "mid", "end"), tabulated.kcb, strict=True)
    )
    first, second, third, last = (
        _or(field[f"stage_{name}_d"], value)
        for name, value in zip(("initial", "development", "mid", "late"), tabulated.stages_d, strict=True)
    )
    (height, tallest), (depth, deepest) = tabulated.height_m, tabulated.root_depth_m
    tallest, deepest = _or(field["crop_height_max_m"], tallest), _or(field["root_depth_max_m"], deepest)
    return Crop(
        (initial, mid, end),
        (first, second, third, last),
        (min(height, tallest), tallest),
        (min(depth, deepest), deepest),
        _or(field["depletion_fraction"], tabulated.depletion_fraction),
    )


def _or(said: float | None, otherwise: float) -> float:
    return otherwise if said is None else said


def _measured_depletion(soil: Soil, root_depth_m: float, day: Row, assumed: list[str]) -> float:
    """Weigh the layers that roots reach by their thickness in the root zone."""
    layers = ((0.0, 0.3, "soil_moisture_0_30cm_m3_m3"), (0.3, 0.6, "soil_moisture_30_60cm_m3_m3"))
    measured = [
        (min(bottom, root_depth_m) - top, day[name])
        for top, bottom, name in layers
        if top < root_depth_m and day.get(name) is not None
    ]
    if not measured:
        assumed.append("initial_depletion")
        return 0.0
    mean = sum(thick * moisture for thick, moisture in measured) / sum(thick for thick, _ in measured)
    return depletion_mm(soil, mean, root_depth_m)


def _unknown(day: Row) -> list[str]:
    needed = {
        "eto": ("eto_mm",),
        "precipitation": ("precipitation_mm",),
        "wind_speed": ("wind_speed_mean_m_s",),
        "humidity": ("actual_vapour_pressure_kpa", "air_temperature_max_c"),
    }
    return [said for said, names in needed.items() if any(day.get(name) is None for name in names)]


def _brought(field: Row, plot: Plot, day: Row, recent: deque[float]) -> Day:
    unknown = _unknown(day)
    if "eto" not in unknown:
        # A little below 0 where dew forms: nothing that a crop takes up.
        recent.append(max(day["eto_mm"], 0.0))
    has_no_wind = "wind_speed" in unknown
    return Day(
        sum(recent) / len(recent) if "eto" in unknown else recent[-1],
        0.0 if "precipitation" in unknown else day["precipitation_mm"],
        day["irrigation_mm"],
        plot.wetted_fraction,
        _WIND_M_S if has_no_wind else day["wind_speed_mean_m_s"],
        2.0 if has_no_wind else field["wind_height_m"],
        _HUMIDITY_PCT
        if "humidity" in unknown
        else relative_humidity_min_pct(day["actual_vapour_pressure_kpa"], day["air_temperature_max_c"]),
    )


def _row(field: Row, today: date, brought: Day, found: Balance, assumed: list[str]) -> Row:
    of_the_balance = {name: getattr(found, name) for name in Balance.__dataclass_fields__}
    return of_the_balance | {
        "field_id": field["field_id"],
        "date": today,
        "crop": field["crop"],
        "eto_mm": brought.eto_mm,
        "eta_mm": found.eta_mm,
        "rain_mm": brought.rain_mm,
        "irrigation_mm": brought.irrigation_mm,
        "assumed": assumed,
    }
