"""A field's water: what is known is taken, what is not is assumed and said, and a long silence begins anew."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.gold.water_balance_daily import TABLE, build, season_of
from tests.gold.relations import drawn

FIELD = {
    "field_id": "north", "crop": "maize", "season_starts": "04-01", "wind_height_m": 2.0, "irrigation_system": "drip",
    "wilting_point_m3_m3": 0.10, "field_capacity_m3_m3": 0.25, "root_depth_max_m": 1.0,
}  # fmt: skip
START = date(2026, 4, 1)
KNOWN = {
    "eto_mm": 5.0, "precipitation_mm": 0.0, "wind_speed_mean_m_s": 2.0, "actual_vapour_pressure_kpa": 1.4,
    "air_temperature_max_c": 25.0, "soil_moisture_0_30cm_m3_m3": 0.22,
}  # fmt: skip


def days(count: int, **said: dict[int, Any]) -> list[dict[str, Any]]:
    """Days of the season, known but for what `said` says of a column's day."""
    rows = []
    for number in range(count):
        changed = {name: by_day[number] for name, by_day in said.items() if number in by_day}
        rows.append({"field_id": "north", "date": START + timedelta(days=number)} | KNOWN | changed)
    return rows


def water(rows: list[dict[str, Any]], applied: dict[int, float] | None = None, **field: Any) -> list[dict[str, Any]]:
    irrigation = {("north", START + timedelta(days=number)): depth for number, depth in (applied or {}).items()}
    fields = drawn("reference.fields", [FIELD | field])
    found = build(drawn("gold.field_daily", rows), fields, irrigation, operations_version=3)
    assert found.schema == table(TABLE).arrow_schema
    return found.to_pylist()


def closes(row: dict[str, Any]) -> float:
    gained = row["rain_mm"] - row["runoff_mm"] + row["irrigation_mm"]
    return float(row["depletion_start_mm"] - gained + row["eta_mm"] + row["deep_percolation_mm"] - row["depletion_mm"])


def test_the_first_day_begins_at_the_measured_moisture() -> None:
    row, *_ = water(days(2))
    # FAO-56 eq. 87: 1000 (0.25 - 0.22) 0.2 m of roots at planting.
    assert row["depletion_start_mm"] == pytest.approx(6.0)
    assert (row["assumed"], row["operations_version"]) == ([], 3)


def test_the_balance_closes_every_day_and_carries_over() -> None:
    rows = water(days(150, precipitation_mm={20: 60.0, 90: 8.0}), {60: 30.0, 61: 200.0})
    assert len(rows) == 150
    assert max(abs(closes(row)) for row in rows) < 1e-6
    for before, after in pairwise(rows):
        assert after["depletion_start_mm"] == before["depletion_mm"]
    assert rows[61]["deep_percolation_mm"] > 0
    assert min(row["ks"] for row in rows) < 1  # the crop dries out at the end


def test_what_a_day_lacks_is_assumed_and_said() -> None:
    rows = water(days(10, eto_mm={4: 9.0, 5: None}, precipitation_mm={7: None}, wind_speed_mean_m_s={8: None},
                      air_temperature_max_c={9: None}))  # fmt: skip
    assert [row["assumed"] for row in rows[5:]] == [["eto"], [], ["precipitation"], ["wind_speed"], ["humidity"]]
    # The mean of the five days known.
    assert rows[5]["eto_mm"] == pytest.approx((4 * 5 + 9) / 5)
    assert rows[7]["rain_mm"] == 0


def test_a_field_without_soil_limits_has_a_loam() -> None:
    row, *_ = water(days(1), wilting_point_m3_m3=None)
    assert row["assumed"] == ["soil_limits"]
    assert row["total_available_water_mm"] == pytest.approx(1000 * (0.25 - 0.12) * 0.2)


@pytest.mark.parametrize(("gap", "rows"), [(10, 30), (11, 19)])
def test_after_more_than_ten_days_of_silence_the_balance_begins_anew(gap: int, rows: int) -> None:
    silent = dict.fromkeys(range(10, 10 + gap))
    found = water(days(30, eto_mm=silent, soil_moisture_0_30cm_m3_m3={10 + gap: None}))
    assert len(found) == rows
    after = next(row for row in found if row["date"] == START + timedelta(days=10 + gap))
    begins_anew = gap > 10
    assert ("initial_depletion" in after["assumed"]) == begins_anew
    assert (after["depletion_start_mm"] == 0) == begins_anew


def test_a_crop_grows_through_the_silence() -> None:
    silent = dict.fromkeys(range(10, 60))
    assert water(days(90, eto_mm=silent))[-1]["kcb"] == water(days(90))[-1]["kcb"]


def test_a_season_begins_on_its_day_and_every_year_again() -> None:
    assert season_of(FIELD, date(2026, 4, 1)) == date(2026, 4, 1)
    assert season_of(FIELD, date(2026, 3, 31)) == date(2025, 4, 1)
    assert season_of({"season_starts": None}, date(2026, 3, 31)) == date(2026, 1, 1)


def test_a_field_of_which_the_crop_is_unknown_has_no_balance() -> None:
    assert water(days(5), crop="samphire") == water(days(5), crop=None) == []


def test_the_order_of_days_does_not_show() -> None:
    assert water(days(20)) == water(days(20)[::-1])


def test_no_days_are_no_rows() -> None:
    assert isinstance(
        build(drawn("gold.field_daily", []), drawn("reference.fields", [FIELD]), {}, operations_version=-1), pa.Table
    )
    assert water([]) == []
