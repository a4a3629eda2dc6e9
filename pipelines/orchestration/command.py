"""Run one program as a child: its log line by line, its output whole, its process group never left behind."""

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

# Airflow's supervisor kills a task 5 s after it asked it to end: the child must be gone before that.
GRACE_S = 3.0
# Nothing survives SIGKILL; but where no init process reaps orphans, a zombie looks alive for ever.
_KILLED_WITHIN_S = 0.5
_POLL_S = 0.1


@dataclass(frozen=True)
class CommandEnd:
    """How a program ended: `exit_code` is negative when a signal ended it."""

    exit_code: int
    output: str
    last_line: str
    """The last line it logged that is not empty: a command's own sentence about its failure."""


class Command:
    """A program in a process group of its own, so that it and all it started can be ended together."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], grace_s: float = GRACE_S) -> None:
        """Say what to run; nothing runs yet."""
        self._argv, self._environ, self._grace_s = list(argv), dict(environ), grace_s
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, on_line: Callable[[str], None]) -> CommandEnd:
        """Run the program to its end, giving `on_line` each line of its stderr when it comes.

        Whatever happens here, an error or a signal, nothing of the process group stays alive.
        """
        last_line = ""
        with tempfile.TemporaryFile() as output:
            self._process = subprocess.Popen(
                self._argv,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            try:
                for line in _lines(self._process):
                    on_line(line)
                    last_line = line if line.strip() else last_line
                exit_code = self._process.wait()
            finally:
                self.stop()
            return CommandEnd(exit_code, _text(output), last_line)

    def stop(self) -> None:
        """End the process group: ask, wait, then force. Safe to call at any time, from a signal handler too."""
        if self._process is None:
            return
        for signal_number, patience_s in ((signal.SIGTERM, self._grace_s), (signal.SIGKILL, _KILLED_WITHIN_S)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal_number)
            if self._gone_within(patience_s):
                return

    def _gone_within(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while self._alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _alive(self) -> bool:
        if self._process is None:
            return False
        # The leader is reaped first: a group whose only member is a zombie would look alive.
        self._process.poll()
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield stderr's lines until it closes, or until the program has ended and left nothing to read.

    A grandchild may hold the pipe open for ever, so the end of the file is not waited for.
    """
    stream = process.stderr
    assert stream is not None  # noqa: S101 - Popen was asked for a pipe
    rest = b""
    with stream, selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            if not selector.select(timeout=0 if ended else _POLL_S):
                if ended:
                    break
                continue
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace").rstrip("\r") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")
