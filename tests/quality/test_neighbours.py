"""Each test on a drawn series, flag by flag.

`ioos_qc` marks what version 3.0.0 of that program says of the same series, first and last values aside (it gives 2
where a test is not defined, we leave them good).
"""

import numpy as np
import pytest

from pipelines.contracts.quality import quality
from pipelines.quality import neighbours
from pipelines.quality.series import SECOND_US
from tests.quality.drawn import HOUR_US, digits, limits, series, together

EVERY = quality().every_series
# The example of ioos_qc's own test of the rate of change: every 15 minutes, at most 5 in between.
JUMPY = [2, 10, 2.1, 3, 4, 5, 7, 10, 0, 2, 2.2, 2, 1, 2, 3, 90, 91, 92, 93, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("values", "suspect", "fail", "flags"),
    [
        (JUMPY, 4, 8.2, "131111111111111111111111"),  # ioos_qc, differential: there 7.9 and back
        # ioos_qc's example; its other method also fails both neighbours of the spike, 12 and 13.
        ([10, 12, 999.99, 13, 15, 40, 9, 9], 25, 50, "11411111"),  # 40 - 15 is not more than 25
        ([10, 12, 999.99, 13, 15, 40, 9, 9], 24, 50, "11411311"),
        ([0.20, 0.20, 0.31, 0.31, 0.30, 0.30], 0.05, 0.15, "111111"),  # irrigation: a step that stays
        ([20, 85, 20, 21], 3, 10, "1411"),  # a DS18B20 that lost its supply
        ([5, 5, 9], 3, 10, "111"),  # nothing can be said of an end
    ],
)
def test_spike(values: list[float], suspect: float, fail: float, flags: str) -> None:
    drawn = series(values)
    assert digits(neighbours.spike(drawn, limits(drawn, spike_suspect=suspect, spike_fail=fail))) == flags


def test_no_spike_across_a_silence() -> None:
    drawn = series([1, 9, 1], at_h=[0, 1, 5])
    assert digits(neighbours.spike(drawn, limits(drawn, spike_suspect=3))) == "111"


@pytest.mark.parametrize(
    ("values", "every_h", "at_once", "per_hour", "flags"),
    [
        (JUMPY, 0.25, 5, 0, "133111113111111311131111"),  # ioos_qc
        ([10, 14, 18], 0.5, 3, 10, "111"),  # 4 in half an hour: 5 are allowed
        ([10, 14, 18], 0.25, 3, 10, "133"),  # 4 in a quarter: 3 are, at once
        ([10, 90, 10], 4, 3, 10, "111"),  # four hours apart: no neighbours
    ],
)
def test_rate_of_change(values: list[float], every_h: float, at_once: float, per_hour: float, flags: str) -> None:
    drawn = series(values, every_h)
    assert digits(neighbours.rate_of_change(drawn, limits(drawn, at_once=at_once, per_hour=per_hour))) == flags


@pytest.mark.parametrize(
    ("values", "every_h", "flags"),
    [
        # Suspect after 1 h, fail after 2 h. ioos_qc flags the ends of the same stretches, we the whole of them.
        ([1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 5, 5, 5, 6, 7, 7, 7, 7, 7, 7, 7], 0.25, "144444444411111113333333"),
        ([5, 5, 5.001, 5, 5], 0.5, "11111"),
        ([5, 5, 5], 4, "111"),  # no neighbours, no stretch
        ([5, 5], 1, "33"),
    ],
)
def test_flat_line(values: list[float], every_h: float, flags: str) -> None:
    drawn = series(values, every_h)
    assert digits(neighbours.flat_line(drawn, limits(drawn, flat_suspect_s=3600, flat_fail_s=7200))) == flags


