"""The one kind of task: run a `fieldstream` command, tell its outcome to Airflow, keep its report."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pipelines.errors import GateHeld, ServiceUnreachable
from pipelines.orchestration.command import Command, CommandEnd


class FieldstreamTask(BaseOperator):
    """Run `fieldstream <command> --json`; the report it prints is what the task returns.

    The command's words are templates: a later task's may take from the report of an earlier one's, or from a form. A
    word that renders to nothing is left out.
    """

    template_fields = ("command",)

    def __init__(self, *, command: Sequence[str], executable: Sequence[str] | None = None, **kwargs: Any) -> None:
        """Say which command; `executable` stands in for the `fieldstream` beside this Python."""
        super().__init__(**kwargs)
        self.command = list(command)
        self.executable = list(executable or [str(Path(sys.executable).with_name("fieldstream"))])
        self._running: Command | None = None

    def execute(self, context: Any) -> Any:  # noqa: ARG002 - a command is a function of the lake, never of the run's date
        """Run the command; see `report_of` for what each way to end means.

        Raises:
            AirflowException: A service does not answer, or a signal ended the command; a retry may help.
            AirflowFailException: The command failed in a way that a retry would only repeat.
        """
        words = [word for word in self.command if word]
        self._running = Command([*self.executable, *words, "--json"], _environment())
        end = self._running.run(self.log.info)
        return report_of(" ".join(["fieldstream", *words]), end)

    def on_kill(self) -> None:
        """End the command and all it started."""
        if self._running is not None:
            self._running.stop()


def report_of(command: str, end: CommandEnd) -> Any:
    """Return the report of a command that ended well.

    Raises:
        AirflowException: A service does not answer, or a signal ended the command; a retry may help.
        AirflowFailException: The gate holds the data, or the command failed as it would again.
    """
    sentence = f"'{command}' ended with exit code {end.exit_code}: {end.last_line or 'it said nothing'}"
    if end.exit_code == 0:
        return _parsed(command, end.output)
    if end.exit_code == ServiceUnreachable.exit_code:
        raise AirflowException(sentence)
    if end.exit_code < 0:
        # Killed from outside, by the system's memory guard for one: every command can be run again.
        raise AirflowException(f"'{command}' was ended by signal {-end.exit_code}: {end.last_line}")
    if end.exit_code == GateHeld.exit_code:
        raise AirflowFailException(f"The gate holds the data, so nothing is built from it. {sentence}")
    raise AirflowFailException(sentence)


def _parsed(command: str, output: str) -> Any:
    """Parse the JSON document that ends the output; a library may have printed lines before it."""
    lines = output.splitlines()
    for first in range(len(lines)):
        try:
            return json.loads("\n".join(lines[first:]))
        except json.JSONDecodeError:
            continue
    raise AirflowFailException(f"'{command}' ended well but printed no JSON report: got {output[-200:]!r}")


def _environment() -> dict[str, str]:
    """Return what the command may see: all but Airflow's own settings, which hold its secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
