"""Plots say what is there and leave out what is not."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.report import plots
from pipelines.report.season import LAYERS, calendar_year, moisture


def days(soil_moisture: list[float | None]) -> pd.DataFrame:
    dates = pd.date_range("2017-06-01", periods=len(soil_moisture))
    empty = {moisture(layer): np.nan for layer in LAYERS} | {"precipitation_mm": 0.0}
    frame = pd.DataFrame({"field_id": "f", "date": dates, **empty})
    return calendar_year(
        frame.assign(**{moisture("0_30cm"): soil_moisture}).astype({moisture("0_30cm"): float}), "f", 2017
    )


@pytest.mark.parametrize(
    ("soil_moisture", "pieces"),
    [
        ([0.30, 0.29, 0.28, 0.27, 0.26], 1),
        ([0.30, 0.29, None, 0.27, 0.26], 2),
        ([0.30, 0.29, None, None, 0.26], 2),
    ],
)
def test_no_line_is_drawn_over_a_gap(soil_moisture: list[float | None], pieces: int) -> None:
    drawn = plots.soil_year(days(soil_moisture), "f-2017", 2017, (0.0, 0.5), 1.0)
    [line] = re.findall(r'<path d="([^"]*)"[^>]*style="[^"]*stroke: var\(--blue\)[^"]*square', drawn)
    assert line.count("M ") == pieces


def test_a_rise_is_named_in_the_legend() -> None:
    drawn = plots.soil_year(days([0.20, 0.20, 0.30]), "f-2017", 2017, (0.0, 0.5), 1.0)
    assert ">rise without rain<" in drawn
    assert ">rise with rain<" not in drawn


def test_a_water_balance_is_drawn_with_its_gaps_and_what_was_lost() -> None:
    dates = pd.date_range("2017-06-01", periods=5)
    held = {"total_available_water_mm": 130.0, "readily_available_water_mm": 70.0, "rain_mm": 0.0, "irrigation_mm": 0.0}
    frame = pd.DataFrame(
        {"field_id": "f", "date": dates, **held, "depletion_mm": [5.0, 0.0, 5.0, 6.0, 7.0]}
        | {"deep_percolation_mm": [0.0, 12.0, 0.0, 0.0, 0.0]}
    )
    limits = plots.water_limits(frame)
    assert limits["flows"] == pytest.approx((-12 * 1.06, 1.06))
    assert limits["depletion"] == pytest.approx((130 * 1.06, 0))
    drawn = plots.water_year(calendar_year(frame.drop(index=2), "f", 2017), "f-2017", 2017, limits)
    line, _in_the_legend = re.findall(r'<path d="([^"]*)"[^>]*style="[^"]*stroke: var\(--orange\)[^"]*square', drawn)
    assert line.count("M ") == 2
    assert ">deep percolation<" in drawn
    assert ">irrigation<" not in drawn


@given(st.lists(st.floats(0, 1), max_size=6))
def test_labels_keep_their_distance_and_only_move_up(heights: list[float]) -> None:
    placed = plots.spread(heights, gap=0.1)
    assert all(after >= before for before, after in zip(heights, placed, strict=True))
    assert all(upper - lower >= 0.1 - 1e-9 for lower, upper in zip(sorted(placed), sorted(placed)[1:], strict=False))


@pytest.mark.parametrize(
    ("values", "limits"),
    [([0.0, 1.0], (-0.06, 1.06)), ([0.3, np.nan], (0.25, 0.35)), ([np.nan], (0.0, 1.0)), ([], (0.0, 1.0))],
)
def test_limits_lie_around_the_values(values: list[float], limits: tuple[float, float]) -> None:
    assert plots.around(np.array(values, dtype=float)) == pytest.approx(limits)
