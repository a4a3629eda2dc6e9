from datetime import date, timedelta
from math import cos, pi, sin, tau

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.models import model
from pipelines.models.irrigation.features import features
from tests.field_days import field_days

IRRIGATION = model("irrigation")
UPPER, LOWER = "soil_moisture_0_30cm_m3_m3", "soil_moisture_30_60cm_m3_m3"
NOTHING = float("nan")


def nine_days() -> pd.DataFrame:
    """2025-06-01 to 2025-06-09."""
    days = field_days(9, first=date(2025, 6, 1))
    days[UPPER] = [0.30, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.21]
    days[LOWER] = [0.40, 0.40, 0.40, 0.40, 0.40, 0.40, 0.40, 0.40, 0.38]
    return days


def of(made: pd.DataFrame, day: date, soil_layer: str = "0_30cm", horizon_d: int = 1) -> pd.Series:
    chosen = made[(made["date"] == day) & (made["soil_layer"] == soil_layer) & (made["horizon_d"] == horizon_d)]
    assert len(chosen) == 1
    return chosen.iloc[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("soil_moisture_m3_m3", 0.21),
        ("soil_moisture_change_1d_m3_m3", 0.21 - 0.23),
        ("soil_moisture_change_2d_m3_m3", 0.21 - 0.24),
        ("soil_moisture_change_3d_m3_m3", 0.21 - 0.25),
        ("soil_moisture_change_7d_m3_m3", 0.21 - 0.29),
        ("other_soil_moisture_m3_m3", 0.38),
        ("other_soil_moisture_change_1d_m3_m3", 0.38 - 0.40),
        ("precipitation_known", 1.0),
        # 9 June is the 160th day of 2025: 31 + 28 + 31 + 30 + 31 + 9.
        ("day_of_year_sin", sin(tau * 160 / 365.25)),
        ("day_of_year_cos", cos(tau * 160 / 365.25)),
    ],
)
def test_a_days_features(name: str, expected: float) -> None:
    assert of(features(nine_days(), IRRIGATION), date(2025, 6, 9))[name] == pytest.approx(expected, abs=1e-7)


def test_the_year_turns_once() -> None:
    made = features(field_days(366, first=date(2024, 1, 1)), IRRIGATION)
    assert of(made, date(2024, 4, 1))["day_of_year_sin"] == pytest.approx(sin(pi / 2), abs=1e-3)
    assert of(made, date(2024, 1, 1))["day_of_year_cos"] == pytest.approx(
        of(made, date(2024, 12, 31))["day_of_year_cos"], abs=1e-3
    )


def test_a_day_that_is_not_there_is_no_yesterday() -> None:
    days = nine_days().drop(index=7)  # 8 June
    ninth = of(features(days, IRRIGATION), date(2025, 6, 9))
    assert np.isnan(ninth["soil_moisture_change_1d_m3_m3"])
    assert ninth["soil_moisture_change_2d_m3_m3"] == pytest.approx(0.21 - 0.24, abs=1e-7)


def test_nothing_reaches_across_a_missing_year() -> None:
    days = pd.concat([field_days(10, first=date(2015, 12, 22)), field_days(10, first=date(2017, 1, 1))])
    made = features(days, IRRIGATION)
    lags = [name for name in IRRIGATION.input_names if "_change_" in name]
    assert of(made, date(2017, 1, 1))[lags].isna().all()
    assert len(made) == 20 * 2 * 3


def test_another_fields_days_are_not_this_ones() -> None:
    north, south = field_days(5, "north"), field_days(5, "south", first=date(2025, 1, 6))
    both = features(pd.concat([north, south]), IRRIGATION)
    alone = features(south, IRRIGATION)
    pd.testing.assert_frame_equal(both[both["field_id"] == "south"].reset_index(drop=True), alone)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (UPPER, "soil_moisture_missing"),
        ("eto_mm", "eto_missing"),
        ("precipitation_mm", None),
        (LOWER, None),
    ],
)
def test_why_there_will_be_no_forecast(column: str, reason: str | None) -> None:
    days = nine_days()
    days.loc[8, column] = NOTHING
    made = of(features(days, IRRIGATION), date(2025, 6, 9))
    assert made["missing_reason"] == reason
    assert made["precipitation_known"] == (0.0 if column == "precipitation_mm" else 1.0)


def test_a_layer_without_a_probe_has_no_rows() -> None:
    made = features(nine_days(), IRRIGATION)
    assert set(made["soil_layer"]) == {"0_30cm", "30_60cm"}
    assert len(made) == 9 * 2 * 3


def test_a_layer_has_rows_from_the_day_on_that_it_is_known() -> None:
    """The probe of the lower layer speaks first on 4 June; the hole on the 6th is a row that says so."""
    days = nine_days()
    days.loc[[0, 1, 2, 5], LOWER] = NOTHING
    made = features(days, IRRIGATION)
    lower = made[(made["soil_layer"] == "30_60cm") & (made["horizon_d"] == 1)]
    reasons = {row["date"].day: row["missing_reason"] for _, row in lower.iterrows()}
    assert reasons == {4: None, 5: None, 6: "soil_moisture_missing", 7: None, 8: None, 9: None}


@settings(max_examples=25, deadline=None)
@given(first=st.integers(-5, 45), seed=st.integers(0, 1000), hole=st.integers(0, 39), known=st.integers(0, 39))
def test_features_from_a_day_on_are_those_of_all_days(first: int, seed: int, hole: int, known: int) -> None:
    days = field_days(40, seed=seed).drop(index=hole).reset_index(drop=True)
    days.loc[:known, LOWER] = NOTHING
    since = days["date"].iloc[0] + timedelta(days=first)
    everything, some = features(days, IRRIGATION), features(days, IRRIGATION, since)
    expected = everything[everything["date"] >= since].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected, check_dtype=len(expected) > 0)


@settings(max_examples=25, deadline=None)
@given(last=st.integers(8, 38), seed=st.integers(0, 1000), hole=st.integers(0, 39))
def test_a_changed_future_changes_no_feature(last: int, seed: int, hole: int) -> None:
    days = field_days(40, seed=seed).drop(index=hole).reset_index(drop=True)
    until = days["date"].iloc[0] + timedelta(days=last)
    other = days.copy()
    future = other["date"] > until
    numbers = list(other.select_dtypes("float").columns)
    other.loc[future, numbers] = np.random.default_rng(seed).random((future.sum(), len(numbers)))
    other[[c for c in numbers if "60_90" in c]] = NOTHING
    before, after = (made[made["date"] <= until] for made in (features(frame, IRRIGATION) for frame in (days, other)))
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True))
