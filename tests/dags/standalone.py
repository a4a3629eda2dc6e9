"""A real `airflow standalone` for tests: on free ports, asked by its own database, ended with all it started."""

import contextlib
import json
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines.local.airflow_home import PROJECT, airflow_environment, airflow_home, database
from pipelines.settings import Settings

AIRFLOW = str(Path(sys.executable).with_name("airflow"))
PATIENCE_S = 240.0
_PORTS = ("AIRFLOW__API__PORT", "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT")
_RUNS = "select run_id, run_type, state from dag_run where dag_id = ? order by id"


@dataclass(frozen=True)
class Run:
    run_id: str
    run_type: str
    state: str

    @property
    def ended(self) -> bool:
        return self.state in {"success", "failed"}


@dataclass(frozen=True)
class Standalone:
    settings: Settings
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    environment: dict[str, str]

    def wait_until_ready(self, dag_ids: Iterable[str]) -> None:
        """Wait until the DAGs are known, their watchers watch, and tasks can ask what they are to do."""
        self.wait_for("DAGs", lambda: {row[0] for row in self.rows("select dag_id from dag")} == set(dag_ids))
        self.wait_for("a watcher", lambda: bool(self.rows("select id from trigger where triggerer_id is not null")))
        self.wait_for("the API", self._answers)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/api/v2/version", timeout=5).close()  # noqa: S310 - ours
        except OSError:
            return False
        return True

    def runs(self, dag_id: str) -> list[Run]:
        return [Run(*row) for row in self.rows(_RUNS, dag_id)]

    def trigger(self, dag_id: str, answers: dict[str, Any]) -> None:
        """Have a DAG run by hand, with these answers in its form."""
        command = [AIRFLOW, "dags", "trigger", dag_id, "--conf", json.dumps(answers)]
        subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def rows(self, query: str, *parameters: str) -> list[tuple[str, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{database(self.settings)}?mode=ro", uri=True)) as connection:
            return connection.execute(query, parameters).fetchall()

    def wait_for(self, what: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._says(done):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {PATIENCE_S:.0f} s; {self.log.read_text()[-3000:]}")
            time.sleep(0.2)

    def _says(self, done: Callable[[], bool]) -> bool:
        try:
            return done()
        except sqlite3.OperationalError:  # the database is not laid yet, or at work
            return False

    def without_triggerer(self) -> None:
        """End the triggerer, and with it every watcher."""
        (triggerer,) = [
            child for child in psutil.Process(self.process.pid).children() if "triggerer" in child.cmdline()
        ]
        _end([triggerer, *triggerer.children(recursive=True)])


@contextmanager
def standalone(settings: Settings, dags: Path) -> Iterator[Standalone]:
    ports = [str(port) for port in _free_ports(len(_PORTS))]
    environment = airflow_environment(settings, dags) | {
        **dict(zip(_PORTS, ports, strict=True)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{ports[0]}/execution/",
        # Without the policy for single runs that somebody watches: here a task is tried again, as its DAG says.
        "PYTHONPATH": str(PROJECT),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # A file is read again when it was written again, and at no other time.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__API__WORKERS": "1",
    }
    log = airflow_home(settings) / "standalone.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [AIRFLOW, "standalone"],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield Standalone(settings, f"http://127.0.0.1:{ports[0]}", process, log, environment)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                # Asked to end, it forgets its children: they are listed while it lives.
                parent = psutil.Process(process.pid)
                _end([parent, *parent.children(recursive=True)])
            process.wait()


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
