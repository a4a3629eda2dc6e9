"""Commands in forked processes: they answer as ever, die alone, and read their failpoints for themselves."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.simulate.tower import SAMPLE

LOAD = ["reference", "load", "--devices", str(SAMPLE / "devices.csv"), "--fields", str(SAMPLE / "fields.geojson")]


@pytest.fixture
def ask():
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    warm = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipelines.cli.warm"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )

    def answer(**told):
        warm.stdin.write(json.dumps(told) + "\n")
        warm.stdin.flush()
        return json.loads(warm.stdout.readline())

    yield answer
    warm.stdin.close()
    assert warm.wait(30) == 0
    warm.stdout.close()


def test_each_command_is_a_process_of_its_own(ask, tmp_path):
    environ = {**os.environ, "FIELDSTREAM_HOME": str(tmp_path), "FIELDSTREAM_TENANT": "north"}

    def run(name, argv, **more):
        pid = ask(argv=argv, environ=environ | more, into=str(tmp_path / name))["pid"]
        return ask(wait=pid)["code"]

    assert run("nothing", ["maintain"]) == 2
    assert "There is no lake here" in (tmp_path / "nothing.err").read_text()
    assert run("killed", LOAD, FIELDSTREAM_FAIL_AT="reference.written") == -signal.SIGKILL
    # The next one is forked from a process that was not armed.
    assert run("again", [*LOAD, "--json"]) == 0
    assert json.loads((tmp_path / "again.out").read_text())["written"] == ["reference.devices"]
    assert run("raised", ["quarantine", "ls", "--limit", "0"]) == 2
