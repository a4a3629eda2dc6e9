"""A field's year: gaps stay gaps, rises get the cause the gauge gives them."""

import pandas as pd
import pytest

from pipelines.lake.tables import Lake
from pipelines.report.season import calendar_year, coverage, field_days, field_days_at, moisture, rises


@pytest.mark.parametrize(
    ("soil_moisture", "rain", "expected"),
    [
        # m3/m3 a day          mm a day              day of the rise and its cause
        ([0.20, 0.20, 0.25], [0.0, 0.0, 0.0], {3: "rise without rain"}),
        ([0.20, 0.20, 0.25], [0.0, 0.0, 4.0], {3: "rise with rain"}),
        ([0.20, 0.20, 0.25], [0.0, 4.0, 0.0], {3: "rise with rain"}),
        ([0.20, 0.20, 0.25], [4.0, 0.0, 0.0], {3: "rise without rain"}),
        ([0.20, 0.20, 0.25], [0.0, 0.0, 0.1], {3: "rise without rain"}),
        ([0.20, 0.20, 0.25], [None, None, None], {3: "rise, rain not measured"}),
        ([0.20, 0.20, 0.25], [0.0, None, 0.0], {3: "rise, rain not measured"}),
        ([0.20, 0.20, 0.25], [0.0, None, 4.0], {3: "rise with rain"}),
        ([0.20, 0.20, 0.21], [0.0, 0.0, 0.0], {}),  # 0.01 is no rise
        ([0.20, 0.25, 0.30], [0.0, 0.0, 0.0], {2: "rise without rain"}),  # of two in a row the first
        ([0.20, None, 0.30], [0.0, 0.0, 0.0], {}),  # nobody saw when it came
    ],
)
def test_rises(soil_moisture: list[float | None], rain: list[float | None], expected: dict[int, str]) -> None:
    dates = pd.date_range("2017-06-01", periods=3)
    year = pd.DataFrame({moisture("0_30cm"): soil_moisture, "precipitation_mm": rain}, index=dates, dtype=float)
    found = rises(year, "0_30cm")
    assert {day.day: cause for day, cause in found["cause"].items()} == expected


def test_a_year_has_a_row_for_every_day_and_nothing_invented(lake: Lake) -> None:
    year = calendar_year(field_days(lake), "twitchell-alfalfa", 2017)
    known = year[moisture("0_30cm")].dropna()
    assert len(year) == 365
    assert [day.day for day in known.index] == [1, 2, 3, 4, 5, 8, 9, 10]
    assert known.tolist() == [0.20, 0.20, 0.19, 0.25, 0.24, 0.22, 0.22, 0.21]


def test_coverage_counts_the_days_with_enough_readings(lake: Lake) -> None:
    """Of ten days in 2017 two have half of their soil readings; air temperature has no coverage at all."""
    found = coverage(field_days(lake)).set_index("year")
    assert found["days"].to_dict() == {2015: 1, 2017: 10}
    assert found["soil_moisture_0_30cm_coverage"].to_dict() == {2015: 1, 2017: 8}
    assert found["air_temperature_coverage"].to_dict() == {2015: 0, 2017: 0}


@pytest.mark.parametrize(("version", "days"), [(1, 10), (2, 11), (3, None), (-1, None)])
def test_gold_at_a_version(lake: Lake, version: int, days: int | None) -> None:
    found = field_days_at(lake, version)
    assert (None if found is None else len(found)) == days


def test_a_version_whose_files_are_gone_cannot_be_read(lake: Lake) -> None:
    table = lake.open("gold.field_daily")
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert field_days_at(lake, 1) is None
