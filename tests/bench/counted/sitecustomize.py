"""Loaded by every Python that the benchmark starts: none forgets what its workers cost.

Spark's Python daemon ignores the end of its workers, and then the kernel drops their CPU time instead of adding it up:
all that the cleaning does would be missing from the figures. Whoever would ignore it waits for them. Nothing else is
changed.
"""

import os
import signal
from typing import Any

_set = signal.signal


def _set_or_wait(number: int, handler: Any) -> Any:
    return _set(number, _wait_for_workers if number == signal.SIGCHLD and handler == signal.SIG_IGN else handler)


def _wait_for_workers(_number: int, _frame: Any) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


signal.signal = _set_or_wait
