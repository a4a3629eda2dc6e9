"""The whole way, run as a user runs it: a broker, Spark, the gate, a model, the DAGs; then once more."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.jobs.sql import sql
from pipelines.jobs.stack import down
from pipelines.local import kafka
from pipelines.settings import Settings, from_environment
from pipelines.simulate.expected import expected_all
from pipelines.simulate.trouble import TRUNCATED_BYTES

pytestmark = [pytest.mark.spark, pytest.mark.broker, pytest.mark.airflow]

# samples/us-tw3/README.md: the years 2015 and 2017, every day of them
OPERATIONS = 30
FIELD_DAYS = 365 + 365
# pipelines/simulate/trouble.py: the soil probe's week of 2017-06-12 to 18 came when the year was over
LATE_WEEK = [(date(2017, 6, 12) + timedelta(days=day)).isoformat() for day in range(7)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return from_environment({"FIELDSTREAM_HOME": str(tmp_path_factory.mktemp("home")), "HOME": str(Path.home())})


@pytest.fixture(scope="module")
def runs(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The reports of two runs, one after the other."""
    report = tmp_path_factory.mktemp("report") / "report.html"
    program = "from pipelines.cli import entry; entry()"
    environ = {**os.environ, "FIELDSTREAM_HOME": str(settings.home), "PYTHONPATH": str(Path.cwd())}
    argv = [sys.executable, "-c", program, "demo", "--json", "--into", str(report)]
    try:
        yield [json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE, env=environ).stdout) for _ in "12"]
    finally:
        down(settings)


def test_every_record_has_the_verdict_it_was_sent_to_have(runs: list[dict[str, Any]]) -> None:
    expected = expected_all()
    assert runs[0]["records_by_verdict"] == {
        "accepted": expected.accepted + OPERATIONS,
        "duplicate": expected.duplicates,
        "quarantined": expected.quarantined,
    }
    assert sum(runs[0]["observations_by_flag"].values()) == expected.observations


def test_the_impossible_value_is_flagged_and_the_truncated_message_kept(
    runs: list[dict[str, Any]], settings: Settings
) -> None:
    assert runs
    impossible = sql(settings, "select flag from silver.observations where property = 'air_temperature' and value = 85")
    assert impossible.rows == [(4,)]
    truncated = sql(settings, "select octet_length(raw) from bronze.events where verdict = 'quarantined'")
    assert truncated.rows == [(TRUNCATED_BYTES,)]


def test_the_late_week_restates_its_own_days(runs: list[dict[str, Any]]) -> None:
    assert runs[0]["field_days"] == FIELD_DAYS
    assert runs[0]["water"]["irrigation_mm"] == 421.0  # samples/operations/README.md
    assert [day["date"] for day in runs[0]["restated"]] == LATE_WEEK


def test_the_gate_admits_and_every_layer_is_forecast(runs: list[dict[str, Any]]) -> None:
    assert {decision["gate_verdict"] for decision in runs[0]["gate"]} == {"admitted"}
    assert {score["soil_layer"] for score in runs[0]["skill"]} == {"0_30cm", "30_60cm"}
    assert runs[0]["scores"] > 0


def test_the_broker_that_it_started_is_stopped(runs: list[dict[str, Any]], settings: Settings) -> None:
    assert runs
    assert kafka.running(settings) is None


def test_a_second_run_changes_nothing(runs: list[dict[str, Any]]) -> None:
    first, second = runs
    assert second["changed_tables"] == []
    counted = ("records_by_verdict", "observations_by_flag", "gate", "field_days", "water", "skill", "scores")
    assert {name: second[name] for name in counted} == {name: first[name] for name in counted}
