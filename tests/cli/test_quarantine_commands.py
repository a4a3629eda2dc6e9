"""What of a stranger's bytes reaches stdout: escaped lines, or all of them where no terminal listens."""

import json
import sys

import pytest

from pipelines.cli import main
from pipelines.lake.tables import Lake
from pipelines.settings import from_environment
from tests.stream.test_batch import take_in
from tests.uplinks import TOPIC, Topic, uplink

HOSTILE = b"\x1b[2J\x00" + b"x" * 10_000_000
ODD = uplink({}, time="?", device="d\x1b[31m\u202e")


@pytest.fixture
def environ(tmp_path):
    environ = {"FIELDSTREAM_HOME": str(tmp_path), "FIELDSTREAM_TENANT": "acme"}
    take_in(Lake(from_environment(environ).lake), Topic([[HOSTILE, ODD]]))
    return environ


@pytest.mark.parametrize(
    "words",
    [
        ["ls"],
        ["ls", "--rows"],
        ["ls", "--rows", "--json"],
        ["show", f"{TOPIC}/0/0"],
        ["show", f"{TOPIC}/0/0", "--json"],
        ["show", f"{TOPIC}/0/1"],
        ["redrive"],
    ],
    ids=" ".join,
)
def test_no_control_character_reaches_stdout_and_no_flood(capsys, environ, words):
    assert main(["quarantine", *words], environ) == 0
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    assert len(out) < 10_000


def test_content_stands_behind_a_bar(capsys, environ):
    assert main(["quarantine", "show", f"{TOPIC}/0/0"], environ) == 0
    *_, first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("  | \\x1b[2J\\x00xxx")
    assert last == "  | ... 9995909 more bytes"  # 10,000,005 - 4,096


def test_raw_bytes_go_out_as_they_came(capsysbinary, environ):
    assert main(["quarantine", "show", f"{TOPIC}/0/0", "--raw"], environ) == 0
    assert capsysbinary.readouterr().out == HOSTILE


def test_raw_bytes_do_not_go_to_a_terminal(capsys, environ, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["quarantine", "show", f"{TOPIC}/0/0", "--raw"], environ) == 2
    assert "expected a file or a pipe, got a terminal" in capsys.readouterr().err


def test_a_script_reads_the_same(capsys, environ):
    assert main(["quarantine", "ls", "--json", "--reason", "no_time", "--since", "2026-06-01"], environ) == 0
    (group,) = json.loads(capsys.readouterr().out)
    assert (group["reason"], group["records"], group["example"]) == ("no_time", 1, f"{TOPIC}/0/1")


def test_a_wrong_place_ends_with_2(capsys, environ):
    assert main(["quarantine", "redrive", "--offset", "17"], environ) == 2
    assert "expected a place like demo.telemetry/0/17, got '17'" in capsys.readouterr().err
