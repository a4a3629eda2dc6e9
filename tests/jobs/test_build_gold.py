"""Gold is a function of its inputs' versions: built once per state, and honest about what a build changed."""

import json
import math
import shutil
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.errors import DataRefused, GateHeld
from pipelines.gate.judge import RESULTS
from pipelines.jobs import build_gold as module
from pipelines.jobs.build_gold import GoldReport, TableBuild, build_gold
from pipelines.lake.tables import Lake
from pipelines.quality.run import run
from pipelines.settings import Settings
from tests.lakes import FIELD, MIDNIGHT, PROBE, half_hours

SILVER, GOLD = "silver.observations", "gold.field_daily"


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


def days_of(report: GoldReport) -> TableBuild:
    return next(table for table in report.tables if table.table_name == GOLD)


def test_a_build_and_what_late_rows_restate(home_settings: Settings, lake: Lake) -> None:
    first = build_gold(home_settings)
    assert [(table.table_name, table.built, table.rows) for table in first.tables] == [
        ("gold.field_hourly", "everything", 46),  # the second day's last hour has one half-hour of two
        (GOLD, "everything", 2),
        ("gold.water_balance_daily", "everything", 0),  # there is no weather
    ]
    assert (days_of(first).days_added, days_of(first).days_restated) == (2, 0)
    assert moisture(lake) == {1: 0.30, 2: None}

    # Late rows that the gate has not admitted are not there for gold.
    third_day = half_hours(3, range(48), 0.2)
    third_day[20]["value"] = 0.6  # 0.4 above both neighbours: flag 4, and no part of the mean
    lake.append(SILVER, half_hours(2, range(43, 48), 0.25) + third_day)
    again = build_gold(home_settings)
    assert (again.built, days_of(again).rows, lake.version(GOLD)) == (False, 2, 1)

    admit(lake)
    second = build_gold(home_settings)
    assert second.silver_version == 2
    assert days_of(second) == TableBuild(
        GOLD, "some", 2, rows=3, days_added=1, days_restated=1, restated_from=date(2026, 6, 2),
        restated_to=date(2026, 6, 2),
    )  # fmt: skip
    assert moisture(lake) == {1: 0.30, 2: 0.25, 3: 0.20}
    built_from = {row["date"].day: row["silver_version"] for row in lake.read(GOLD).to_pylist()}
    assert built_from == {1: 1, 2: 2, 3: 2}
    # Version 1 still says what was known then.
    assert {row["date"].day for row in lake.read(GOLD, version=1).to_pylist()} == {1, 2}
    (restated,) = lake.read("gold.restatements").to_pylist()
    assert {name: restated[name] for name in ("table_name", "field_id", "date", "gold_table_version", "cause")} == {
        "table_name": GOLD, "field_id": "north", "date": date(2026, 6, 2), "gold_table_version": 2,
        "cause": "silver.flags 1 to 2; silver.observations 1 to 2",
    }  # fmt: skip
    assert json.loads(restated["before"])["soil_moisture_0_30cm_m3_m3"] is None
    assert json.loads(restated["after"])["soil_moisture_0_30cm_m3_m3"] == 0.25


def test_a_build_that_moved_some_days_is_the_build_of_everything(home_settings: Settings, lake: Lake) -> None:
    build_gold(home_settings)
    lake.append(SILVER, half_hours(2, range(43, 48), 0.25) + half_hours(5, range(48), 0.1))
    admit(lake)
    build_gold(home_settings)
    some = {name: rows_of(lake, name) for name in ("gold.field_hourly", GOLD)}
    for name in some:
        shutil.rmtree(lake.path(name))
    build_gold(home_settings)
    assert {name: rows_of(lake, name) for name in some} == some


def rows_of(lake: Lake, name: str) -> list[dict[str, Any]]:
    rows = [{**row, "silver_version": None} for row in lake.read(name).to_pylist()]
    return sorted(rows, key=lambda row: (row["date"], row.get("hour_start", MIDNIGHT)))


