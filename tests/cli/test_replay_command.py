"""The words of a replay, and what it prints."""

import json
from datetime import UTC, datetime

import pytest

from pipelines.cli import main
from pipelines.cli.replay_command import REPLAY
from pipelines.jobs import replay as job
from pipelines.lake.tables import Lake
from pipelines.replay.scope import Scope, Span
from pipelines.settings import from_environment
from tests.stream.test_batch import readings, take_in
from tests.uplinks import TOPIC, Topic


@pytest.fixture
def environ(tmp_path):
    environ = {"FIELDSTREAM_HOME": str(tmp_path), "FIELDSTREAM_TENANT": "acme"}
    take_in(Lake(from_environment(environ).lake), Topic([readings(3)]))
    return environ


def test_every_condition_is_handed_on(environ, monkeypatch, capsys):
    asked = []

    def replay(settings, scope, **said):
        asked.append((settings.tenant, scope, said))
        return {}

    monkeypatch.setattr(job, "replay", replay)
    words = ["--offsets", "t:0:1-2", "--offsets", "t:1:0-0", "--from", "2026-06-01", "--to", "2026-06-02T01:00+01:00",
             "--device", "d", "--contract", "older", "--reason", "why", "--by", "maria"]  # fmt: skip
    assert main(["replay", *words], environ) == 0
    first, second = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
    scope = Scope((Span("t", 0, 1, 2), Span("t", 1, 0, 0)), "d", first, second, "older")
    assert asked == [("acme", scope, {"reason": "why", "replayed_by": "maria", "dry_run": False})]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),  # no reason
        (["--dry-run", "--offsets", "here"], 2),
        (["--dry-run", "--contract", "new"], 2),
        (["--dry-run", "--from", "yesterday"], 2),
        (["--dry-run", "--offsets", f"{TOPIC}:0:1-9"], 0),
        (["--reason", "why"], 0),
    ],
)
def test_exit_code_says_whether_it_was_understood(environ, words, code, capsys):
    assert main(["replay", *words, "--json"], environ) == code
    out = capsys.readouterr().out
    assert not code or not out
    assert code or json.loads(out)["changed"] is False


def test_examples_are_of_the_command():
    assert all(example.startswith(f"fieldstream {REPLAY.words[0]} ") for example in REPLAY.examples)
