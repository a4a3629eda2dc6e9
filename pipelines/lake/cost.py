"""What a commit has cost: CPU of this process and of what it started, kept in the log beside what the commit did."""

import contextlib
import os
import time
from dataclasses import dataclass, field

import psutil
from deltalake import DeltaTable

CPU, WALL = "cpu_s", "wall_s"
_PREFIX = "fieldstream."
_SUBJECT = f"{_PREFIX}subject"


def tree_cpu_s() -> float:
    """Return the CPU seconds of this process and its descendants, those that have ended among them.

    Spark's JVM and workers on this machine are descendants, executors elsewhere are not. A descendant in another
    session is a service that outlives this process, such as a local broker, and is not counted.
    """
    this = psutil.Process()
    session, total = os.getsid(0), 0.0
    # To find descendants, all processes of the machine are looked through.
    descendants = this.children(recursive=True) if _has_children() else []
    for process in (this, *descendants):
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session:
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def _has_children() -> bool:
    """Say whether there may be any: macOS can only tell from Python 3.13 on."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


@dataclass(frozen=True)
class Meter:
    """Runs from when it is made."""

    _cpu_s: float = field(default_factory=tree_cpu_s)
    _started: float = field(default_factory=time.monotonic)

    def read(self, subject: str, **done: int) -> dict[str, str]:
        """Return the cost so far, as a commit's information holds it.

        Args:
            subject: What it was spent on: a topic that was taken in, a table that was judged.
            done: How much of it, as in `records=1000`.
        """
        cost = {CPU: max(tree_cpu_s() - self._cpu_s, 0.0), WALL: time.monotonic() - self._started}
        numbers = {name: round(value, 3) for name, value in cost.items()} | done
        return {_SUBJECT: subject} | {f"{_PREFIX}{name}": str(number) for name, number in numbers.items()}


def last_costs(table: DeltaTable, within: int = 50) -> dict[str, dict[str, float]]:
    """Return, by subject, what the newest commit about it cost and did; only the last few commits are looked at."""
    found: dict[str, dict[str, float]] = {}
    for commit in table.history(within):
        if subject := commit.pop(_SUBJECT, None):
            cost = {name.removeprefix(_PREFIX): commit[name] for name in commit if name.startswith(_PREFIX)}
            found.setdefault(subject, {name: float(value) for name, value in cost.items()})
    return found
