"""Radiation against the sun, and soil moisture that rises."""

import numpy as np
import pytest

from pipelines.contracts.quality import quality
from pipelines.quality import crosschecks
from tests.quality.drawn import digits, series

LIMITS = quality().radiation


@pytest.mark.parametrize(
    ("mu", "value", "above_possible", "at_night"),
    [
        # Rare above 1.2 times 1361 mu^1.2, and 50; possible up to 1.5 times, and 100.
        (1.0, 1683, 1, 1),  # 1.2 * 1361 + 50 = 1683.2
        (1.0, 1684, 3, 1),
        (1.0, 2142, 4, 1),  # 1.5 * 1361 + 100 = 2141.5
        (0.5, 760, 1, 1),  # 0.5^1.2 = 0.4353: 710.9 + 50
        (0.5, 762, 3, 1),
        (0.0, 50, 1, 1),
        (0.0, 51, 3, 1),
        (-0.05, 40, 1, 1),  # the sun 2.9 degrees below: dusk
        (-0.11, 16, 1, 3),  # 6.3 degrees below: night; sin(6) = 0.1045
        (-0.11, 15, 1, 1),
        (-0.11, -16, 1, 3),
        (-0.8, 101, 4, 3),
    ],
)
def test_radiation(mu: float, value: float, above_possible: int, at_night: int) -> None:
    values, highest = np.array([value], np.float64), np.array([mu])
    assert crosschecks.radiation_above_possible(values, highest, LIMITS).tolist() == [above_possible]
    assert crosschecks.radiation_at_night(values, highest, LIMITS).tolist() == [at_night]


def test_a_mean_is_held_against_the_highest_sun_of_its_interval() -> None:
    """Sunrise on the equator at an equinox, near 6:07: the half hour from 6:00 sees the sun, 6:00 itself does not."""
    six = np.array([1_489_989_600 * 1_000_000])  # 2017-03-20 06:00 UTC
    at_once, half_hour = (
        crosschecks.highest_sun(six, np.array([seconds]), np.array([0.0]), np.array([0.0]))[0]
        for seconds in (0.0, 1800.0)
    )
    assert at_once < 0
    # Solar time is 7.5 minutes behind at 6:00: at 6:30 the sun has risen for 22.5 minutes, 5.6 degrees.
    assert np.degrees(np.arcsin(half_hour)) == pytest.approx(5.6, abs=0.2)


@pytest.mark.parametrize(
    ("values", "every_h", "rises"),
    [
        ([0.20, 0.21, 0.219, 0.229], 0.5, "1111"),  # 0.019 in an hour
        ([0.20, 0.21, 0.225, 0.229], 0.5, "1131"),
        ([0.20, 0.19, 0.22, 0.22, 0.22], 0.5, "11331"),  # an hour after the low it is over
        ([0.20, 0.30], 1, "13"),
        ([0.20, 0.30], 1.5, "11"),
    ],
)
def test_rises(values: list[float], every_h: float, rises: str) -> None:
    found = crosschecks.rises(series(values, every_h), quality().water)
    assert digits(np.where(found, 3, 1)) == rises
