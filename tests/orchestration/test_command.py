"""A child program is heard line by line and leaves nothing alive behind it."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipelines.orchestration.command import Command

# Writes its own id, then the id of a grandchild, and waits: what a command with a JVM under it looks like.
PARENT = """
import os, subprocess, sys, time, pathlib
{prelude}
child = subprocess.Popen([sys.executable, "-c", {child!r}])
pathlib.Path({pids!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
print("started", file=sys.stderr, flush=True)
{ending}
"""
SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def family(pids: Path, *, child: str = SLEEP, prelude: str = "", ending: str = "time.sleep(60)") -> Command:
    source = PARENT.format(child=child, prelude=prelude, pids=str(pids), ending=ending)
    return Command([sys.executable, "-c", source], os.environ, grace_s=1.0)


def python(source: str) -> Command:
    return Command([sys.executable, "-c", source], os.environ)


def await_file(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.02)


def alive(pids: Path) -> list[int]:
    def runs(pid: int) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        return False

    return [pid for pid in map(int, pids.read_text().split()) if runs(pid)]


@pytest.mark.parametrize(
    ("source", "exit_code", "output", "lines", "last_line"),
    [
        ("print('report')", 0, "report\n", [], ""),
        ("import sys; print('a\\nb', file=sys.stderr)", 0, "", ["a", "b"], "b"),
        ("import sys; print('why\\n\\n', file=sys.stderr); sys.exit(4)", 4, "", ["why", "", ""], "why"),
        ("import sys; sys.stderr.write('no newline'); sys.exit(2)", 2, "", ["no newline"], "no newline"),
        ("import sys; sys.stderr.buffer.write(b'\\xff!\\r\\n')", 0, "", ["\ufffd!"], "\ufffd!"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, "", [], ""),
    ],
)
def test_end_is_told_as_it_was(source: str, exit_code: int, output: str, lines: list[str], last_line: str) -> None:
    heard: list[str] = []
    end = python(source).run(heard.append)
    assert (end.exit_code, end.output, heard, end.last_line) == (exit_code, output, lines, last_line)


def test_output_larger_than_a_pipe_does_not_block() -> None:
    end = python("import sys; print('x' * 1_000_000); print('y' * 1_000_000, file=sys.stderr)").run(lambda _: None)
    assert (len(end.output), len(end.last_line)) == (1_000_001, 1_000_000)


def test_lines_come_while_the_program_runs(tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    source = (
        "import pathlib, sys, time\n"
        "print('first', file=sys.stderr, flush=True)\n"
        f"while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.02)\n"
    )
    # The program ends only because its first line was heard before its end.
    assert python(source).run(lambda _: go_on.touch()).exit_code == 0


@pytest.mark.parametrize("ear", ["SIGTERM heard", "SIGTERM ignored"])
def test_stop_ends_the_whole_group(tmp_path: Path, ear: str) -> None:
    pids = tmp_path / "pids"
    prelude = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" if ear == "SIGTERM ignored" else ""
    command = family(pids, child=DEAF if prelude else SLEEP, prelude=prelude)
    runner = threading.Thread(target=command.run, args=(lambda _: None,))
    runner.start()
    await_file(pids)
    command.stop()
    runner.join(timeout=10)
    assert not runner.is_alive()
    assert alive(pids) == []


def raise_timeout(_: str) -> None:
    raise TimeoutError


def raise_interrupt(_: str) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("interrupt", [raise_timeout, raise_interrupt])
def test_an_interrupted_run_leaves_nothing_alive(tmp_path: Path, interrupt: Callable[[str], None]) -> None:
    pids = tmp_path / "pids"
    with pytest.raises((TimeoutError, KeyboardInterrupt)):
        family(pids).run(interrupt)
    assert alive(pids) == []


def test_a_grandchild_holding_the_log_open_does_not_hold_the_run(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = time.monotonic()
    assert family(pids, ending="").run(lambda _: None).exit_code == 0
    assert time.monotonic() - started < 30, "the run waited for the grandchild, which sleeps 60 s"
    assert alive(pids) == []
