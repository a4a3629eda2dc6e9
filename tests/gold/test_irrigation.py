"""Water by field and day: depths and volumes on areas, on the day on which it began to flow there."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from pipelines.gold.irrigation import irrigation
from tests.gold.relations import drawn

FIELDS = [
    {"field_id": "north", "utc_offset_h": -8.0},
    {"field_id": "east", "utc_offset_h": 5.5},
]


def applied(*lines: str) -> dict[tuple[str, int], float]:
    """Lines: field | operation | began (UTC, June 2026) | depth mm | volume m3 | area ha | flag."""
    rows = [row(line) for line in lines]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("operations", drawn("silver.operations", rows))
        connection.register("fields", drawn("reference.fields", FIELDS))
        found = irrigation(connection)
    assert all(day.replace(day=1) == date(2026, 6, 1) for _, day in found)
    return {(field, day.day): depth for (field, day), depth in found.items()}


def row(line: str) -> dict[str, Any]:
    field, operation, began, *numbers, flag = (cell.strip() for cell in line.split("|"))
    depth, volume, area = (float(number) if number else None for number in numbers)
    numbers_said = {"water_depth_mm": depth, "water_volume_m3": volume, "treated_area_ha": area, "flag": int(flag)}
    time = datetime.fromisoformat(f"2026-06-{began}").replace(tzinfo=UTC)
    return {"field_id": field, "operation": operation, "phenomenon_time": time, **numbers_said}


def test_depths_of_a_day_add_up_and_a_volume_is_spread_over_its_area() -> None:
    # 320 m3 on 3.2 ha: 320 / 32,000 m = 10 mm.
    assert applied(
        "north | irrigation | 02 10:00 | 12.5 | | | 1",
        "north | irrigation | 02 20:00 | 0.1 | | | 3",
        "north | irrigation | 03 10:00 | | 320 | 3.2 | 1",
    ) == {("north", 2): 12.6, ("north", 3): pytest.approx(10)}


def test_the_day_is_the_fields_own() -> None:
    assert applied(
        "north | irrigation | 02 07:59 | 1 | | | 1",
        "north | irrigation | 02 08:00 | 2 | | | 1",
        "east | irrigation | 02 18:29 | 3 | | | 1",
        "east | irrigation | 02 18:30 | 4 | | | 1",
    ) == {("north", 1): 1, ("north", 2): 2, ("east", 2): 3, ("east", 3): 4}


def test_what_says_no_amount_or_failed_adds_nothing() -> None:
    assert (
        applied(
            "north | irrigation | 02 10:00 | 5000 | | | 4",
            "north | irrigation | 02 10:00 | | 320 | | 1",
            "north | irrigation | 02 10:00 | | 320 | 0 | 1",
            "north | irrigation_on | 02 10:00 | | | | 1",
            "north | meter_reading | 02 10:00 | | | | 1",
            "nowhere | irrigation | 02 10:00 | 5 | | | 1",
        )
        == {}
    )
