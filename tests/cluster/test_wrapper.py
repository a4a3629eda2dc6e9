"""The wrapper as a program: what it leaves behind for each way a job can end."""

import json
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.cluster import wrapper

PROGRAM = Path(wrapper.__file__)
DATA = b"a dataset"
# It does not leave from within its handler: an exception raised there can come where Python only prints it.
WAITS_TO_BE_ASKED = """
import signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
open('ready', 'w').close()
while not asked:
    time.sleep(0.02)
open('../out/checkpoint', 'w').write('half')
"""


def run_folder(path: Path, program: str | list[str]) -> Path:
    for name in ("in", "work", "out"):
        (path / name).mkdir(parents=True)
    (path / "in" / "data").write_bytes(DATA)
    argv = [sys.executable, "-c", program] if isinstance(program, str) else program
    job = {"key": "k", "argv": argv, "inputs": {"data": sha256(DATA).hexdigest()}}
    (path / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return path


def manifest(run: Path) -> dict[str, object]:
    return json.loads((run / "out" / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("script", "exit_code", "outputs"),
    [
        ("open('../out/model', 'w').write('m')", 0, {"model": sha256(b"m").hexdigest()}),
        ("import os; os.mkdir('../out/a'); open('../out/a/b', 'w')", 0, {"a/b": sha256(b"").hexdigest()}),
        ("raise SystemExit(3)", 3, {}),
        ("import os; os.kill(os.getpid(), 9)", 128 + 9, {}),
    ],
)
def test_the_manifest_says_how_the_program_ended_and_what_it_made(tmp_path, script, exit_code, outputs):
    run = run_folder(tmp_path, script)
    assert subprocess.run([sys.executable, PROGRAM, run], check=False).returncode == exit_code
    said = manifest(run)
    assert (said["key"], said["exit_code"], said["cancelled"]) == ("k", exit_code, False)
    assert (said["inputs"], said["outputs"]) == ({"data": sha256(DATA).hexdigest()}, outputs)


def test_a_damaged_input_stops_the_job_before_it_runs(tmp_path):
    run = run_folder(tmp_path, "open('../out/ran', 'w')")
    (run / "in" / "data").write_bytes(b"another")
    assert subprocess.run([sys.executable, PROGRAM, run], check=False).returncode == wrapper.INPUT_MISMATCH
    assert list((run / "out").iterdir()) == []


def test_a_request_to_end_is_passed_on_and_remembered(tmp_path):
    run = run_folder(tmp_path, WAITS_TO_BE_ASKED)
    process = subprocess.Popen([sys.executable, PROGRAM, run])
    while not (run / "work" / "ready").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert manifest(run)["cancelled"] is True
    assert manifest(run)["outputs"] == {"checkpoint": sha256(b"half").hexdigest()}


def test_a_request_as_the_program_starts_is_passed_on_too(tmp_path):
    # Asked within the first milliseconds, when the wrapper has just started the program; whom the scheduler lets run
    # first is chance, so many are tried, at once.
    asks_at_once = ["/bin/sh", "-c", "trap 'exit 0' TERM; kill -TERM $PPID; while :; do sleep 0.05; done"]
    runs = [run_folder(tmp_path / str(number), asks_at_once) for number in range(40)]
    processes = [subprocess.Popen([sys.executable, PROGRAM, run]) for run in runs]
    assert [process.wait(timeout=20) for process in processes] == [0] * 40
    assert all(manifest(run)["cancelled"] for run in runs)
