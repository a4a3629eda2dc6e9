"""How high the sun stands, and what it gives above the air."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SOLAR_CONSTANT_W_M2 = 1361.0

_DAY_S = 86_400.0
_DAYS_PER_YEAR = 365.2422
# The year is counted from here; leap days move a date by less than a day, 0.4 degrees of declination at most.
_NEW_YEAR_2000_S = 946_684_800.0


def _year_angle(time_s: Any) -> Any:
    days = (np.asarray(time_s, np.float64) - _NEW_YEAR_2000_S) / _DAY_S
    return 2 * np.pi * (np.mod(days, _DAYS_PER_YEAR) / _DAYS_PER_YEAR)


def declination_deg(time_s: Any) -> Any:
    """Return the sun's declination.

    Shape: as the times.
    Units: seconds since 1970, UTC -> degrees.
    Source: Spencer (1971), in Duffie and Beckman, Solar Engineering of Thermal Processes, eq. 1.6.1b; check value from
        its example 1.6.1 (13 February: -14).
    """
    b = _year_angle(time_s)
    return np.degrees(
        0.006918
        - 0.399912 * np.cos(b)
        + 0.070257 * np.sin(b)
        - 0.006758 * np.cos(2 * b)
        + 0.000907 * np.sin(2 * b)
        - 0.002697 * np.cos(3 * b)
        + 0.00148 * np.sin(3 * b)
    )


def equation_of_time_min(time_s: Any) -> Any:
    """Return by how much the sun is ahead of a mean sun.

    Shape: as the times.
    Units: seconds since 1970, UTC -> minutes.
    Source: Spencer (1971), in Duffie and Beckman, eq. 1.5.3; check value from its example 1.5.1 (3 February: -13.5).
    """
    b = _year_angle(time_s)
    return 229.2 * (
        0.000075 + 0.001868 * np.cos(b) - 0.032077 * np.sin(b) - 0.014615 * np.cos(2 * b) - 0.04089 * np.sin(2 * b)
    )


def cosine_of_zenith(time_s: Any, latitude_deg: Any, longitude_deg: Any) -> Floats:
    """Return the cosine of the sun's zenith angle, negative below the horizon; no refraction.

    Shape: as the inputs.
    Units: seconds since 1970, UTC; degrees, north and east positive -> 1.
    Source: Duffie and Beckman, eq. 1.6.5; check value from its example 1.6.2 (zenith angle 66.5).

    Args:
        time_s: Time.
        latitude_deg: Latitude.
        longitude_deg: Longitude.
    """
    time_s = np.asarray(time_s, np.float64)
    utc_h = np.mod(time_s, _DAY_S) / 3600
    solar_h = utc_h + np.asarray(longitude_deg) / 15 + equation_of_time_min(time_s) / 60
    hour_angle = np.radians(15 * (solar_h - 12))
    declination, latitude = np.radians(declination_deg(time_s)), np.radians(latitude_deg)
    cosine: Floats = np.sin(declination) * np.sin(latitude) + np.cos(declination) * np.cos(latitude) * np.cos(
        hour_angle
    )
    return cosine
