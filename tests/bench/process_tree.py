"""What a command costs with everything that it starts: CPU seconds, wall seconds, memory.

The command runs below a process of its own, which the kernel makes the parent of every orphan in its tree
(`PR_SET_CHILD_SUBREAPER`) and which waits for all of them. So what the kernel has added up for its children at the
end is exact: no worker that outlives its JVM is forgotten, and nothing that was started elsewhere, as the broker
was, is counted.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_S = 0.2
# Asking for shared pages takes the kernel some milliseconds a process.
_SHARED_EVERY = 5
# A descendant that is still there so long after the command has ended will not end by itself.
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Usage:
    """What one run of a command cost, with all its descendants."""

    exit_code: int
    cpu_s: float
    wall_s: float
    """Until the command itself ended."""
    peak_rss_bytes: int
    """Highest sum of resident memory seen; a page that two processes share counts twice."""
    peak_pss_bytes: int
    """The same with a page that two processes share counted half for each; looked at more seldom."""


class CommandFailed(Exception):
    """A command that was to be measured did not end well."""


def measure(command: Sequence[str], environ: Mapping[str, str], log: Path) -> Usage:
    """Run a command to its end, its output into `log`, and return what it cost.

    Raises:
        CommandFailed: It ended with another exit code than 0, or left processes behind that do not end.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        runner = [sys.executable, __file__, result.name, str(log), *command]
        ended = subprocess.run(runner, env=dict(environ), stdin=subprocess.DEVNULL, check=False)
        if ended.returncode:
            raise CommandFailed(f"{command}: the runner ended with {ended.returncode}, see {log}")
        usage = Usage(**json.loads(Path(result.name).read_text(encoding="utf-8")))
    if usage.exit_code:
        raise CommandFailed(f"{command} ended with {usage.exit_code}, see {log}")
    return usage


class _Sampler(threading.Thread):
    """Looks at the tree again and again: its memory, and each process's CPU time as a lower bound of the sum."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_rss_bytes = self.peak_pss_bytes = 0
        self._cpu_s: dict[tuple[int, float], float] = {}
        self._done = threading.Event()

    def run(self) -> None:
        looks = 0
        while not self._done.wait(_SAMPLE_S):
            processes = psutil.Process().children(recursive=True)
            rss_bytes = 0
            for process in processes:
                with contextlib.suppress(psutil.Error), process.oneshot():
                    rss_bytes += process.memory_info().rss
                    times = process.cpu_times()
                    self._cpu_s[process.pid, process.create_time()] = times.user + times.system
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss_bytes)
            if looks % _SHARED_EVERY == 0:
                self.peak_pss_bytes = max(self.peak_pss_bytes, sum(_pss_bytes(each.pid) for each in processes))
            looks += 1

    def finish(self) -> float:
        """Stop, and return the CPU seconds that were seen."""
        self._done.set()
        self.join()
        return sum(self._cpu_s.values())


def _pss_bytes(pid: int) -> int:
    with contextlib.suppress(OSError), Path(f"/proc/{pid}/smaps_rollup").open(encoding="ascii") as lines:
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    return 0


def _run(command: Sequence[str], log: Path) -> Usage:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    # Whoever started us may have had this ignored, which children inherit, and which makes the kernel forget.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    sampler = _Sampler()
    sampler.start()
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        exit_code = process.wait()
    wall_s = time.monotonic() - started
    _reap_orphans()
    seen_cpu_s = sampler.finish()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # A parent that ignores its children's end makes the kernel forget their time: say so instead of printing less.
    if seen_cpu_s > cpu_s + 0.1:
        raise CommandFailed(f"{seen_cpu_s:.1f} CPU seconds were seen, {cpu_s:.1f} are accounted for")
    return Usage(exit_code, cpu_s, wall_s, sampler.peak_rss_bytes, sampler.peak_pss_bytes)


def _reap_orphans() -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        if time.monotonic() > deadline:
            left = psutil.Process().children(recursive=True)
            names = [process.name() for process in left]
            for process in left:
                process.kill()
            raise CommandFailed(f"left behind: {', '.join(names)}")
        time.sleep(0.01)


if __name__ == "__main__":
    _, result_file, log_file, *wanted = sys.argv
    Path(result_file).write_text(json.dumps(asdict(_run(wanted, Path(log_file)))), encoding="utf-8")
