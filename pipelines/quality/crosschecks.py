"""Tests of a value against the sun, and what soil moisture that rises must be held against."""

import numpy as np

from pipelines.agronomy.sun import SOLAR_CONSTANT_W_M2, cosine_of_zenith
from pipelines.contracts.quality import Bound, Radiation, Water
from pipelines.quality.neighbours import FAIL, GOOD, SUSPECT, Flags
from pipelines.quality.series import (
    SECOND_US,
    Floats,
    Ints,
    Series,
    Truths,
    least_and_most,
    running_us,
    starts_of_stretches,
)

# Moments of an averaging interval at which the sun is looked at.
_MOMENTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def highest_sun(times_us: Ints, interval_s: Floats, latitude_deg: Floats, longitude_deg: Floats) -> Floats:
    """Return the greatest cosine of the zenith angle within each value's averaging interval.

    Units: microseconds since 1970, UTC; s; degrees -> 1.
    """
    start_s = times_us / SECOND_US
    heights = [cosine_of_zenith(start_s + moment * interval_s, latitude_deg, longitude_deg) for moment in _MOMENTS]
    highest: Floats = np.max(heights, axis=0)
    return highest


def radiation_above_possible(values: Floats, highest: Floats, limits: Radiation) -> Flags:
    """Flag radiation (W/m2) above what the sun, at its highest within the interval, can give."""
    above = np.maximum(highest, 0) ** 1.2 * SOLAR_CONSTANT_W_M2
    tests = [values > _bound(limits.possible, above), values > _bound(limits.rare, above)]
    return np.select(tests, [FAIL, SUSPECT], GOOD).astype(np.int8)


def radiation_at_night(values: Floats, highest: Floats, limits: Radiation) -> Flags:
    """Flag radiation (W/m2), either way, while the sun is far below the horizon."""
    is_night = highest < np.sin(np.radians(limits.night_elevation_deg))
    return np.where(is_night & (np.abs(values) > limits.night_most), SUSPECT, GOOD).astype(np.int8)


def rises(series: Series, limits: Water) -> Truths:
    """Say which values (m3/m3) are higher than one shortly before, by more than soil moisture rises without water."""
    follows = series.follows
    clock = running_us(series.elapsed_us, follows)
    first = np.searchsorted(clock, clock - limits.rise_within_s * SECOND_US, side="left")
    first = np.maximum(first, starts_of_stretches(follows))
    least, _ = least_and_most(series.values, first, np.arange(len(clock)))
    is_rise: Truths = series.values - least > limits.rise
    return is_rise


def _bound(bound: Bound, above: Floats) -> Floats:
    return bound.factor * above + bound.constant
