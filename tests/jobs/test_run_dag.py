"""A DAG really run by Airflow: tasks in order, reports kept, and a failure told in the command's own sentence."""

from collections.abc import Iterator

import pytest

from pipelines.errors import DagFailed
from pipelines.jobs.run_dag import DagRuns
from pipelines.settings import from_environment

pytestmark = pytest.mark.airflow

# Scheduled by the asset that it also emits: `dags test` must run a DAG that waits for no clock.
DAG_FILE = """
import sys

from airflow.sdk import DAG, Asset, chain

from pipelines.orchestration import DEFAULT_ARGS, START_DATE, FieldstreamTask

SAYS = [sys.executable, "-c", {says!r}]

with DAG({dag_id!r}, schedule=[Asset("gold.field_daily")], start_date=START_DATE, default_args=DEFAULT_ARGS) as dag:
    chain(
        FieldstreamTask(task_id="gate", command=["gate"], executable=SAYS),
        FieldstreamTask(task_id="gold", command=["gold"], executable=SAYS, outlets=[Asset("gold.field_daily")]),
    )
"""
ADMITS = "import json, os, sys; print(json.dumps([sys.argv[1], os.environ['FIELDSTREAM_TENANT']]))"
HOLDS = "import sys; print('Slice 3 to 7 is held.', file=sys.stderr); sys.exit(5)"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagRuns]:
    home, dags = (tmp_path_factory.mktemp(name) for name in ("home", "dags"))
    for dag_id, says in {"admits": ADMITS, "holds": HOLDS}.items():
        (dags / f"{dag_id}.py").write_text(DAG_FILE.format(dag_id=dag_id, says=says))
    settings = from_environment({"FIELDSTREAM_HOME": str(home), "FIELDSTREAM_TENANT": "acme"})
    with DagRuns(settings, dags) as runs:
        yield runs


def test_tasks_run_in_order_and_keep_their_reports(runs: DagRuns) -> None:
    report = runs.run("admits")
    assert report.state == "success"
    assert [(task.task_id, task.state, task.report) for task in report.tasks] == [
        ("gate", "success", ["gate", "acme"]),
        ("gold", "success", ["gold", "acme"]),
    ]


def test_a_held_slice_stops_gold_at_once_in_its_own_words(runs: DagRuns) -> None:
    with pytest.raises(DagFailed, match=r"task gate, .*ended with exit code 5: Slice 3 to 7 is held\.") as caught:
        runs.run("holds")
    assert caught.value.exit_code == 5


def test_an_unknown_dag_is_named(runs: DagRuns) -> None:
    with pytest.raises(DagFailed, match="The DAG nobody did not succeed") as caught:
        runs.run("nobody")
    assert caught.value.exit_code == 4
