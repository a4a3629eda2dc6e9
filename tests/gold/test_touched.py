"""Which field-days must be built again: those of what came, those of what the gate let go, or all."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DataRefused
from pipelines.gold import touched as module
from pipelines.gold.inputs import Versions, opened
from pipelines.gold.region import EVERYTHING, Region
from pipelines.gold.touched import touched
from pipelines.gold.weather import weather_made_from
from pipelines.lake.flagged import FLAGS
from pipelines.lake.tables import Lake
from tests.gold.lakes import FIELD, MIDNIGHT, SILVER, decide, moisture, two_fields


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = two_fields(tmp_path)
    lake.append(SILVER, moisture(1, 0.3) + moisture(1, 0.3, device="south-1"))
    decide(lake)
    return lake


def since(lake: Lake, before: dict[str, Any] | None) -> Region | None:
    now = weather_made_from(lake)
    versions = Versions(now[SILVER], now[FLAGS], now["reference.devices"], now["reference.fields"])
    with opened(lake, versions, cores=1) as connection:
        return touched(connection, lake, before, now)


def region(field: str, *days: int) -> Region:
    return Region(frozenset([field]), frozenset(date(2026, 6, day) for day in days))


def test_late_rows_touch_their_field_days(lake: Lake) -> None:
    before = weather_made_from(lake)
    lake.append(SILVER, moisture(2, 0.3, device="south-1"))
    assert since(lake, before) is None  # not admitted yet
    decide(lake)
    assert since(lake, before) == region("south", 2)


def test_a_flag_touches_the_day_of_its_observation(lake: Lake) -> None:
    before = weather_made_from(lake)
    of = {"event_key": "north-1-1-7", "device_id": "north-1", "property": "soil_moisture", "phenomenon_time": MIDNIGHT}
    lake.append(
        FLAGS, [of | {"reason": "spike", "flag": 4, "flag_run": 1, "silver_version": 1, "contract_digest": "4"}]
    )
    assert since(lake, before) == region("north", 1)


def test_a_slice_that_is_released_touches_the_days_that_the_gate_noted(lake: Lake) -> None:
    lake.append(SILVER, moisture(3, 0.3))
    where = {
        "topic": "acme.telemetry",
        "partition": 0,
        "first_offset": 300,
        "last_offset": 347,
        "ingest_time": MIDNIGHT,
    }
    noted = {"field_id": "north", "from_date": date(2026, 6, 3), "to_date": date(2026, 6, 4)}
    decide(lake, "held", 1, row_bounds=[where], field_days=[noted])
    before = weather_made_from(lake)
    release = {"table_name": SILVER, "from_version": 1, "to_version": 2, "release_reason": "r", "released_by": "m"}
    lake.append("ops.gate_releases", [release | {"decided_at": MIDNIGHT.replace(year=2027)}])
    assert since(lake, before) == region("north", 3, 4)


def test_everything_is_touched_where_nobody_built_or_something_else_moved(lake: Lake) -> None:
    now = weather_made_from(lake)
    assert since(lake, None) == EVERYTHING
    assert since(lake, now | {"eto_method": "another"}) == EVERYTHING
    assert since(lake, now | {SILVER: 7}) == EVERYTHING  # silver began anew
    assert since(lake, now) is None
    lake.append("reference.fields", [FIELD | {"field_id": "west"}])
    assert since(lake, now) == EVERYTHING


def test_everything_is_touched_where_the_log_no_longer_tells(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = weather_made_from(lake)
    lake.append(SILVER, moisture(2, 0.3))
    decide(lake)

    def cleaned(*_: Any) -> None:
        raise DataRefused("m", where="w", expected="e", got="g", fix="f")

    monkeypatch.setattr(module, "news", cleaned)
    assert since(lake, before) == EVERYTHING
