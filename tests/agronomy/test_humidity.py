"""Humidity of the air against the worked examples of FAO-56."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.agronomy.humidity import actual_vapour_pressure_kpa, saturation_vapour_pressure_kpa

TEMPERATURES = st.floats(-60, 60)


# FAO-56, examples 3 and 5, and annex 2, table 2.3.
@pytest.mark.parametrize(
    ("air_temperature_c", "expected_kpa"),
    [(24.5, 3.075), (15.0, 1.705), (18.0, 2.064), (25.0, 3.168), (1.0, 0.657)],
)
def test_saturation_vapour_pressure(air_temperature_c: float, expected_kpa: float) -> None:
    assert saturation_vapour_pressure_kpa(air_temperature_c) == pytest.approx(expected_kpa, abs=0.0006)


# FAO-56, example 5: ea from the two extremes, each with the humidity read with it.
def test_actual_vapour_pressure() -> None:
    both = actual_vapour_pressure_kpa(np.array([18.0, 25.0]), np.array([82.0, 54.0]))
    assert both.mean() == pytest.approx(1.70, abs=0.005)


@given(TEMPERATURES, TEMPERATURES)
def test_warmer_air_holds_more(one: float, other: float) -> None:
    cooler, warmer = sorted([one, other])
    assert 0 < saturation_vapour_pressure_kpa(cooler) <= saturation_vapour_pressure_kpa(warmer)


@given(TEMPERATURES, st.floats(0, 100))
def test_air_never_holds_more_than_it_can(air_temperature_c: float, relative_humidity_pct: float) -> None:
    actual = actual_vapour_pressure_kpa(air_temperature_c, relative_humidity_pct)
    assert 0 <= actual <= saturation_vapour_pressure_kpa(air_temperature_c)
