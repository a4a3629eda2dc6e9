"""How much water a well-watered reference grass would have used in a day."""

from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipelines.agronomy.humidity import saturation_vapour_pressure_kpa

METHOD = f"asce-short refet {version('refet')}"
"""The formula and the software that `reference_et_mm` applies."""

Array: TypeAlias = npt.NDArray[np.float64]

# Of a day, in the units that refet is told; it converts nothing then, and checks nothing ever.
_UNITS = {"tmin": "c", "tmax": "c", "ea": "kpa", "rs": "mj m-2 d-1", "uz": "m/s", "zw": "m", "elev": "m", "lat": "deg"}
# Outside of these the inputs are wrong, whatever the place: WMO's records, and for the height of the anemometer
# the span in which the logarithmic profile of FAO-56 eq. 47 holds.
_BOUNDS = {
    "air_temperature_min_c": (-90.0, 60.0),
    "air_temperature_max_c": (-90.0, 60.0),
    "actual_vapour_pressure_kpa": (0.0, 20.0),
    "solar_radiation_mj_m2": (0.0, 45.0),
    "wind_speed_m_s": (0.0, 75.0),
    "wind_height_m": (0.5, 100.0),
    "elevation_m": (-450.0, 6000.0),
    "latitude_deg": (-90.0, 90.0),
    "day_of_year": (1.0, 366.0),
}


@dataclass(frozen=True)
class Day:
    """What reference evapotranspiration follows from: arrays with one element per day, NaN where not known."""

    air_temperature_min_c: Array
    air_temperature_max_c: Array
    actual_vapour_pressure_kpa: Array
    solar_radiation_mj_m2: Array
    wind_speed_m_s: Array
    wind_height_m: Array
    elevation_m: Array
    latitude_deg: Array
    day_of_year: Array


def reference_et_mm(day: Day) -> Array:
    """Return grass reference evapotranspiration by Penman-Monteith.

    The wind is brought to 2 m from the anemometer's height; net radiation takes FAO-56's albedo of 0.23 and
    clear-sky radiation from elevation alone.

    Shape: one element per day in, one out.
    Units: degC, kPa, MJ/m2, m/s, m, deg -> mm. NaN where an input is absent or cannot be: outside its bounds, a
        minimum above the maximum, more vapour than the day's warmest air could hold, more radiation than there is
        outside the atmosphere, no sun all day. A little below 0 where dew forms.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 6, as ASCE-EWRI (2005) standardised it for short
        grass (daily Cn 900, Cd 0.34); check value from example 18, Uccle on 6 July: 3.9 mm (3.88 unrounded).

    Args:
        day: The days.

    Example:
        >>> uccle = (12.3, 21.5, 1.409, 22.07, 10 / 3.6, 10.0, 100.0, 50.8, 187.0)
        >>> round(float(reference_et_mm(Day(*(np.array([value]) for value in uccle)))[0]), 1)
        3.9
    """
    from refet import Daily

    day = Day(*(np.asarray(getattr(day, field.name), dtype=np.float64) for field in fields(Day)))
    with np.errstate(invalid="ignore", divide="ignore"):
        daily = Daily(
            tmin=day.air_temperature_min_c,
            tmax=day.air_temperature_max_c,
            ea=day.actual_vapour_pressure_kpa,
            rs=day.solar_radiation_mj_m2,
            uz=day.wind_speed_m_s,
            zw=day.wind_height_m,
            elev=day.elevation_m,
            lat=day.latitude_deg,
            doy=day.day_of_year,
            method="asce",
            input_units=_UNITS,
        )
        # Where the night lasts the whole day there is no cloudiness to tell from the sun.
        possible = _possible(day) & (daily.ra > 0) & (day.solar_radiation_mj_m2 <= daily.ra)
        return np.where(possible, daily.eto(), np.nan)


def _possible(day: Day) -> npt.NDArray[np.bool_]:
    inside = [(low <= getattr(day, name)) & (getattr(day, name) <= high) for name, (low, high) in _BOUNDS.items()]
    holds_its_vapour = day.actual_vapour_pressure_kpa <= saturation_vapour_pressure_kpa(day.air_temperature_max_c)
    ordered = day.air_temperature_min_c <= day.air_temperature_max_c
    possible: npt.NDArray[np.bool_] = np.logical_and.reduce([*inside, holds_its_vapour, ordered])
    return possible
