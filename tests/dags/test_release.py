"""The DAG `release` under Airflow, with a slice that the gate holds and a person who answers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.jobs.gate import gate, gate_status
from pipelines.jobs.run_dag import DagRuns
from pipelines.lake.tables import Lake
from pipelines.local.airflow_home import airflow_environment
from pipelines.settings import Settings
from tests.lakes import observation

ANSWER = Path(__file__).with_name("answer.py")
REASON = "the probe stood in water; {{ nothing }} else"


@pytest.fixture
def runs(home_settings: Settings) -> Iterator[DagRuns]:
    with DagRuns(home_settings) as runs:
        runs.lay_database()
        yield runs


@pytest.fixture
def person(home_settings: Settings, runs: DagRuns) -> Iterator["subprocess.Popen[str]"]:  # noqa: ARG001 - asked there
    """Somebody who approves as soon as they are asked."""
    everyone = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"}
    environment = airflow_environment(home_settings) | everyone
    argv = [sys.executable, str(ANSWER), "release", REASON]
    answering = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)
    yield answering
    answering.kill()
    answering.wait()


@pytest.mark.airflow
def test_a_person_lets_a_held_slice_through(
    home_settings: Settings, runs: DagRuns, person: "subprocess.Popen[str]"
) -> None:
    lake = Lake(home_settings.lake)
    lake.append("silver.observations", [observation(20), {**observation(21), "value": 0.9}])
    gate(home_settings)
    assert len(gate_status(home_settings).held) == 1
    report = runs.run("release")
    assert [task.state for task in report.tasks] == ["success"] * 3
    said, _ = person.communicate(timeout=60)
    assert "May silver.observations, version 1, be used?" in said.splitlines()
    assert gate_status(home_settings).held == ()
    (released,) = lake.read("ops.gate_releases").to_pylist()
    assert (released["to_version"], released["release_reason"]) == (1, REASON)
    assert released["released_by"] == "Anonymous"