def test_a_flat_line_ends_with_its_series() -> None:
    drawn = together(series([5, 5, 5]), series([5, 5, 5]))
    assert digits(neighbours.flat_line(drawn, limits(drawn, flat_suspect_s=3600))) == "111111"


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        # At least 0.5 within any hour; five values span one.
        ([1, 3, 1, 3, 1, 2, 2.1, 2, 2.1, 2, 2.1, 2, 2.1, 2, 2.1, 2, 5, 1, 5, 1], "11111333333333331111"),
        ([2, 2.1, 2, 2.1], "1111"),  # three quarters of an hour: too short to say
        ([2, 2.1, 2, 2.1, 2], "33333"),
    ],
)
def test_attenuated_signal(values: list[float], flags: str) -> None:
    drawn = series(values)
    assert digits(neighbours.attenuated_signal(drawn, limits(drawn, least_range=0.5, least_range_over_s=3600))) == flags


@pytest.mark.parametrize(
    ("at_h", "flags"),
    [
        ([0, 0.5, 1, 1.5], "3111"),  # the first ever: nothing was before
        ([0, 0.5, 1, 5, 5.5, 6], "311311"),
        ([0, 0.5, 2.5, 3], "3111"),  # two hours: three at least are a gap
        ([0, 12, 24, 36], "1111"),  # twice a day is its way
        ([0, 0.5, 24], "311"),  # nothing after it yet: not known
    ],
)
def test_gap(at_h: list[float], flags: str) -> None:
    assert digits(neighbours.gap(series([0] * len(at_h), at_h=at_h), EVERY)) == flags


def test_repeated_time_flags_all_of_them() -> None:
    """Clocks are put back from 2:00 to 1:00, and half past one comes twice."""
    assert digits(neighbours.repeated_time(series([1, 2, 3, 4, 5], at_h=[1, 1.5, 1.5, 2, 2.5]))) == "13311"


def test_ahead_of_receipt_by_more_than_five_minutes() -> None:
    times = np.array([0, 300, 301, 3600]) * SECOND_US
    assert digits(neighbours.ahead_of_receipt(times, np.zeros(4, np.int64), EVERY)) == "1133"


@pytest.mark.parametrize(
    ("lags_h", "flags"),
    [
        ([0, 0, 0, 0], "1111"),
        ([0, 0, -1, -1, -1], "11333"),  # summer time begins: the device is an hour ahead
        ([1, 1, 0, 0, 1, 1], "113311"),  # and was put right
        ([0, 0, 0.5, 0.5], "1111"),  # half an hour is no daylight saving
        ([0, 0, 5, 0, 0], "11111"),  # a value out of a memory, hours late
    ],
)
def test_clock_off_by_an_hour(lags_h: list[float], flags: str) -> None:
    """Messages come every half hour; the device's time is so many hours behind theirs."""
    results = np.arange(len(lags_h)) * HOUR_US // 2
    times_h = results / HOUR_US - np.array(lags_h)
    order = np.argsort(times_h, kind="stable")
    drawn = series([0.0] * len(lags_h), at_h=times_h[order])
    found = np.empty(len(lags_h), np.int8)
    found[order] = neighbours.clock_off_by_an_hour(drawn, results[order], EVERY)
    assert digits(found) == flags


def test_a_step_of_the_clock_is_forgotten_after_twelve_hours() -> None:
    results = np.arange(60) * HOUR_US // 2
    lags = np.where(np.arange(60) >= 10, -HOUR_US, 0)
    drawn = series([0.0] * 60, at_h=(results - lags) / HOUR_US)
    found = neighbours.clock_off_by_an_hour(drawn, results, EVERY)
    assert digits(found) == "1" * 10 + "3" * 24 + "1" * 26


def test_series_do_not_see_one_another() -> None:
    drawn = together(series([1, 2]), series([90, 2]))
    every = limits(drawn, spike_suspect=1, at_once=5, per_hour=0)
    assert digits(neighbours.spike(drawn, every)) == "1111"
    assert digits(neighbours.rate_of_change(drawn, every)) == "1113"
    assert digits(neighbours.repeated_time(together(series([1]), series([1])))) == "11"
