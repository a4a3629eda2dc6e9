"""Series drawn as lines."""

from collections.abc import Sequence

import numpy as np

from pipelines.quality.neighbours import LimitArrays
from pipelines.quality.series import SECOND_US, Series

HOUR_US = 3600 * SECOND_US
INF = float("inf")


def series(values: Sequence[float], every_h: float = 0.25, *, at_h: Sequence[float] | None = None) -> Series:
    """One series, a value every so many hours or at the hours given; neighbours are up to three hours apart."""
    hours = np.arange(len(values)) * every_h if at_h is None else np.array(at_h)
    return Series(
        np.zeros(len(values), np.int64),
        (hours * HOUR_US).astype(np.int64),
        np.array(values, np.float64),
        np.full(len(values), 3 * HOUR_US),
    )


def together(*all_of: Series) -> Series:
    """Several series, one after the other."""
    numbers = np.repeat(np.arange(len(all_of)), [len(each.values) for each in all_of])
    rest = (np.concatenate([getattr(each, name) for each in all_of]) for name in ("times_us", "values", "neighbour_us"))
    return Series(numbers, *rest)


def limits(of: Series, **given: float) -> LimitArrays:
    """The same limits for every row; infinite where not given."""
    none = {
        **dict.fromkeys(("spike_suspect", "spike_fail", "at_once", "per_hour", "flat_suspect_s", "flat_fail_s"), INF),
        "least_range": 0.0,
        "least_range_over_s": INF,
    }
    return LimitArrays(**{name: np.full(len(of.values), float(value)) for name, value in (none | given).items()})


def digits(flags: np.ndarray) -> str:
    return "".join(map(str, flags))
