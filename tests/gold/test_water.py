"""The water balance in the lake: late days restate the field's days after them, and no other field's."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.gold.region import EVERYTHING, Region
from pipelines.gold.water import DAYS, build_water, water_made_from
from pipelines.gold.water_balance_daily import TABLE
from pipelines.lake.tables import Lake
from tests.gold.lakes import FIELD

FIELDS = [FIELD | {"field_id": name, "crop": "maize", "season_starts": "05-01"} for name in ("north", "south")]
START = date(2026, 5, 1)


def day(field: str, number: int, eto: float | None = 5.0) -> dict[str, Any]:
    return {"field_id": field, "date": START + timedelta(days=number), "eto_mm": eto, "precipitation_mm": 0.0,
            "eto_method": "m", "silver_version": 1}  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.append("reference.fields", FIELDS)
    lake.append(DAYS, [day(field, number) for field in ("north", "south") for number in range(20) if number != 8])
    return lake


def water(lake: Lake) -> dict[tuple[str, int], float]:
    rows = lake.read(TABLE).to_pylist()
    return {(row["field_id"], (row["date"] - START).days): row["depletion_mm"] for row in rows}


def test_a_late_day_restates_its_fields_days_after_it(lake: Lake) -> None:
    assert build_water(lake, water_made_from(lake)) == EVERYTHING
    before = water(lake)
    assert len(before) == 40  # the eighth day's evapotranspiration is assumed
    assert build_water(lake, water_made_from(lake)) is None
    lake.append(DAYS, [day("north", 8, 9.0)])
    late = START + timedelta(days=8)
    assert build_water(lake, water_made_from(lake)) == Region(frozenset(["north"]), since=late)
    after = water(lake)
    changed = {key for key in before if after[key] != before[key]}
    assert changed == {("north", number) for number in range(8, 20)}
    assert after.keys() == before.keys()


def test_some_days_built_are_what_everything_built_is(lake: Lake) -> None:
    build_water(lake, water_made_from(lake))
    lake.append(DAYS, [day("south", 8, 2.0), day("south", 20)])
    build_water(lake, water_made_from(lake))
    some = water(lake)
    build_water(lake, water_made_from(lake) | {"defaults": "others"})
    assert water(lake) == some


def test_a_change_of_fields_or_method_builds_everything(lake: Lake) -> None:
    build_water(lake, water_made_from(lake))
    lake.append("reference.fields", [FIELDS[0] | {"field_id": "west"}])
    assert build_water(lake, water_made_from(lake)) == EVERYTHING
    assert build_water(lake, water_made_from(lake) | {"balance_method": "another"}) == EVERYTHING
