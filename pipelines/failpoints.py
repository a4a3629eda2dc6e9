"""Places where a run can be made to fail on purpose: named, armed by one variable, and nothing otherwise.

`FIELDSTREAM_FAIL_AT=<seam>[:<n>][:<action>]` fails at the n-th time (the first) that a process comes by a seam. The
variable is read once, when this module is imported; without it `reach` is a function that does nothing. Seams lie
between the steps of a batch, a file or a run: never on the way of a single row.
"""

import errno
import os
import signal
from collections.abc import Callable
from enum import StrEnum

from pipelines.errors import UsageError

VARIABLE = "FIELDSTREAM_FAIL_AT"


class Seam(StrEnum):
    """A place between two steps, and what a process that dies there leaves behind."""

    leaves: str

    def __new__(cls, name: str, leaves: str) -> "Seam":
        """Keep the name and what is left."""
        seam = str.__new__(cls, name)
        seam._value_, seam.leaves = name, leaves
        return seam

    PLANNED = "stream.planned", "a plan, and nothing written"
    CLEANED = "stream.cleaned", "rows in a worker's memory, and at most files that are not finished"
    FILE_BEGUN = "file.begun", "a data file without its end"
    WRITTEN = "stream.written", "data files that no commit names"
    BRONZE_COMMITTED = "stream.bronze-committed", "bronze a batch ahead of silver"
    SILVER_COMMITTED = "stream.silver-committed", "both tables level; the process has not noted its own commit"
    NOTED = "stream.noted", "both tables level, and nobody at work"
    LEVEL_WRITTEN = "level.written", "silver still behind bronze, with a file that no commit names"
    LEVELLED = "level.committed", "silver level in one partition, perhaps behind in others"
    FLAGS_WRITTEN = "flags.written", "files of flags that no commit names"
    FLAGS_COMMITTED = "flags.committed", "flags without the row that says what was looked at"
    GATE_JUDGED = "gate.judged", "a verdict that nobody recorded"
    GATE_RECORDED = "gate.recorded", "a verdict on record that nobody was told"
    GOLD_PLANNED = "gold.planned", "an empty or an earlier gold"
    GOLD_COMMITTED = "gold.committed", "gold built, and nobody told what it changed"
    SCORES_PLANNED = "scores.planned", "a table without the scores"
    SCORES_WRITTEN = "scores.written", "files of scores that no commit names"
    SCORES_COMMITTED = "scores.committed", "scores on record that nobody was told"
    REDRIVE_JUDGED = "redrive.judged", "new verdicts in memory alone"
    REDRIVE_WRITTEN = "redrive.written", "a file of new verdicts that no commit names"
    REDRIVE_RECORDED = "redrive.recorded", "new verdicts on record, their observations not in silver"
    REDRIVE_OBSERVED = "redrive.observed", "the same, with a file of observations that no commit names"
    REDRIVE_LEVEL = "redrive.level", "both recorded, and nobody told"
    REPLAY_JUDGED = "replay.judged", "a slice judged anew in memory alone"
    REPLAY_RECORDED = "replay.recorded", "new verdicts on record, silver as it was before"
    REPLAY_REPLACED = "replay.replaced", "a slice's rows replaced, and no row in ops.replays"
    REPLAY_TOLD = "replay.told", "a slice on record, others to come, and no end"
    JOINED = "maintain.joined", "small files joined; nothing deleted, no checkpoint"
    VACUUMED = "maintain.vacuumed", "expired files deleted; no checkpoint"
    TABLE_MAINTAINED = "maintain.table", "some tables maintained, others not"
    REFERENCE_WRITTEN = "reference.written", "a table of the registry written, perhaps another not"
    MODEL_KEPT = "model.kept", "a model's file that no row names"


class Failed(Exception):
    """Raised at a seam that was armed to raise."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise Failed("armed to fail here")


def _hang() -> None:
    """Stand still as a frozen process does, until somebody sends SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def _no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


ACTIONS: dict[str, Callable[[], None]] = {"kill": _kill, "raise": _raise, "hang": _hang, "enospc": _no_space}


def _pass(_seam: Seam) -> None:
    pass


def armed(text: str) -> Callable[[Seam], None]:
    """Return the function that fails where the text says.

    Raises:
        UsageError: It names no seam or no action, or counts otherwise than from 1.
    """
    name, *rest = text.split(":")
    action = rest.pop() if rest and not rest[-1].isdecimal() else "kill"
    count = int(rest.pop()) if rest and rest[-1].isdecimal() else 1
    if rest or name not in list(Seam) or action not in ACTIONS or count < 1:
        raise UsageError(
            "A failpoint cannot be armed",
            where=f"environment variable {VARIABLE}",
            expected=f"<seam>[:<n>][:<action>] with an action of {', '.join(ACTIONS)} and a seam of {', '.join(Seam)}",
            got=repr(text),
            fix=f"Unset {VARIABLE}; it is for trying faults out, and 'fieldstream chaos' sets it itself.",
        )
    left = count

    def reach(seam: Seam) -> None:
        nonlocal left
        if seam == name:
            left -= 1
            if left == 0:
                ACTIONS[action]()

    return reach


# Called by way of the module, `failpoints.reach(...)`: a process that was forked reads the variable anew by
# reloading it.
reach: Callable[[Seam], None] = armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _pass
