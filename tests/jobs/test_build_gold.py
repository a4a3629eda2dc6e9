"""Gold is a function of its inputs' versions: built once per state, and honest about what a build changed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.errors import DataRefused, GateHeld
from pipelines.gate.judge import RESULTS
from pipelines.jobs.build_gold import GoldReport, TableBuild, build_gold
from pipelines.lake.tables import Lake
from pipelines.quality.run import run
from pipelines.settings import Settings
from tests.lakes import observation

SILVER, GOLD = "silver.observations", "gold.field_daily"
MIDNIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # in California
FIELD = {
    "field_id": "north",
    "latitude_deg": 38.1,
    "longitude_deg": -121.6,
    "elevation_m": -9.0,
    "utc_offset_h": -8.0,
    "wind_height_m": 2.8,
    "crop": "alfalfa",
}
PROBE = {"device_id": "probe-0", "field_id": "north", "valid_from": datetime(2026, 1, 1, tzinfo=UTC), "valid_to": None}


def half_hours(day: int, slots: range, value: float) -> list[dict[str, Any]]:
    """Readings of soil moisture at 10 cm in the half-hours of a day of June 2026."""
    times = (MIDNIGHT + timedelta(days=day - 1, minutes=30 * slot) for slot in slots)
    numbers = (100 * day + slot for slot in slots)
    return [
        {**observation(number), "device_id": "probe-0", "value": value, "phenomenon_time": time}
        for number, time in zip(numbers, times, strict=True)
    ]


def admit(lake: Lake) -> None:
    """Admit all there is, held against its neighbours."""
    row = {
        "table_name": SILVER,
        "from_version": -1,
        "to_version": lake.version(SILVER),
        "row_count": 0,
        "expectation_count": 0,
        "failed_expectations": [],
        "gate_verdict": "admitted",
        "suite_digest": "41aa",
        "decided_at": MIDNIGHT,
    }
    lake.append(RESULTS, [row])
    run(lake, MIDNIGHT)


@pytest.fixture
def lake(home_settings: Settings) -> Lake:
    """Two days of June in silver, admitted: the first whole, the second 43 of 48 half-hours."""
    lake = Lake(home_settings.lake)
    lake.append("reference.fields", [FIELD])
    lake.append("reference.devices", [PROBE])
    lake.append(SILVER, half_hours(1, range(48), 0.30) + half_hours(2, range(43), 0.25))
    admit(lake)
    return lake


def moisture(lake: Lake) -> dict[int, float | None]:
    rows = lake.read(GOLD, columns=["date", "soil_moisture_0_30cm_m3_m3"]).to_pylist()
    return {row["date"].day: row["soil_moisture_0_30cm_m3_m3"] for row in rows}


def test_without_an_admitted_version_there_is_nothing_to_build(home_settings: Settings) -> None:
    with pytest.raises(GateHeld, match=r"silver\.observations.*expected a version that the gate has admitted"):
        build_gold(home_settings)


def test_what_nobody_held_against_its_neighbours_is_not_built_from(home_settings: Settings, lake: Lake) -> None:
    lake.append(SILVER, half_hours(3, range(48), 0.2))
    lake.append(RESULTS, [{**lake.read(RESULTS).to_pylist()[0], "to_version": 2}])
    with pytest.raises(
        DataRefused, match=r"admitted version 2, got flags up to version 1\. Run 'fieldstream flag' first"
    ):
        build_gold(home_settings)


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_a_build_and_what_late_rows_restate(home_settings: Settings, lake: Lake) -> None:
    first = build_gold(home_settings)
    assert first == GoldReport(GOLD, True, 1, 1, rows=2, days_added=2, days_restated=0, days_removed=0,
                               restated_from=None, restated_to=None)  # fmt: skip
    assert moisture(lake) == {1: 0.30, 2: None}

    # Late rows that the gate has not admitted are not there for gold.
    third_day = half_hours(3, range(48), 0.2)
    third_day[20]["value"] = 0.6  # 0.4 above both neighbours: flag 4, and no part of the mean
    lake.append(SILVER, half_hours(2, range(43, 48), 0.25) + third_day)
    again = build_gold(home_settings)
    assert (again.built, again.rows, lake.version(GOLD)) == (False, 2, 1)

    admit(lake)
    second = build_gold(home_settings)
    assert (second.built, second.silver_version, second.rows) == (True, 2, 3)
    assert (second.days_added, second.days_restated, second.days_removed) == (1, 1, 0)
    assert (second.restated_from, second.restated_to) == (date(2026, 6, 2), date(2026, 6, 2))
    assert moisture(lake) == {1: 0.30, 2: 0.25, 3: 0.20}
    assert set(lake.read(GOLD)["silver_version"].to_pylist()) == {2}
    # Version 1 still says what was known then.
    assert {row["date"].day for row in lake.read(GOLD, version=1).to_pylist()} == {1, 2}


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_a_change_of_reference_builds_anew_and_maintenance_does_not(home_settings: Settings, lake: Lake) -> None:
    build_gold(home_settings)
    lake.open(GOLD).optimize.compact()
    assert not build_gold(home_settings).built
    lake.open("reference.devices").update({"valid_to": "'2026-06-02T08:00:00Z'"})
    report = build_gold(home_settings)
    assert (report.built, report.rows, report.days_removed) == (True, 1, 1)
