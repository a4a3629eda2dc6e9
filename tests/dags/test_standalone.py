"""Intake, maintenance and backfill under a real `airflow standalone`.

By a hint of the watcher, by the clock without it, and by hand.
"""

import shutil
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.flag import flag
from pipelines.jobs.gate import gate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.reference import load_reference
from pipelines.jobs.send import send
from pipelines.lake.tables import Lake
from pipelines.local.airflow_home import DAGS
from pipelines.local.kafka import Broker
from pipelines.settings import Settings
from pipelines.simulate.tower import SAMPLE
from pipelines.simulate.trouble import first_batch
from tests.conftest import settings_in
from tests.dags.standalone import Run, Standalone, standalone

pytestmark = [pytest.mark.airflow, pytest.mark.broker]

NEVER, NOW = "0 0 29 2 *", "* * * * * */20"
STATION = "0211fffe75300001"
BACKFILL = {"reason": "the station was calibrated", "dry_run": False, "device": STATION}
CLOCKS = {"intake": "*/10 * * * *", "maintenance": "25 * * * *"}
TABLES = ("bronze.events", "silver.observations", "gold.field_hourly", "gold.field_daily")
OF_THE_RUN = {"ingest_time", "silver_version"}

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Story:
    """What a lake held and Airflow had run: once a hint was followed, and once the clock had struck without any."""

    hinted: Tables
    runs_hinted: list[Run]
    clocked: Tables
    runs_clocked: list[Run]
    runs_of_maintenance: list[Run]
    runs_of_backfill: list[Run]
    replays: list[dict[str, Any]]
    by_hand: Tables


@pytest.fixture(scope="module")
def story(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Story:
    settings = replace(settings_in(tmp_path_factory.mktemp("airflow")), kafka=broker.address)
    dags = tmp_path_factory.mktemp("dags")
    set_clocks(dags, NEVER)
    shutil.copy(DAGS / "backfill.py", dags)
    know_the_field(settings)
    with standalone(settings, dags) as airflow:
        airflow.wait_until_ready([*CLOCKS, "backfill"])
        send_first(settings, 300)
        hinted = wait_for_run(airflow, "intake", "asset_triggered")
        after_hint = content(settings)
        airflow.without_triggerer()
        send_first(settings, 600)
        set_clocks(dags, NOW)
        clocked = wait_for_run(airflow, "intake", "scheduled")
        maintained = wait_for_run(airflow, "maintenance", "scheduled")
        after_clock = content(settings)
        calibrate_the_station(settings, tmp_path_factory.mktemp("registry") / "devices.csv")
        airflow.trigger("backfill", BACKFILL)
        filled = wait_for_run(airflow, "backfill", "manual")
        replays = Lake(settings.lake).read("ops.replays").to_pylist()
    without_airflow = by_hand(settings, tmp_path_factory.mktemp("by-hand"))
    return Story(after_hint, hinted, after_clock, clocked, maintained, filled, replays, without_airflow)


def set_clocks(dags: Path, clock: str) -> None:
    """Put our DAG files into the folder, as they are but for the clock; and without a JVM, which takes longest."""
    for name, ours in CLOCKS.items():
        text = (DAGS / f"{name}.py").read_text()
        assert text.count(ours) == 1
        text = text.replace(ours, clock).replace('"--once"]', '"--once", "--engine", "embedded"]')
        (dags / f"{name}.py").write_text(text)


def know_the_field(settings: Settings) -> None:
    load_reference(settings, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")


def calibrate_the_station(settings: Settings, devices: Path) -> None:
    header, *periods = (SAMPLE / "devices.csv").read_text().splitlines()
    lines = [f"{each},{'air_temperature 1 0.5' if each.startswith(STATION) else ''}" for each in periods]
    devices.write_text("\n".join([f"{header},calibration", *lines, ""]))
    load_reference(settings, devices, correct=True)


def send_first(settings: Settings, messages: int) -> None:
    send(settings, islice(first_batch(settings.tenant), messages))


def by_hand(settings: Settings, home: Path) -> Tables:
    """Take in all that the topic holds at once, in another home, without Airflow."""
    alone = replace(settings, home=home)
    know_the_field(alone)
    ingest(alone, engine="embedded")
    flag(alone)
    gate(alone)
    build_gold(alone)
    return content(alone)


def content(settings: Settings) -> Tables:
    lake = Lake(settings.lake)
    kept = {name: [column for column in lake.read(name).column_names if column not in OF_THE_RUN] for name in TABLES}
    return {name: sorted(lake.read(name, columns=kept[name]).to_pylist(), key=repr) for name in TABLES}


def wait_for_run(airflow: Standalone, dag_id: str, run_type: str) -> list[Run]:
    airflow.wait_for(
        f"a run of {dag_id}, {run_type}, that ended",
        lambda: any(run.run_type == run_type and run.ended for run in airflow.runs(dag_id)),
    )
    return airflow.runs(dag_id)


def test_a_hint_takes_in_what_came_long_before_the_clock_strikes(story: Story) -> None:
    assert [(run.run_type, run.state) for run in story.runs_hinted] == [("asset_triggered", "success")]
    assert len(story.hinted["bronze.events"]) == 300
    early = {row["date"]: row for row in story.by_hand["gold.field_daily"]}
    *whole, _ = story.hinted["gold.field_daily"]
    assert whole
    assert whole == [early[row["date"]] for row in whole]


def test_without_the_watcher_the_clock_reaches_the_same_state(story: Story) -> None:
    later = story.runs_clocked[1:]
    assert {run.run_type for run in later} == {"scheduled"}
    assert later[0].state == "success"
    assert story.clocked == story.by_hand
    assert len(story.clocked["bronze.events"]) == 600


def test_maintenance_runs_beside_it(story: Story) -> None:
    assert (story.runs_of_maintenance[0].run_type, story.runs_of_maintenance[0].state) == ("scheduled", "success")


def test_a_backfill_by_hand_puts_right_what_the_registry_says_otherwise_now(story: Story) -> None:
    (run,) = story.runs_of_backfill
    assert run.state == "success"
    *_, end = sorted(story.replays, key=lambda row: row["is_end"])
    assert (end["replay_reason"], end["replayed_by"]) == (BACKFILL["reason"], f"airflow {run.run_id}")
    read = [row for row in story.clocked["silver.observations"] if row["device_id"] == STATION]
    changed = sum(row["property"] == "air_temperature" and row["value"] is not None for row in read)
    assert (end["observations_changed"], end["observations_unchanged"]) == (changed, len(read) - changed)
