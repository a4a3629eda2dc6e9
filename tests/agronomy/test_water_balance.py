"""The root zone's water: published results day by day, pyfao56's own run, and no water lost or made."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.agronomy.water_balance import Crop, Day, Season, Soil, depletion_mm, relative_humidity_min_pct

# USDA-ARS, Maricopa, cotton of 2013 with little water: the parameters, weather and results of pyfao56's own test 1
# (github.com/kthorp/pyfao56, tests/test01/cotton2013.par, .wth, cottondry2013.irr, .out; public domain).
COTTON = Crop((0.15, 1.2, 0.573), (31, 52, 50, 21), (0.05, 1.2), (0.6, 1.7), 0.65)
SAND = Soil(wilting_point_m3_m3=0.1, field_capacity_m3_m3=0.225, evaporation_depth_m=0.1143, readily_evaporable_mm=9.0)
# Of each day of 2013: number, ETo, wind at 3 m, least humidity | irrigation, share wetted | Ks, E, T, DP, Dr published.
PUBLISHED = """
113  6.97 2.2 10.4 |   0   0   | 0.000 0.000 0.000  0.000 75.000
114  6.42 1.9  8.5 |   0   0   | 0.000 0.000 0.000  0.000 75.000
115  7.40 3.1 13.2 |  33   0.5 | 0.000 0.000 0.000  0.000 42.000
116  5.79 1.3  9.9 |   0   0   | 1.000 3.532 0.868  0.000 46.400
117  6.64 1.6  6.5 |   0   0   | 1.000 4.061 0.996  0.000 51.457
118  6.63 1.4  4.3 |   0   0   | 0.999 3.109 0.994  0.000 55.560
119  8.13 2.2  5.3 |   0   0   | 1.000 0.000 1.220  0.000 56.779
120  9.54 3.2  5.5 | 108   0.5 | 1.000 0.000 1.431 49.790  0.000
121  7.85 2.4  7.2 |   0   0   | 1.000 4.835 1.177  0.000  6.012
122  8.94 3.4  4.9 |   0   0   | 1.000 5.554 1.341  0.000 12.907
123 10.22 5.0  7.3 |   0   0   | 1.000 0.000 1.533  0.000 14.440
124  6.78 1.7  6.4 |   0   0   | 1.000 0.000 1.017  0.000 15.457
125  9.55 4.1  7.2 |   0   0   | 1.000 0.000 1.433  0.000 16.890
126  6.87 2.7 20.3 |   0   0   | 1.000 0.000 1.030  0.000 17.920
127  7.46 3.1 14.7 |   0   0   | 1.000 0.000 1.119  0.000 19.039
128  5.85 1.7 20.4 |   0   0   | 1.000 0.000 0.877  0.000 19.917
129  6.74 2.1 13.2 |   0   0   | 1.000 0.000 1.011  0.000 20.928
130  6.42 1.5  9.1 |   0   0   | 1.000 0.000 0.963  0.000 21.891
131  8.24 2.8  9.0 |   0   0   | 1.000 0.000 1.236  0.000 23.127
132  7.23 1.8  9.9 |   0   0   | 1.000 0.000 1.085  0.000 24.211
133  6.73 1.4  8.9 |   0   0   | 1.000 0.000 1.010  0.000 25.221
134  9.87 3.3  8.0 |   0   0   | 1.000 0.000 1.480  0.000 26.701
135  9.57 3.2  8.7 |   0   0   | 1.000 0.000 1.435  0.000 28.137
136  9.53 3.1  5.7 |   0   0   | 1.000 0.000 1.429  0.000 29.566
137  8.19 2.8  8.4 |   0   0   | 1.000 0.000 1.228  0.000 30.795
138  8.26 2.9 12.1 |   0   0   | 1.000 0.000 1.239  0.000 32.034
139  8.38 2.8 11.0 |   0   0   | 1.000 0.000 1.257  0.000 33.291
140  9.28 3.3  7.3 |   0   0   | 1.000 0.000 1.392  0.000 34.683
141  7.27 1.7  6.4 |   0   0   | 1.000 0.000 1.090  0.000 35.773
142 10.38 3.5  6.7 |   0   0   | 1.000 0.000 1.557  0.000 37.330
143 10.69 3.9  5.1 |   0   0   | 1.000 0.000 1.603  0.000 38.934
144  9.03 2.7  6.5 |   0   0   | 1.000 0.000 1.354  0.000 40.288
145  8.26 2.2  6.0 |  16.2 0.2 | 1.000 0.000 1.406  0.000 25.494
146  7.51 2.0  5.6 |  16.2 0.2 | 1.000 1.852 1.430  0.000 12.576
147  7.11 2.0  8.0 |   0   0   | 1.000 1.757 1.497  0.000 15.830
148  8.48 2.7  9.6 |   0   0   | 1.000 1.534 1.957  0.000 19.321
149  8.95 3.0 12.8 |   0   0   | 1.000 0.000 2.246  0.000 21.567
150  8.53 2.6 13.0 |   0   0   | 1.000 0.000 2.313  0.000 23.880
151  7.60 1.8 11.3 |  16.2 0.2 | 1.000 0.000 2.214  0.000  9.894
152  7.82 1.6  8.3 |   0   0   | 1.000 1.934 2.436  0.000 14.264
153 10.29 3.0  6.6 |   0   0   | 1.000 2.597 3.414  0.000 20.275
"""


def numbers(line: str) -> list[float]:
    return [float(word) for word in line.replace("|", " ").split()]


def test_every_day_is_as_published() -> None:
    season = Season(COTTON, SAND, depletion_mm(SAND, 0.1, 0.6))
    for number, eto, wind, humidity, irrigation, wetted, *published in map(numbers, PUBLISHED.strip().splitlines()):
        got = season.step(Day(eto, 0.0, irrigation, wetted, wind, 3.0, humidity))
        found = [got.ks, got.evaporation_mm, got.transpiration_mm, got.deep_percolation_mm, got.depletion_mm]
        assert found == pytest.approx(published, abs=0.00051), number


def test_a_season_is_what_pyfao56_itself_makes_of_it() -> None:
    from pyfao56 import Irrigation, Model, Parameters, Weather

    weather = Weather()
    weather.wndht = 2.0
    dates = pd.date_range("2017-03-01", "2017-08-31")
    keys = [f"{date:%Y-%j}" for date in dates]
    weather.wdata = pd.DataFrame(math.nan, index=keys, columns=weather.cnames)
    weather.wdata["ETref"] = [5 + 2 * math.sin(n / 20) for n in range(len(keys))]
    weather.wdata["Rain"] = [45.0 if n % 29 == 3 else 0.0 for n in range(len(keys))]
    weather.wdata["Wndsp"] = [1.5 + (n % 7) / 3 for n in range(len(keys))]
    weather.wdata["RHmin"] = [25.0 + n % 40 for n in range(len(keys))]
    irrigation = Irrigation()
    irrigation.addevent(2017, int(keys[60][5:]), 30.0, 0.4)
    stages = {"Kcbini": 0.15, "Kcbmid": 1.15, "Kcbend": 0.5, "Lini": 30, "Ldev": 40, "Lmid": 50, "Lend": 30}
    soil_says = {"thetaFC": 0.28, "thetaWP": 0.12, "theta0": 0.25, "CN2": 75}
    parameters = Parameters(**stages, **soil_says, hini=0.05, hmax=2.0, Zrini=0.3, Zrmax=1.2, pbase=0.55)
    model = Model(keys[0], keys[-1], parameters, weather, irr=irrigation, roff=True)
    model.run()

    crop = Crop((0.15, 1.15, 0.5), (30, 40, 50, 30), (0.05, 2.0), (0.3, 1.2), 0.55)
    soil = Soil(0.12, 0.28, 0.10, 8.0, curve_number=75)
    season = Season(crop, soil, depletion_mm(soil, 0.25, 0.3))
    for key, row in weather.wdata.iterrows():
        water = 30.0 if key == keys[60] else 0.0
        got = season.step(Day(row["ETref"], row["Rain"], water, 0.4, row["Wndsp"], 2.0, row["RHmin"]))
        theirs = model.odata.loc[key]
        said = [got.ks, got.ke, got.etc_mm, got.runoff_mm, got.deep_percolation_mm, got.depletion_mm]
        assert said == pytest.approx(list(theirs[["Ks", "Ke", "ETc", "Runoff", "DP", "Dr"]]), abs=1e-9)
        assert (got.total_available_water_mm, got.root_depth_m) == pytest.approx(
            (theirs["TAW"], theirs["Zr"]), abs=1e-9
        )
    assert model.odata["Runoff"].max() > 0
    assert model.odata["Ks"].min() < 1


DAYS = st.builds(
    Day,
    eto_mm=st.floats(0, 15),
    rain_mm=st.sampled_from([0.0, 0.0, 0.4, 7.0, 120.0]),
    irrigation_mm=st.sampled_from([0.0, 0.0, 0.0, 25.0, 300.0]),
    wetted_fraction=st.floats(0.1, 1),
    wind_speed_m_s=st.floats(0, 12),
    wind_height_m=st.just(2.0),
    relative_humidity_min_pct=st.floats(1, 100),
)
SHALLOW = Crop((0.15, 1.2, 0.5), (5, 5, 20, 5), (0.05, 1.0), (0.1, 0.3), 0.4)


@settings(max_examples=60, deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=40), start=st.floats(0, 1), number=st.sampled_from([None, 60.0, 95.0]))
def test_no_water_is_lost_or_made(days: list[Day], start: float, number: float | None) -> None:
    soil = Soil(0.12, 0.22, 0.1, 6.0, curve_number=number)
    season = Season(SHALLOW, soil, start * 1000 * 0.1 * 0.1)
    before = start * 10
    for day in days:
        got = season.step(day)
        gained = day.rain_mm - got.runoff_mm + day.irrigation_mm
        closes = before - gained + got.eta_mm + got.deep_percolation_mm
        assert got.depletion_start_mm == pytest.approx(before, abs=1e-9)
        assert got.depletion_mm == pytest.approx(closes, abs=1e-6)
        assert 0 <= got.depletion_mm <= got.total_available_water_mm + 1e-9
        assert 0 <= got.ks <= 1
        assert min(got.evaporation_mm, got.transpiration_mm, got.deep_percolation_mm) >= -1e-9
        assert got.eta_mm <= got.etc_mm + 1e-9
        before = got.depletion_mm


def test_least_humidity_is_that_of_the_warmest_air() -> None:
    # FAO-56, table 2.3: saturation at 30 degC is 4.243 kPa.
    assert relative_humidity_min_pct(2.1215, 30.0) == pytest.approx(50, abs=0.01)
    assert relative_humidity_min_pct(5.0, 30.0) == 100
