"""Reference evapotranspiration against the worked examples of FAO-56, and what it refuses to compute."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.agronomy.reference_et import Day, reference_et_mm

# FAO-56, example 18: Uccle (Brussels), 50 deg 48 min N, 100 m, on 6 July.
UCCLE = Day(
    air_temperature_min_c=np.array([12.3]),
    air_temperature_max_c=np.array([21.5]),
    actual_vapour_pressure_kpa=np.array([1.409]),
    solar_radiation_mj_m2=np.array([22.07]),
    wind_speed_m_s=np.array([10 / 3.6]),  # 10 km/h
    wind_height_m=np.array([10.0]),
    elevation_m=np.array([100.0]),
    latitude_deg=np.array([50 + 48 / 60]),
    day_of_year=np.array([187.0]),
)


def eto_mm(**changes: float) -> float:
    return float(reference_et_mm(replace(UCCLE, **{name: np.array([value]) for name, value in changes.items()}))[0])


def test_uccle() -> None:
    assert eto_mm() == pytest.approx(3.88, abs=0.01)


def test_wind_is_brought_to_two_metres() -> None:
    # FAO-56, example 14: 3.2 m/s at 10 m are 2.4 m/s at 2 m (a factor of 0.75, given with two digits).
    assert eto_mm(wind_speed_m_s=3.2, wind_height_m=10) == pytest.approx(
        eto_mm(wind_speed_m_s=2.4, wind_height_m=2), abs=0.01
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("air_temperature_min_c", 21.6),  # above the maximum
        ("air_temperature_max_c", 61.0),
        ("actual_vapour_pressure_kpa", 2.57),  # es(21.5) is 2.56
        ("actual_vapour_pressure_kpa", -0.1),
        ("solar_radiation_mj_m2", -5.0),
        ("solar_radiation_mj_m2", 41.2),  # Ra of the day is 41.09
        ("wind_speed_m_s", -1.0),
        ("wind_height_m", 0.05),
        ("elevation_m", 9000.0),
        ("latitude_deg", 91.0),
        ("day_of_year", 0.0),
        ("solar_radiation_mj_m2", float("nan")),
        ("wind_speed_m_s", float("inf")),
    ],
)
def test_what_cannot_be_has_no_evapotranspiration(name: str, value: float) -> None:
    assert np.isnan(eto_mm(**{name: value}))


def test_a_day_without_sun_has_none() -> None:
    assert np.isnan(eto_mm(latitude_deg=80.0, day_of_year=355.0, solar_radiation_mj_m2=0.0))


def test_below_sea_level_is_a_place() -> None:
    # Pressure falls by 0.1 kPa over 9 m: nothing that 3.88 would show.
    assert eto_mm(elevation_m=-9.0) == pytest.approx(eto_mm(elevation_m=0.0), abs=0.005)


@given(st.floats(0, 41), st.floats(0, 41), st.floats(0, 10))
def test_more_sun_never_means_less_and_the_energy_suffices(one: float, other: float, wind_speed_m_s: float) -> None:
    less, more = (
        eto_mm(solar_radiation_mj_m2=radiation, wind_speed_m_s=wind_speed_m_s) for radiation in sorted([one, other])
    )
    assert less <= more + 1e-9
    # All of the sun's energy, and that of the air blown in, at 2.45 MJ per kg of water.
    assert more < 41 / 2.45 + 10
