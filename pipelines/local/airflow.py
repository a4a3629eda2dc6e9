"""Airflow's own commands, one after another in one process: loading Airflow takes longer than most DAGs."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# Run as a file, for its package loads Airflow, and what that says belongs into a log.
_SERVES = Path(__file__).parents[1] / "orchestration" / "serve.py"
_PATIENCE_S = 10.0


class Airflow:
    """A process that runs `airflow` commands, started by the first of them; leaving the block ends it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Say in which environment; nothing runs yet."""
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Hand it out."""
        return self

    def run(self, log: Path, *arguments: str) -> int:
        """Run a command as `airflow` with these arguments would, with what it says in a file; return its exit code."""
        log.parent.mkdir(parents=True, exist_ok=True)
        if self._process is None:
            self._process = self._start(log)
        requests, answers = _pipes(self._process)
        with suppress(BrokenPipeError):
            requests.write(json.dumps([str(log), *arguments]) + "\n")
            requests.flush()
        answer = answers.readline()
        return int(answer) if answer else self._process.wait()

    def _start(self, log: Path) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-P", str(_SERVES)]
        pipe = subprocess.PIPE
        with log.open("wb") as said:
            return subprocess.Popen(argv, env=self._environment, stdin=pipe, stdout=pipe, stderr=said, text=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process, and what it runs."""
        if self._process is None:
            return
        # SIGINT and not SIGTERM: a DAG run in one process ends its task's command only on the way out.
        self._process.send_signal(signal.SIGINT)
        with suppress(BrokenPipeError):
            _pipes(self._process)[0].close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None  # noqa: S101 - it was started with both
    assert process.stdout is not None  # noqa: S101 - as above
    return process.stdin, process.stdout