def test_a_change_of_reference_builds_anew_and_maintenance_does_not(home_settings: Settings, lake: Lake) -> None:
    build_gold(home_settings)
    lake.open(GOLD).optimize.compact()
    assert not build_gold(home_settings).built
    lake.open("reference.devices").update({"valid_to": "'2026-06-02T08:00:00Z'"})
    report = build_gold(home_settings)
    assert (days_of(report).built, days_of(report).rows, days_of(report).days_removed) == ("everything", 1, 1)
    (gone,) = lake.read("gold.restatements").to_pylist()
    assert (gone["date"], gone["after"], gone["cause"]) == (date(2026, 6, 2), None, "reference.devices 1 to 2")


def test_restatements_that_a_crash_left_out_are_written_by_the_next_run(
    home_settings: Settings, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_gold(home_settings)
    lake.append(SILVER, half_hours(2, range(43, 48), 0.25))
    admit(lake)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_restate", dies)
        with pytest.raises(KeyboardInterrupt):
            build_gold(home_settings)
    assert (lake.version(GOLD), len(lake.read("gold.restatements"))) == (2, 0)
    build_gold(home_settings)
    build_gold(home_settings)
    assert lake.read("gold.restatements")["date"].to_pylist() == [date(2026, 6, 2)]


WEATHER = {
    "air_temperature": lambda slot: 20 + 8 * math.sin(math.tau * (slot - 18) / 48),
    "relative_humidity": lambda slot: 55 - 15 * math.sin(math.tau * (slot - 18) / 48),
    "solar_radiation": lambda slot: max(0.0, 700 * math.sin(math.pi * (slot - 13) / 22)) if 13 < slot < 35 else 0.0,
    "wind_speed": lambda slot: 2 + 0.1 * (slot % 5),
    "precipitation": lambda _: 0.0,
}


def weather(day: int) -> list[dict[str, Any]]:
    """A whole dry day of June's readings of what evapotranspiration needs."""
    rows = []
    for name, value in WEATHER.items():
        for slot, row in enumerate(half_hours(day, range(48), 0)):
            said = {"event_key": f"{name}/{row['event_key']}", "property": name, "depth_cm": None}
            rows.append(row | said | {"value": value(slot)})
    return rows


def test_late_weather_and_irrigation_restate_the_water_from_their_day_on(home_settings: Settings, lake: Lake) -> None:
    lake.append(SILVER, [row for day in (3, 4, 5, 6) for row in weather(day)])
    admit(lake)
    build_gold(home_settings)
    water = "gold.water_balance_daily"
    before = depletions(lake)
    assert sorted(before) == [3, 4, 5, 6]
    assert list(before.values()) == sorted(before.values())  # nothing but use

    irrigated = {
        "event_key": "i", "tenant_id": "acme", "device_id": "valve", "operation": "irrigation", "field_id": "north",
        "phenomenon_time": MIDNIGHT + timedelta(days=4, hours=6), "water_volume_m3": 20.0, "treated_area_ha": 2.0,
        "flag": 1, "reasons": [], "result_time": MIDNIGHT, "format": "f", "topic": "acme.operations", "partition": 0,
        "offset": 0, "ingest_time": MIDNIGHT,
    }  # fmt: skip
    lake.append("silver.operations", [irrigated, irrigated | {"event_key": "bad", "flag": 4}])
    row = lake.read(RESULTS).to_pylist()[-1]
    lake.append(RESULTS, [row | {"table_name": "silver.operations", "to_version": 1}])
    built = next(table for table in build_gold(home_settings).tables if table.table_name == water)
    assert (built.built, built.days_restated, built.restated_from) == ("some", 2, date(2026, 6, 5))
    after = depletions(lake)
    assert (after[3], after[4]) == (before[3], before[4])
    # 20 m3 on 2 ha are 1 mm.
    applied = {row["date"].day: row["irrigation_mm"] for row in lake.read(water).to_pylist()}
    assert applied == {3: 0, 4: 0, 5: 1.0, 6: 0}
    causes = lake.read("gold.restatements")["cause"].to_pylist()
    assert set(causes) == {"silver.operations -1 to 1"}
    assert not build_gold(home_settings).built


def depletions(lake: Lake) -> dict[int, float]:
    rows = lake.read("gold.water_balance_daily").to_pylist()
    return {row["date"].day: row["depletion_mm"] for row in sorted(rows, key=lambda row: row["date"])}
