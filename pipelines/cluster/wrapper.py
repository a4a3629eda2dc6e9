"""Runs inside a job, around its program: checks inputs, runs it, hashes outputs, writes the manifest last.

    python wrapper.py <run folder>

Standard library only, and nothing of ours: it is copied to clusters that have neither. The run folder holds job.json
(key, argv, inputs), `in`, `work` and `out`. The program is asked to end when the wrapper is; the exit code is the
program's.
"""

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

INPUT_MISMATCH = 66


def main(run: Path) -> int:
    """Run the job of a run folder and return its exit code."""
    job = json.loads((run / "job.json").read_text(encoding="utf-8"))
    started_at = _now()
    inputs = {name: _digest(run / "in" / name) for name in job["inputs"]}
    if inputs != job["inputs"]:
        print(f"inputs are not those the job was made for: expected {job['inputs']}, got {inputs}", file=sys.stderr)  # noqa: T201 - a job's output is its log
        return INPUT_MISMATCH
    exit_code, cancelled = _run(job["argv"], run / "work")
    _write_manifest(
        run / "out",
        {
            "key": job["key"],
            "exit_code": exit_code,
            "cancelled": cancelled,
            "inputs": inputs,
            "outputs": _outputs(run / "out"),
            "started_at": started_at,
            "finished_at": _now(),
            "environment": {"python": platform.python_version(), "platform": platform.platform()},
        },
    )
    return exit_code


def _run(argv: list[str], work: Path) -> tuple[int, bool]:
    """Run the program; pass a request to end on to it, and remember that there was one."""
    # Waited for, not handled: a request before there is a handler would end us and leave the program running, and a
    # handler for one that comes just before the wait for the program would not run until the program ended by itself.
    heard = {signal.SIGTERM, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    # Open files stay open: a backend may have given us one whose lock says that some of the job still runs.
    program = subprocess.Popen(
        argv,
        cwd=work,
        stdin=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),  # noqa: PLW1509 - one thread runs here
    )
    cancelled = False
    while (code := program.poll()) is None:
        if signal.sigwait(heard) == signal.SIGTERM:
            cancelled = True
            program.terminate()
    return (code if code >= 0 else 128 - code), cancelled


def _outputs(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): _digest(path) for path in files}


def _write_manifest(out: Path, manifest: dict[str, object]) -> None:
    unfinished = out.parent / "manifest.json.unfinished"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(out / "manifest.json")


def _digest(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()  # noqa: UP017 - clusters may have a Python older than 3.11


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
