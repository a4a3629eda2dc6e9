"""Stands in for a scheduler on this machine: starts one job, limits its time, records how it ended.

    python supervisor.py <run folder>

It inherits a locked file, so that anybody can see whether it lives, even after a reboot or where its process id
belongs to another by then. The job inherits another one, for the same reason. Standard library only.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_S = 5.0
POLL_S = 0.05


class Ended(Exception):
    """Somebody asked for the job to end."""


def main(run: Path) -> None:
    """Run the job of a run folder to its end, and record that end."""
    signal.signal(signal.SIGTERM, _end)
    wall_s = float(json.loads((run / "job.json").read_text(encoding="utf-8"))["wall_s"])
    wrapper = _start(run)
    _record(run / "job.pid", str(wrapper.pid))
    ended = _wait(wrapper, wall_s, run)
    _record(run / "ended.json", json.dumps({"ended": ended, "exit_code": wrapper.returncode}))


def _start(run: Path) -> "subprocess.Popen[bytes]":
    """Start the wrapper in a session of its own, holding the lock that says some of the job still runs."""
    with (run / "log.txt").open("ab") as log, (run / "working").open("w") as working:
        fcntl.flock(working, fcntl.LOCK_EX)
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("wrapper.py")), str(run)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[working.fileno()],
            start_new_session=True,
        )


def _wait(wrapper: "subprocess.Popen[bytes]", wall_s: float, run: Path) -> str:
    """Return `exited`, `timeout` or `cancelled`; nothing of the job runs any longer then."""
    try:
        # From here on we can be asked to end; a request that came earlier left its mark.
        _record(run / "supervisor.pid", str(os.getpid()))
        if (run / "cancel").exists():
            raise Ended  # noqa: TRY301 - the same way out as for a signal
        wrapper.wait(timeout=wall_s)
        ended = "exited"
    except subprocess.TimeoutExpired:
        ended = "timeout"
    except Ended:
        ended = "cancelled"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if ended != "exited":
        _ask_to_end(wrapper)
    # What a job leaves behind in its session ends with it.
    _signal(wrapper.pid, signal.SIGKILL)
    wrapper.wait()
    return ended


def _ask_to_end(wrapper: "subprocess.Popen[bytes]") -> None:
    _signal(wrapper.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while wrapper.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _record(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _end(_signal: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Ended


if __name__ == "__main__":
    main(Path(sys.argv[1]))
