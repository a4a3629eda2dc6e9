"""The supervisor as a program: it limits a job's time, ends what the job leaves behind, and records the end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.cluster import supervisor
from tests.cluster.test_wrapper import run_folder

PROGRAM = Path(supervisor.__file__)


def start(path: Path, script: str, wall_s: float = 60) -> tuple[Path, "subprocess.Popen[bytes]"]:
    run = run_folder(path, script)
    job = json.loads((run / "job.json").read_text(encoding="utf-8"))
    (run / "job.json").write_text(json.dumps(job | {"wall_s": wall_s}), encoding="utf-8")
    return run, subprocess.Popen([sys.executable, PROGRAM, run])


def ended(run: Path) -> dict[str, object]:
    return json.loads((run / "ended.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("script", "wall_s", "how", "exit_code"),
    [
        ("pass", 60, "exited", 0),
        ("raise SystemExit(3)", 60, "exited", 3),
        ("import time; time.sleep(60)", 1.0, "timeout", 128 + signal.SIGTERM),
    ],
)
def test_the_end_is_recorded(tmp_path, script, wall_s, how, exit_code):
    run, process = start(tmp_path, script, wall_s)
    assert process.wait(timeout=30) == 0
    assert ended(run) == {"ended": how, "exit_code": exit_code}


def test_asked_to_end_it_ends_the_job(tmp_path):
    run, process = start(tmp_path, "open('ready', 'w'); import time; time.sleep(60)")
    while not (run / "work" / "ready").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    assert ended(run)["ended"] == "cancelled"


def test_what_the_job_left_running_ends_with_it(tmp_path):
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid))"
    )
    run, process = start(tmp_path, script)
    process.wait(timeout=30)
    left = int((run / "work" / "pid").read_text(encoding="utf-8"))
    # Killed, it takes a moment until it is gone, or a zombie where nobody collects it.
    deadline = time.monotonic() + 10
    while psutil.pid_exists(left) and psutil.Process(left).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
