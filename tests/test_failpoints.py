"""Failpoints: what arms them, what each action does to a process, and that no seam is a dead word."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import failpoints
from pipelines.errors import UsageError
from pipelines.failpoints import Failed, Seam, armed

PIPELINES = Path(failpoints.__file__).parent


def test_unarmed_it_is_a_function_that_does_nothing() -> None:
    assert failpoints.reach is failpoints._pass


@pytest.mark.parametrize(
    ("text", "survives"),
    [("stream.planned:raise", 0), ("stream.planned:1:raise", 0), ("stream.planned:3:raise", 2)],
)
def test_it_fails_at_the_nth_time_and_only_then(text: str, survives: int) -> None:
    reach = armed(text)
    for _ in range(survives):
        reach(Seam.PLANNED)
        reach(Seam.WRITTEN)
    with pytest.raises(Failed):
        reach(Seam.PLANNED)
    reach(Seam.PLANNED)


def test_a_full_disk_is_what_the_system_says_of_one() -> None:
    with pytest.raises(OSError, match="No space left on device") as full:
        armed("file.begun:enospc")(Seam.FILE_BEGUN)
    assert full.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "text", ["nowhere", "stream.planned:0", "stream.planned:burn", "stream.planned:1:kill:2", "stream.planned:kill:1"]
)
def test_what_cannot_be_armed_is_refused_with_the_words_there_are(text: str) -> None:
    with pytest.raises(UsageError, match=rf"a seam of stream\.planned, .*got '{text}'"):
        armed(text)


def run(fail_at: str) -> "subprocess.Popen[bytes]":
    code = "from pipelines import failpoints as f; f.reach(f.Seam.PLANNED); print('went on')"
    environ = {**os.environ, "FIELDSTREAM_FAIL_AT": fail_at, "PYTHONPATH": str(PIPELINES.parent)}
    return subprocess.Popen([sys.executable, "-P", "-c", code], env=environ, stdout=subprocess.PIPE)


def test_kill_is_kill_9_and_hang_is_a_process_that_stands_still_until_it_is_woken() -> None:
    killed, frozen = run("stream.planned"), run("stream.planned:1:hang")
    assert killed.wait(30) == -signal.SIGKILL
    _, status = os.waitpid(frozen.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(frozen.pid, signal.SIGCONT)
    assert frozen.communicate(timeout=30)[0] == b"went on\n"


def test_each_seam_is_come_by_at_one_place_of_the_code_and_says_what_it_leaves() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in PIPELINES.rglob("*.py"))
    places = {seam: len(re.findall(rf"failpoints\.reach\(failpoints\.Seam\.{seam.name}\)", code)) for seam in Seam}
    assert places == dict.fromkeys(Seam, 1)
    assert all(seam.leaves for seam in Seam)
