"""Tests of a value against its neighbours in time: QARTOD's, and those of the device's clock.

Every test is a function of the rows within a bounded time around the one it judges, so that flags come out the same
whether rows are judged all at once or as they come.

Only usable values are judged: those the kernel did not flag 4 or 9. A failed value is no neighbour.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.contracts.quality import EverySeries
from pipelines.quality.series import (
    SECOND_US,
    Floats,
    Ints,
    Series,
    Truths,
    covered,
    following,
    least_and_most,
    running_us,
    starts_of_stretches,
)

GOOD, SUSPECT, FAIL = 1, 3, 4

Flags = npt.NDArray[np.int8]

_HOUR_US = 3600 * SECOND_US
# A gateway's delay varies by seconds.
_NEARLY_US = 60 * SECOND_US


@dataclass(frozen=True)
class LimitArrays:
    """The limits of each row's quantity (schemas/quality.yaml), infinite where it has none."""

    spike_suspect: Floats
    spike_fail: Floats
    at_once: Floats
    per_hour: Floats
    flat_suspect_s: Floats
    flat_fail_s: Floats
    least_range: Floats
    least_range_over_s: Floats

    def of(self, places: Ints) -> "LimitArrays":
        """Return the limits of some of the rows."""
        return LimitArrays(**{name: each[places] for name, each in vars(self).items()})


def spike(series: Series, limits: LimitArrays) -> Flags:
    """Flag values that leave their neighbours and are left again in the other direction.

    The smaller of both changes counts, so that a step, which stays, is none. QARTOD test 7, differential method.
    """
    before = series.changes
    after = following(before, np.nan)
    size = np.where(before * after < 0, np.minimum(np.abs(before), np.abs(after)), 0)
    return _two_limits(size, limits.spike_suspect, limits.spike_fail)


def rate_of_change(series: Series, limits: LimitArrays) -> Flags:
    """Flag values that differ from their neighbour before by more than may change in the time. QARTOD test 8."""
    hours = np.maximum(series.elapsed_us, 0) / _HOUR_US
    with np.errstate(invalid="ignore"):
        allowed = np.fmax(limits.at_once, limits.per_hour * hours)
    return _suspect(np.abs(series.changes) > allowed)


def flat_line(series: Series, limits: LimitArrays) -> Flags:
    """Flag every value of a stretch in which nothing changes for too long. QARTOD test 9, by time."""
    is_same = series.follows & (series.changes == 0)
    starts = starts_of_stretches(is_same)
    ends = np.flatnonzero(~following(is_same, False))
    durations_s = (series.times_us[ends] - series.times_us[starts[ends]]) / SECOND_US
    lasting = np.repeat(durations_s, ends - starts[ends] + 1)
    return _two_limits(lasting, limits.flat_suspect_s, limits.flat_fail_s, at_limit=True)


def attenuated_signal(series: Series, limits: LimitArrays) -> Flags:
    """Flag every value of a time over which the values range too little. QARTOD test 11, by range."""
    follows = series.follows
    clock = running_us(series.elapsed_us, follows)
    judged = np.flatnonzero(np.isfinite(limits.least_range_over_s))
    over_us = (limits.least_range_over_s[judged] * SECOND_US).astype(np.int64)
    first = np.searchsorted(clock, clock[judged] - over_us, side="right") - 1
    is_whole = first >= starts_of_stretches(follows)[judged]
    first, last = first[is_whole], judged[is_whole]
    least, most = least_and_most(series.values, first, last)
    is_narrow = most - least < limits.least_range[last]
    return _suspect(covered(first[is_narrow], last[is_narrow], len(series.values)))


def gap(series: Series, limits: EverySeries) -> Flags:
    """Flag values before which the series was silent, three times longer than until its next value. QARTOD test 1.

    A sensor that reports once a day is silent for no longer than is its way. The first value ever is flagged too.
    """
    silence_us = limits.silence_s * SECOND_US
    elapsed = series.elapsed_us
    before = np.where(elapsed < 0, silence_us, np.minimum(elapsed, silence_us))
    after = following(elapsed, -1)
    return _suspect((after >= 0) & (before > np.maximum(series.neighbour_us, 3 * after)))


def repeated_time(series: Series) -> Flags:
    """Flag values at a time at which their series has another one."""
    is_repeated = series.elapsed_us == 0
    return _suspect(is_repeated | following(is_repeated, False))


def ahead_of_receipt(times_us: Ints, received_us: Ints, limits: EverySeries) -> Flags:
    """Flag values whose time is later than when they came."""
    return _suspect(times_us - received_us > limits.ahead_s * SECOND_US)


def clock_off_by_an_hour(series: Series, result_times_us: Ints, limits: EverySeries) -> Flags:
    """Flag values of a device whose time has stepped by an hour against that of its messages, and not yet back."""
    lags = result_times_us - series.times_us
    timely = np.flatnonzero(np.abs(lags) <= limits.clock_lag_s * SECOND_US)
    timely = timely[np.lexsort((series.times_us[timely], result_times_us[timely], series.numbers[timely]))]
    numbers, results, lags = series.numbers[timely], result_times_us[timely], lags[timely]
    elapsed = np.where(np.diff(numbers, prepend=-1) == 0, np.diff(results, prepend=0), -1)
    follows = (elapsed >= 0) & (elapsed <= limits.neighbour_s * SECOND_US)
    jumps = np.diff(lags, prepend=0)
    is_step = follows & (np.abs(np.abs(jumps) - _HOUR_US) <= _NEARLY_US)
    steps = np.cumsum(np.where(is_step, np.sign(jumps), 0))
    clock = running_us(elapsed, follows)
    forgotten = np.searchsorted(clock, clock - limits.clock_memory_s * SECOND_US, side="right") - 1
    since = np.maximum(forgotten, starts_of_stretches(follows))
    flags = np.full(len(result_times_us), GOOD, np.int8)
    flags[timely] = _suspect(steps != steps[since])
    return flags


def _suspect(is_suspect: Truths) -> Flags:
    return np.where(is_suspect, SUSPECT, GOOD).astype(np.int8)


def _two_limits(sizes: Floats, suspect: Floats, fail: Floats, *, at_limit: bool = False) -> Flags:
    beyond = np.greater_equal if at_limit else np.greater
    with np.errstate(invalid="ignore"):
        return np.select([beyond(sizes, fail), beyond(sizes, suspect)], [FAIL, SUSPECT], GOOD).astype(np.int8)
