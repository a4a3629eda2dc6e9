"""Hours and days from one set of sums: a day is the sum of its hours, whatever the order and the threads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.contracts.tables import table
from pipelines.gold import field_daily, field_hourly
from pipelines.gold.series import DAY_S, intervals_of, lay_out_hours, measures
from tests.gold.relations import relations

FIELD = {"field_id": "north", "utc_offset_h": 5.75, "wind_height_m": 2.0, "elevation_m": 0.0, "latitude_deg": 27.7}
DEVICE = {"device_id": "a", "field_id": "north", "valid_from": datetime(2000, 1, 1, tzinfo=UTC)}
MIDNIGHT = datetime(2026, 5, 31, 18, 15, tzinfo=UTC)  # in Nepal


def readings(name: str = "wind_speed", every_min: int = 10, count: int = 144) -> list[dict[str, Any]]:
    return [
        {"device_id": "a", "sensor_model": "s", "property": name, "value": 1 + slot / 7, "flag": 1,
         "phenomenon_time": MIDNIGHT + timedelta(minutes=every_min * slot)}
        for slot in range(count)
    ]  # fmt: skip


def test_every_measure_and_coverage_is_a_column_of_both_contracts() -> None:
    names = {*measures(), *(f"{series}_coverage" for series, _ in measures().values())}
    assert names == {*table(field_hourly.TABLE).column_names} - {"field_id", "date", "hour_start", "silver_version"}
    assert names < {*table(field_daily.TABLE).column_names}


def test_hours_are_cut_by_local_standard_time_where_that_is_a_quarter_off() -> None:
    with relations(readings(), [DEVICE], [FIELD], {"s": 600}) as connection:
        lay_out_hours(connection)
        starts = [row[0] for row in connection.execute("select hour_start from hours order by 1").fetchall()]
    assert starts == [MIDNIGHT + timedelta(hours=hour) for hour in range(24)]


def test_a_day_is_the_sum_of_its_hours() -> None:
    with relations(readings("precipitation"), [DEVICE], [FIELD], {"s": 600}) as connection:
        lay_out_hours(connection)
        (day,) = field_daily.build(connection, silver_version=1).to_pylist()
        hours = field_hourly.build(connection, silver_version=1).to_pylist()
    assert day["precipitation_mm"] == pytest.approx(sum(hour["precipitation_mm"] for hour in hours), abs=1e-9)
    assert day["precipitation_mm"] == pytest.approx(sum(1 + slot / 7 for slot in range(144)), abs=1e-7)


def test_a_condition_leaves_out_other_fields_and_days() -> None:
    with relations(readings(count=288), [DEVICE], [FIELD], {"s": 600}) as connection:
        lay_out_hours(connection, "field_id = 'north' and date = date '2026-06-02'")
        found = connection.execute("select count(*), min(date), max(date) from hours").fetchall()
    assert [str(cell) for cell in found[0]] == ["24", "2026-06-02", "2026-06-02"]


def test_what_no_sensor_contract_says_how_often_covers_nothing() -> None:
    with relations(readings(), [DEVICE], [FIELD], {"other": 600}) as connection:
        lay_out_hours(connection)
        (row,) = connection.sql(intervals_of(["field_id", "date"], DAY_S)).to_arrow_table().to_pylist()
    assert (row["wind_speed_coverage"], row["wind_speed_mean_m_s"]) == (0, None)
