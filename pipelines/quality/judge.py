"""Every test over rows of observations: which do not pass, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.quality import INTERVALS, Limits, Quality
from pipelines.quality import crosschecks, neighbours
from pipelines.quality.neighbours import GOOD, Flags, LimitArrays
from pipelines.quality.series import SECOND_US, Floats, Ints, Series, Truths

REASONS = (
    "spike",
    "rate_of_change",
    "flat_line",
    "attenuated_signal",
    "gap",
    "repeated_time",
    "ahead_of_receipt",
    "clock_off_by_an_hour",
    "radiation_above_possible",
    "radiation_at_night",
)
"""Whatever `judge` can find; `rise_without_water` is left to who knows of water."""
RISE = "rise_without_water"

_NO_LIMITS = Limits()


@dataclass(frozen=True)
class Found:
    """Flags other than good: the row's place, the reason and the flag."""

    places: Ints
    reasons: npt.NDArray[np.str_]
    flags: Flags


@dataclass(frozen=True)
class Rows:
    """Observations in order of series, time and event, as arrays."""

    series: Series
    properties: npt.NDArray[np.str_]
    """Names of the properties, and with `property_codes` each row's."""
    property_codes: Ints
    result_times_us: Ints
    received_us: Ints
    is_usable: Truths
    interval_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats

    def places_of(self, name: str) -> Ints:
        """Return the places of a property's usable values."""
        (codes,) = np.nonzero(self.properties == name)
        return np.flatnonzero(np.isin(self.property_codes, codes) & self.is_usable)


def rows_of(table: pa.Table, quality: Quality) -> Rows:
    """Lay out a table that is in order of series, time and event.

    Shape: device_id, property, channel, depth_cm, time_us, result_us, received_us, value, is_usable, interval_s,
        latitude_deg, longitude_deg; the last two are null where the device has no place.
    """
    kinds = table["property"].combine_chunks().dictionary_encode()
    interval_s = table["interval_s"].to_numpy()
    neighbour_s = np.maximum(quality.every_series.neighbour_s, INTERVALS * interval_s)
    return Rows(
        series=Series(
            _series_numbers(table),
            table["time_us"].to_numpy(),
            _floats(table["value"]),
            neighbour_s.astype(np.int64) * SECOND_US,
        ),
        properties=np.array(kinds.dictionary.to_pylist(), np.str_),
        property_codes=kinds.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        result_times_us=table["result_us"].to_numpy(),
        received_us=table["received_us"].to_numpy(),
        is_usable=table["is_usable"].to_numpy(),
        interval_s=interval_s.astype(np.float64),
        latitude_deg=_floats(table["latitude_deg"]),
        longitude_deg=_floats(table["longitude_deg"]),
    )


def judge(rows: Rows, quality: Quality) -> Found:
    """Judge every row by its neighbours, its receipt and the sun."""
    tests = [(name, places, flags) for name, places, flags in _tests(rows, quality) if len(places)]
    bad = [(name, places[flags != GOOD], flags[flags != GOOD]) for name, places, flags in tests]
    return Found(
        np.concatenate([np.zeros(0, np.int64), *(places for _, places, _ in bad)]),
        np.concatenate([np.zeros(0, np.str_), *(np.full(len(places), name) for name, places, _ in bad)]),
        np.concatenate([np.zeros(0, np.int8), *(flags for _, _, flags in bad)]),
    )


def rise_places(rows: Rows, quality: Quality) -> Ints:
    """Return the places of soil moisture that rose faster than it does without water."""
    places = rows.places_of("soil_moisture")
    return places[crosschecks.rises(rows.series.of(places), quality.water)]


def _tests(rows: Rows, quality: Quality) -> Iterator[tuple[str, Ints, Flags]]:
    every = quality.every_series
    arrived = np.arange(len(rows.is_usable))
    yield "gap", arrived, neighbours.gap(rows.series, every)
    usable = np.flatnonzero(rows.is_usable)
    series, limits = rows.series.of(usable), _limit_arrays(rows, quality).of(usable)
    yield "spike", usable, neighbours.spike(series, limits)
    yield "rate_of_change", usable, neighbours.rate_of_change(series, limits)
    yield "flat_line", usable, neighbours.flat_line(series, limits)
    yield "attenuated_signal", usable, neighbours.attenuated_signal(series, limits)
    yield "repeated_time", usable, neighbours.repeated_time(series)
    yield "ahead_of_receipt", usable, neighbours.ahead_of_receipt(series.times_us, rows.received_us[usable], every)
    results = rows.result_times_us[usable]
    yield "clock_off_by_an_hour", usable, neighbours.clock_off_by_an_hour(series, results, every)
    yield from _by_the_sun(rows, quality)


def _by_the_sun(rows: Rows, quality: Quality) -> Iterator[tuple[str, Ints, Flags]]:
    places = rows.places_of("solar_radiation")
    places = places[np.isfinite(rows.latitude_deg[places]) & np.isfinite(rows.longitude_deg[places])]
    values, times_us = rows.series.values[places], rows.series.times_us[places]
    highest = crosschecks.highest_sun(
        times_us, rows.interval_s[places], rows.latitude_deg[places], rows.longitude_deg[places]
    )
    limits = quality.radiation
    yield "radiation_above_possible", places, crosschecks.radiation_above_possible(values, highest, limits)
    yield "radiation_at_night", places, crosschecks.radiation_at_night(values, highest, limits)


def _limit_arrays(rows: Rows, quality: Quality) -> LimitArrays:
    known = [quality.quantities.get(str(name), _NO_LIMITS) for name in rows.properties]
    return LimitArrays(
        **{
            each.name: np.array([getattr(limits, each.name) for limits in known], np.float64)[rows.property_codes]
            for each in fields(Limits)
        }
    )


def _series_numbers(table: pa.Table) -> Ints:
    is_new = np.zeros(table.num_rows, np.bool_)
    for name in ("device_id", "property", "channel", "depth_cm"):
        codes = table[name].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        is_new[1:] |= np.diff(codes) != 0
    return np.cumsum(is_new, dtype=np.int64)


def _floats(column: pa.ChunkedArray) -> Floats:
    filled: Floats = pc.fill_null(column, np.nan).to_numpy()
    return filled
