"""Rows in order of series and time, and what of their neighbours a test may look at."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
Values = TypeVar("Values", Floats, Ints, Truths)

SECOND_US = 1_000_000
# Between stretches, on the clock that runs over all of them: further than any test looks.
_APART_US = 30 * 86_400 * SECOND_US


@dataclass(frozen=True)
class Series:
    """Rows of many series, each series in one piece and in order of time.

    A stretch is a piece of a series in which no two rows are further apart than neighbours may be.
    """

    numbers: Ints
    """Which series a row belongs to, ascending."""
    times_us: Ints
    values: Floats
    neighbour_us: Ints
    """How far apart neighbours may be."""

    def of(self, places: Ints) -> "Series":
        """Return some of the rows, in order."""
        return Series(self.numbers[places], self.times_us[places], self.values[places], self.neighbour_us[places])

    @property
    def elapsed_us(self) -> Ints:
        """Return the time since the row before, -1 for the first of a series."""
        elapsed = np.full(len(self.times_us), -1, np.int64)
        elapsed[1:] = np.where(np.diff(self.numbers) == 0, np.diff(self.times_us), -1)
        return elapsed

    @property
    def follows(self) -> Truths:
        """Say which rows have the row before as a neighbour."""
        elapsed = self.elapsed_us
        return (elapsed >= 0) & (elapsed <= self.neighbour_us)

    @property
    def changes(self) -> Floats:
        """Return the change since the neighbour before, NaN where there is none."""
        changes = np.full(len(self.values), np.nan)
        changes[1:] = np.diff(self.values)
        changes[~self.follows] = np.nan
        return changes


def running_us(elapsed_us: Ints, follows: Truths) -> Ints:
    """Return a clock that never runs back over all stretches, true within each, and jumps far between them."""
    return np.cumsum(np.where(follows, np.minimum(elapsed_us, _APART_US), _APART_US))


def starts_of_stretches(follows: Truths) -> Ints:
    """Return for each row the place of the first row of its stretch."""
    return np.maximum.accumulate(np.where(follows, 0, np.arange(len(follows))))


def following(values: Values, fill: float) -> Values:
    """Return what each row's next one has; `fill` after the last."""
    shifted = np.full_like(values, fill)
    shifted[:-1] = values[1:]
    return shifted


def least_and_most(values: Floats, first: Ints, last: Ints) -> tuple[Floats, Floats]:
    """Return the least and the greatest of the values at first..last (inclusive), for each pair of places.

    By doubling: two overlapping pieces whose length is a power of two cover any span.
    """
    least, most = np.full(len(first), np.nan), np.full(len(first), np.nan)
    low, high = values, values
    exponents = np.log2(np.maximum(last - first + 1, 1)).astype(np.int64) if len(first) else first
    for exponent in range(int(exponents.max(initial=0)) + 1):
        piece = 1 << exponent
        if exponent:
            half = piece >> 1
            low, high = np.minimum(low[:-half], low[half:]), np.maximum(high[:-half], high[half:])
        here = np.flatnonzero(exponents == exponent)
        a, b = first[here], last[here] - piece + 1
        least[here], most[here] = np.minimum(low[a], low[b]), np.maximum(high[a], high[b])
    return least, most


def covered(first: Ints, last: Ints, length: int) -> Truths:
    """Say which of `length` places lie in any of the spans first..last (inclusive)."""
    depth = np.zeros(length + 1, np.int64)
    np.add.at(depth, first, 1)
    np.add.at(depth, last + 1, -1)
    return np.cumsum(depth[:-1]) > 0
