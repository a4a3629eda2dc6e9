"""A field's hour: means and sums, null below 90 % of its readings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.contracts.tables import table
from pipelines.gold.field_hourly import TABLE, build
from pipelines.gold.series import lay_out_hours
from tests.gold.relations import relations

FIELD = {"field_id": "north", "utc_offset_h": -8.0}
DEVICE = {"device_id": "a", "field_id": "north", "valid_from": datetime(2000, 1, 1, tzinfo=UTC)}
NOON = datetime(2026, 6, 1, 20, tzinfo=UTC)


def hours(*said: tuple[str, list[float | None]]) -> list[dict[str, Any]]:
    """Build from values of each property every ten minutes from local noon on."""
    rows = [
        {"device_id": "a", "sensor_model": "s", "property": name, "value": value, "flag": 9 if value is None else 1,
         "phenomenon_time": NOON + timedelta(minutes=10 * slot)}
        for name, values in said
        for slot, value in enumerate(values)
    ]  # fmt: skip
    with relations(rows, [DEVICE], [FIELD], {"s": 600}) as connection:
        lay_out_hours(connection)
        found = build(connection, silver_version=7)
    assert found.schema == table(TABLE).arrow_schema
    return found.to_pylist()


def test_an_hour_is_named_by_its_start_and_has_means_extremes_and_sums() -> None:
    temperature, rain, sun = [10.0, 11, 12, 13, 14, 15], [0.0, 0.2, 0, 0, 0.4, 0], [600.0, 600, 600, 600, 600, -3]
    (row,) = hours(("air_temperature", temperature), ("precipitation", rain), ("solar_radiation", sun))
    assert (row["hour_start"], str(row["date"]), row["silver_version"]) == (NOON, "2026-06-01", 7)
    assert (row["air_temperature_mean_c"], row["air_temperature_min_c"], row["air_temperature_max_c"]) == (12.5, 10, 15)
    assert row["precipitation_mm"] == pytest.approx(0.6)
    assert row["solar_radiation_mj_m2"] == pytest.approx(5 / 6 * 600 * 3600 / 1e6)


def test_five_of_six_readings_are_too_few() -> None:
    full, lacking = hours(("wind_speed", [1.0, 2, 3, 4, 5, 6, 1, 2, None, 4, 5, 6]))
    assert (full["wind_speed_mean_m_s"], full["wind_speed_coverage"]) == (3.5, 1)
    assert (lacking["wind_speed_mean_m_s"], lacking["wind_speed_coverage"]) == (None, 5 / 6)
