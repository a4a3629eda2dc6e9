"""Fill, close and damage what the tables lie on, see it refused in a sentence, mend it, and go on."""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.chaos.checker import BRONZE, SILVER, stream_breaches
from pipelines.chaos.kills import STREAM, idle, undisturbed
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Done, Site

_HOLDS = ("P1", "P2", "P3", "P6", "P7")
_REFUSED, _LATER = 3, 4
_BALLAST = "_ballast"
# What is laid a small file system over, and whether that is filled or closed.
_PLACES = (
    (BRONZE, "full"),
    (SILVER, "full"),
    (f"{BRONZE}/_delta_log", "full"),
    (f"{SILVER}/_delta_log", "full"),
    (BRONZE, "read-only"),
    (f"{SILVER}/_delta_log", "read-only"),
)


def scenarios() -> list[Scenario]:
    """Return the scenarios of disks and of what lies on them."""
    return [
        Scenario("disk.full", "table or log on a disk that is full or read-only, then has room again", _HOLDS, _full,
                 len(_PLACES)),
        Scenario("disk.damage", "a commit, checkpoint or data file spoiled, seen and refused, then restored", _HOLDS,
                 _damaged, 12),
    ]  # fmt: skip


def _full(site: Site, seed: int) -> Outcome:
    sent, home = site.topic(seed), site.home("disk-full")
    lake = home / "lake" / sent.tenant
    first = site.run(home, sent.tenant, (*STREAM[:-1], "60"), fail_at="stream.planned:2:raise")
    folder, how = _PLACES[seed % len(_PLACES)]
    with _small_disk(lake / folder) as is_mounted:
        if not is_mounted:
            return Outcome(seed, 0)
        with site.watched(home, sent) as seen:
            (_fill if how == "full" else _close)(lake / folder)
            breaches = _refused(site.run(home, sent.tenant, STREAM), _LATER)
            (_empty_out if how == "full" else _open)(lake / folder)
            breaches += undisturbed(site.run(home, sent.tenant, STREAM))
            breaches += idle(site.run(home, sent.tenant, STREAM))
        breaches += stream_breaches(lake, sent.sent, sent.meant, sent.topic)
    return Outcome(seed, int(first.code != 0), (*breaches, *seen.breaches), seen.looks)


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """Lay a file system of its own over a folder, with what the folder holds; say whether this machine lets it be."""
    aside = folder.with_name(f"{folder.name}-aside")
    shutil.copytree(folder, aside)
    if _run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder).returncode:
        yield False
        return
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield True
    finally:
        _run("umount", folder)


def _fill(folder: Path) -> None:
    with suppress(OSError), (folder / _BALLAST).open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))


def _empty_out(folder: Path) -> None:
    (folder / _BALLAST).unlink()


def _close(folder: Path) -> None:
    _run("mount", "-o", "remount,ro", folder).check_returncode()


def _open(folder: Path) -> None:
    _run("mount", "-o", "remount,rw", folder).check_returncode()


def _run(program: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([shutil.which(program) or program, *map(str, arguments)], capture_output=True, check=False)


def _damaged(site: Site, seed: int) -> Outcome:
    sent = site.topic(seed)
    home = site.home("damage", site.kept("taken-in", seed, lambda made: site.run(made, sent.tenant, STREAM)))
    lake = home / "lake" / sent.tenant
    chance = random.Random(f"damage {seed}")  # noqa: S311 - chance that can be had again
    spoil, victim = chance.choice(_SPOILERS), _victims(lake)[seed % 4]
    whole = victim.read_bytes()
    spoil(victim, chance)
    doctor = site.run(home, sent.tenant, ("doctor", "--lake", "--deep", "--json"))
    breaches = _refused(doctor, _REFUSED)
    if victim.name not in doctor.out:
        breaches.append(f"{victim.name} was spoiled, the doctor of the lake does not name it: {doctor.out[-300:]}")
    breaches += _refused(site.run(home, sent.tenant, ("gate", "run", "silver.observations")), _REFUSED)
    victim.write_bytes(whole)
    breaches += undisturbed(site.run(home, sent.tenant, ("doctor", "--lake", "--deep")))
    breaches += idle(site.run(home, sent.tenant, STREAM))
    breaches += stream_breaches(lake, sent.sent, sent.meant, sent.topic)
    return Outcome(seed, 1, tuple(breaches))


def _victims(lake: Path) -> list[Path]:
    """Return what can be spoiled so that the newest version of silver suffers: commits and data files.

    Not its last commit: a silver that lost it looks like one that a crash left behind, and is brought level.
    """
    commits = sorted(lake.joinpath(SILVER, "_delta_log").glob("*.json"))
    files = sorted(lake.joinpath(SILVER).glob("*.parquet"))
    return [commits[0], commits[-2], files[0], files[-1]]


def _truncate(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: chance.randrange(1, size - 1)])


def _empty(path: Path, _chance: random.Random) -> None:
    path.write_bytes(b"")


def _delete(path: Path, _chance: random.Random) -> None:
    path.unlink()


_SPOILERS: tuple[Callable[[Path, random.Random], None], ...] = (_truncate, _empty, _delete)


def _refused(done: Done, code: int) -> list[str]:
    """Say what is wrong with a command that had to end with a sentence and this code."""
    said = [line for line in done.err.splitlines() if line.startswith("fieldstream: ")]
    if done.code == code and len(said) == 1 and "Traceback" not in done.err:
        return []
    return [f"a command had to be refused with {code} and a sentence, and ended with {done.code}: {done.err[-300:]}"]
