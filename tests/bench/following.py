"""A command that goes on until it is told to stop, and the watcher of the table that it writes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.process_tree import CommandFailed

WATCHER = Path(__file__).parent / "programs" / "watch_log.py"
_PATIENCE_S = 60.0


class Watched:
    """What the watcher has seen of a table so far."""

    def __init__(self, lines: Path) -> None:
        """Read what the watcher writes there."""
        self._lines = lines

    def versions(self) -> dict[int, float]:
        """Return when each version could be seen, in seconds of the monotonic clock."""
        seen = (line.split() for line in self._lines.read_text(encoding="ascii").splitlines())
        return {int(version): int(at) / 1e9 for version, at in seen}

    def wait_for(self, version: int, patience_s: float = _PATIENCE_S) -> float:
        """Wait until a version can be seen, and return when it could.

        Raises:
            CommandFailed: It did not come.
        """
        deadline = time.monotonic() + patience_s
        while version not in (seen := self.versions()):
            if time.monotonic() > deadline:
                raise CommandFailed(f"version {version} did not come within {patience_s:.0f} s")
            time.sleep(0.05)
        return seen[version]


@contextmanager
def watched(log: Path, folder: Path) -> Iterator[Watched]:
    """Watch the log of a table that need not be there yet."""
    lines = folder / "versions.txt"
    with lines.open("wb") as output, _running([sys.executable, str(WATCHER), str(log)], None, output.fileno()):
        yield Watched(lines)


@contextmanager
def following(command: Sequence[str], environ: Mapping[str, str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Let a command run for as long as the block does; then it is told to stop, as a service manager would."""
    with log.open("wb") as output, _running(command, environ, output.fileno()) as process:
        yield process


@contextmanager
def _running(
    command: Sequence[str], environ: Mapping[str, str] | None, output: int
) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
