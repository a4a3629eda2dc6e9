"""The sections on the fields: their words follow the numbers, and long lists are cut aloud."""

from datetime import date, timedelta

import pandas as pd
import pytest

from pipelines.lake.tables import Lake
from pipelines.report.field_sections import FIELDS_SHOWN, coverages, skill_in_words, soil, weather
from pipelines.report.field_sections import forecasts as forecast_section
from pipelines.report.field_sections import water as water_section
from pipelines.report.forecast import forecasts, newest_scores
from pipelines.report.season import field_days, water_days
from tests.report.conftest import water


@pytest.mark.parametrize(
    ("skills", "said", "unsaid"),
    [
        ([0.1, 0.2], "smaller than that of persistence (the soil stays as it is) in 2 of 2 pairs", "better forecast"),
        (
            [0.1, -0.2],
            "larger in 1, and about equal in 0. Where it is larger, today's reading is the better",
            "no more",
        ),
        (
            [0.01, -0.01],
            "in 0 of 2 pairs of layer and horizon, larger in 0, and about equal in 2. Its middle",
            "larger,",
        ),
        ([], "nothing can be said of its skill", "persistence (the soil"),
    ],
)
def test_skill_is_worded_as_it_is(skills: list[float], said: str, unsaid: str) -> None:
    words = skill_in_words(pd.DataFrame({"skill": skills, "coverage_80": [0.57, 0.92][: len(skills)]}))
    assert said in words
    assert not skills or words.endswith("Of what then came, the 80 % interval held 57% to 92%.")
    assert unsaid not in words


def test_the_year_s_sum_is_that_of_the_days_it_has(lake: Lake) -> None:
    """Ten days of 6 mm."""
    assert "2017: 60 mm over 10 days" in weather(field_days(lake))


def test_the_water_of_a_year_is_summed_up_in_words(empty_lake: Lake) -> None:
    assert "There is no water balance yet" in water_section(water_days(empty_lake))
    first = date(2017, 6, 1)
    # Five days without water; the fourth is short of it, and irrigated after.
    days = [(60, 0, 1.0), (65, 0, 1.0), (70, 0, 1.0), (75, 0, 0.9), (20, 60, 1.0)]
    empty_lake.append("gold.water_balance_daily", [water(first + timedelta(n), *day) for n, day in enumerate(days)])
    written = water_section(water_days(empty_lake))
    assert (
        "2017, 5 days: 0 mm of rain and 60 mm of irrigation came, 25 mm evaporated and 0 mm percolated; "
        "short of water on 1 day. Assumed where it was not known: soil limits."
    ) in written
    assert ">irrigation<" in written
    assert ">rain<" not in written


def test_fields_that_are_not_drawn_are_counted(empty_lake: Lake) -> None:
    day = {"date": date(2017, 6, 1), "eto_method": "m", "silver_version": 1}
    empty_lake.append("gold.field_daily", [day | {"field_id": name} for name in "abcde"])
    written = soil(field_days(empty_lake))
    assert written.count("<h3>") == FIELDS_SHOWN == 3
    assert "2 more fields not drawn;" in written


def test_coverage_names_each_layer_as_a_person_would(lake: Lake) -> None:
    written = coverages(field_days(lake))
    assert "soil moisture 0\N{EN DASH}30\N{NO-BREAK SPACE}cm</th>" in written
    assert ">air temperature</th>" in written


def test_forecasts_whose_days_are_still_to_come_say_so(lake: Lake) -> None:
    newest = newest_scores(lake)
    assert newest is not None
    nothing = field_days(lake).assign(soil_moisture_0_30cm_m3_m3=float("nan"))
    said = forecasts(lake, newest)
    assert "No forecast 3 days ahead has met its day yet." in forecast_section(newest, said, nothing)
