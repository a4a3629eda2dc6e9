"""Each command calls one job that exists, with arguments that it takes."""

import threading
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import create_autospec

import pytest

from pipelines.cli import (
    chaos_commands,
    commands,
    decode_command,
    gate_commands,
    quarantine_commands,
    registry_commands,
    replay_command,
    table_commands,
)
from pipelines.cli import command as command_module
from pipelines.cli.command import Command
from pipelines.cli.commands import COMMANDS
from pipelines.cli.parser import build_parser
from pipelines.errors import UsageError
from pipelines.settings import from_environment

SETTINGS = from_environment({})
LINES = {
    ("accept-loss",): ["--topic", "t", "--partition", "0", "--from", "1", "--to", "2", "--reason", "a day"],
    ("send",): ["first"],
    ("reference", "load"): ["--devices", "d.csv", "--fields", "f.geojson"],
    ("reference", "move"): ["probe", "--field", "north", "--from", "2026-06-01"],
    ("reference", "retire"): ["probe", "--at", "2026-06-01"],
    ("quarantine", "show"): ["acme.telemetry/0/1"],
    ("gate", "run"): ["silver.observations"],
    ("gate", "judge"): ["silver.observations"],
    ("gate", "follow"): ["silver.observations"],
    ("gate", "release"): ["silver.observations", "5", "--reason", "frost"],
    ("gold", "rebuild"): ["--into", "rebuilt"],
    ("dag", "run"): ["intake"],
    ("sql",): ["select 1"],
    ("export",): ["gold.field_daily", "--format", "csv", "--to", "days.csv"],
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_a_command_calls_its_job_as_the_job_wants_to_be_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Command
) -> None:
    message = tmp_path / "message.json"
    message.write_text("{}")
    called: list[Any] = []
    real = command_module.job

    def job(name: str) -> Any:
        module: ModuleType = create_autospec(real(name))
        called.append(module)
        return module

    for module in (
        chaos_commands,
        commands,
        decode_command,
        gate_commands,
        quarantine_commands,
        registry_commands,
        replay_command,
        table_commands,
    ):
        monkeypatch.setattr(module, "job", job)
        if hasattr(module, "asked_to_stop"):
            monkeypatch.setattr(module, "asked_to_stop", threading.Event)
    line = [str(message)] if command.words == ("decode",) else LINES.get(command.words, [])
    arguments: Namespace = build_parser(COMMANDS, commands.GROUPS).parse_args([*command.words, *line])
    command.run(SETTINGS, arguments)
    assert [len(module.mock_calls) for module in called] == [1]


def test_decode_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    decode = next(command for command in COMMANDS if command.words == ("decode",))
    with pytest.raises(UsageError, match=r"absent\.json\): expected a file, got No such file or directory"):
        decode.run(SETTINGS, Namespace(file=str(tmp_path / "absent.json"), lines=False, payload=None))
