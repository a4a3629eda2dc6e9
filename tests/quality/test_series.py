"""Windows over rows, against the plain way to say them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality.series import covered, following, least_and_most, running_us, starts_of_stretches
from tests.quality.drawn import HOUR_US, series, together


def test_changes_stop_at_a_silence_and_at_the_end_of_a_series() -> None:
    two = together(series([1, 2, 4, 8], at_h=[0, 1, 5, 6]), series([7, 9]))
    assert two.elapsed_us.tolist() == [-1, HOUR_US, 4 * HOUR_US, HOUR_US, -1, HOUR_US // 4]
    np.testing.assert_array_equal(two.changes, [np.nan, 1, np.nan, 4, np.nan, 2])
    assert starts_of_stretches(two.follows).tolist() == [0, 0, 2, 2, 4, 4]


def test_the_clock_runs_true_within_a_stretch_and_never_back() -> None:
    two = together(series([0] * 4, at_h=[0, 1, 5, 6]), series([0, 0]))
    clock = running_us(two.elapsed_us, two.follows)
    assert (np.diff(clock) > 0).all()
    assert (clock[1] - clock[0], clock[3] - clock[2], clock[5] - clock[4]) == (HOUR_US, HOUR_US, HOUR_US // 4)
    assert min(clock[2] - clock[1], clock[4] - clock[3]) > 20 * 24 * HOUR_US


def test_following_shifts_by_one() -> None:
    assert following(np.array([1, 2, 3]), -1).tolist() == [2, 3, -1]
    assert following(np.zeros(0, np.int64), -1).tolist() == []


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 40)), min_size=1, max_size=60))
def test_least_and_most_of_any_spans(drawn: list[tuple[int, int]]) -> None:
    values = np.array([value for value, _ in drawn], np.float64)
    last = np.arange(len(values))
    first = np.maximum(last - np.array([back for _, back in drawn]), 0)
    least, most = least_and_most(values, first, last)
    assert least.tolist() == [min(values[a : b + 1]) for a, b in zip(first, last, strict=True)]
    assert most.tolist() == [max(values[a : b + 1]) for a, b in zip(first, last, strict=True)]


def test_covered_joins_spans_that_overlap() -> None:
    assert covered(np.array([1, 2, 6]), np.array([3, 4, 6]), 8).tolist() == [False, *[True] * 4, False, True, False]
    assert covered(np.zeros(0, np.int64), np.zeros(0, np.int64), 3).tolist() == [False] * 3
