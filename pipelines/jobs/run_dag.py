"""Run one DAG to its end with Airflow, here and now, as `airflow dags test` does."""

import contextlib
import json
import logging
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipelines.errors import DagFailed
from pipelines.local.airflow import Airflow
from pipelines.local.airflow_home import DAGS, airflow_environment, airflow_home, database
from pipelines.settings import Settings

_log = logging.getLogger("fieldstream")
_COMMAND_FAILED = re.compile(r"'fieldstream [^']*' ended with exit code (\d+): .*")
_RUN = "select run_id, state from dag_run where dag_id = ? order by id desc limit 1"
_TASKS = """
    select task_id, state, coalesce(duration, 0), xcom.value
    from task_instance left join xcom using (dag_id, run_id, task_id, map_index)
    where dag_id = ? and run_id = ? and coalesce(xcom.key, 'return_value') = 'return_value'
    order by coalesce(start_date, '9'), task_id
"""


@dataclass(frozen=True)
class TaskReport:
    """How one task of a run ended."""

    task_id: str
    state: str
    wall_s: float
    report: Any
    """What its command printed with --json; None where it did not end well."""


@dataclass(frozen=True)
class DagReport:
    """How one run of a DAG ended."""

    dag_id: str
    state: str
    wall_s: float
    tasks: tuple[TaskReport, ...]
    log: str


def run_dag(settings: Settings, dag_id: str) -> DagReport:
    """Run the DAG once; every task runs in order, none is retried.

    Raises:
        DagFailed: A task failed, or Airflow could not run the DAG.
    """
    with DagRuns(settings) as runs:
        return runs.run(dag_id)


class DagRuns:
    """Runs of DAGs, one after another, by one process of Airflow's; leaving the block ends it."""

    def __init__(self, settings: Settings, dags: Path = DAGS) -> None:
        """Say whose, and in which folder the DAGs are; nothing runs yet."""
        self._settings = settings
        self._airflow = Airflow(airflow_environment(settings, dags))

    def __enter__(self) -> Self:
        """Hand it out."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End Airflow, and what it runs."""
        self._airflow.__exit__(kind, error, at)

    def lay_database(self) -> None:
        """Lay Airflow's database once; it is marked as laid only when all of it is.

        Raises:
            DagFailed: It could not be laid.
        """
        marker = airflow_home(self._settings) / "migrated"
        if marker.exists():
            return
        _log.info("Airflow: laying its database in %s", marker.parent)
        log = marker.parent / "migrate.log"
        if self._airflow.run(log, "db", "migrate") != 0:
            raise _failure("db migrate", "failed", (), log)
        marker.touch()

    def run(self, dag_id: str) -> DagReport:
        """Run one; raises as `run_dag` does."""
        started = time.monotonic()
        log = airflow_home(self._settings) / f"{dag_id}.log"
        self.lay_database()
        exit_code = self._airflow.run(log, "dags", "test", dag_id)
        state, tasks = _last_run(self._settings, dag_id)
        if exit_code != 0 or state != "success":
            raise _failure(dag_id, state, tasks, log)
        return DagReport(dag_id, state, round(time.monotonic() - started, 3), tasks, str(log))


def _last_run(settings: Settings, dag_id: str) -> tuple[str, tuple[TaskReport, ...]]:
    """Read the last run from Airflow's database: the `airflow` commands that tell it start for seconds each."""
    with contextlib.closing(sqlite3.connect(f"file:{database(settings)}?mode=ro", uri=True)) as connection:
        run = connection.execute(_RUN, (dag_id,)).fetchone()
        if run is None:
            return "absent", ()
        rows = connection.execute(_TASKS, (dag_id, run[0])).fetchall()
    return run[1], tuple(
        TaskReport(task_id, state or "none", round(wall_s, 3), json.loads(report) if report else None)
        for task_id, state, wall_s, report in rows
    )


def _failure(dag_id: str, state: str, tasks: tuple[TaskReport, ...], log: Path) -> DagFailed:
    text = log.read_text(encoding="utf-8", errors="replace")
    commands = list(_COMMAND_FAILED.finditer(text))
    lines = [line for line in text.splitlines() if line.strip()]
    failed = ", ".join(task.task_id for task in tasks if task.state == "failed")
    return DagFailed(
        dag_id,
        where=f"{'task ' + failed + ', ' if failed else ''}log {log}",
        state=state,
        cause=commands[-1].group() if commands else (lines or ["it said nothing"])[-1],
        exit_code=int(commands[-1].group(1)) if commands else DagFailed.exit_code,
    )
