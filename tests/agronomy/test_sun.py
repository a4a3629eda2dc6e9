"""The sun against the almanac: equinoxes, solstices, and the textbooks' examples."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.agronomy.sun import cosine_of_zenith, declination_deg, equation_of_time_min


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("time", "declination"),
    [
        ("2017-03-20 10:29", 0.0),
        ("2017-06-21 04:24", 23.44),
        ("2017-09-22 20:02", 0.0),
        ("2017-12-21 16:28", -23.44),
        ("2024-03-20 03:06", 0.0),
        ("2026-09-23 00:05", 0.0),
    ],
)
def test_equinoxes_and_solstices(time: str, declination: float) -> None:
    assert declination_deg(seconds(time)) == pytest.approx(declination, abs=0.05)


def test_equation_of_time_of_february() -> None:
    """Duffie and Beckman, example 1.5.1: 3 February, -13.5 minutes."""
    assert equation_of_time_min(seconds("2017-02-03 16:00")) == pytest.approx(-13.5, abs=0.3)


def test_zenith_in_madison() -> None:
    """Duffie and Beckman, example 1.6.2: 43 N, 13 February, solar 9:30: 66.5, with a declination rounded to -14."""
    noon_is_twelve = seconds("2017-02-13 09:30") - 60 * equation_of_time_min(seconds("2017-02-13 09:30"))
    zenith = np.degrees(np.arccos(cosine_of_zenith(noon_is_twelve, 43.0, 0.0)))
    assert zenith == pytest.approx(66.5, abs=0.8)


def test_a_day_adds_up_to_extraterrestrial_radiation() -> None:
    """FAO-56, example 8: 3 September, 20 S: 32.2 MJ/m2, with 1367 W/m2 and an inverse distance of 0.985."""
    minutes = seconds("2017-09-03 00:00") + np.arange(0, 86_400, 60)
    mu = np.maximum(cosine_of_zenith(minutes, -20.0, 0.0), 0)
    assert mu.sum() * 60 * 1367 * 0.985 / 1e6 == pytest.approx(32.2, rel=0.01)


def test_east_sees_the_sun_first() -> None:
    six_utc = seconds("2017-03-20 06:00")
    west, east = cosine_of_zenith(six_utc, np.array([0.0, 0.0]), np.array([-90.0, 90.0]))
    assert west == pytest.approx(-1, abs=0.01)
    assert east == pytest.approx(1, abs=0.01)
