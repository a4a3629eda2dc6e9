"""Kill what runs in Spark: the stream's driver and workers, gold and scores of a real season, a training."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines.chaos.checker import stream_breaches
from pipelines.chaos.kills import BATCH, STREAM, ending, idle, undisturbed
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Process, Site, kill_at_first_file
from pipelines.chaos.steps import compared
from pipelines.errors import WorkerLost
from pipelines.failpoints import Seam
from pipelines.simulate.tower import SAMPLE

STREAM_SPARK = ("stream", "--once", "--engine", "spark", "--max-records", str(BATCH))
BUILD, TRAIN, SCORE = ("gold", "build"), ("train",), ("score",)
GOLD, SCORES, MODELS = "gold/field_daily", "scores/irrigation", "ops/models"
_LINGER_S = 60.0


def scenarios() -> list[Scenario]:
    """Return the scenarios that need Spark, or what only Spark has made."""
    return [
        Scenario(
            "kill.spark.worker",
            "kill -9 of Spark's Python workers within the kernel, native libraries loaded",
            ("P1", "P2", "P3", "P6", "P7"),
            _Stream(Seam.CLEANED),
            2,
            "spark",
        ),
        Scenario(
            "kill.spark.driver",
            "kill -9 of Spark's driver between the commit of bronze and that of silver",
            ("P1", "P2", "P3", "P6", "P7"),
            _Stream(Seam.BRONZE_COMMITTED),
            2,
            "spark",
        ),
        *(
            Scenario(f"kill.{seam}", f"kill -9 leaving {seam.leaves}", (promise, "P7"), step, 1, "spark")
            for promise, seam, step in (
                ("P4", Seam.GOLD_PLANNED, _Step(BUILD, GOLD, _judged, Seam.GOLD_PLANNED)),
                ("P4", Seam.GOLD_COMMITTED, _Step(BUILD, GOLD, _judged, Seam.GOLD_COMMITTED)),
                ("P5", Seam.MODEL_KEPT, _Step(TRAIN, MODELS, _built, Seam.MODEL_KEPT)),
                ("P5", Seam.SCORES_PLANNED, _Step(SCORE, SCORES, _trained, Seam.SCORES_PLANNED)),
                ("P5", Seam.SCORES_WRITTEN, _Step(SCORE, SCORES, _trained, Seam.SCORES_WRITTEN)),
                ("P5", Seam.SCORES_COMMITTED, _Step(SCORE, SCORES, _trained, Seam.SCORES_COMMITTED)),
            )
        ),
        Scenario(
            "kill.gold.writing",
            "kill -9 from outside while a build writes gold",
            ("P4", "P7"),
            _Step(BUILD, GOLD, _judged, None),
            2,
            "spark",
        ),
        Scenario(
            "kill.scores.writing",
            "kill -9 while Spark writes scores: of the driver alone, or of its JVM and workers too",
            ("P5", "P7"),
            _Step(SCORE, SCORES, _trained, None),
            2,
            "spark",
        ),
    ]


@dataclass(frozen=True)
class _Stream:
    """Kills a Spark stream at a seam, in the driver or in the workers; the restart is either engine's by the seed."""

    seam: Seam

    def __call__(self, site: Site, seed: int) -> Outcome:
        sent, home = site.topic(seed), site.home(f"spark-{self.seam}")
        breaches = []
        with site.watched(home, sent) as seen:
            process = site.begin(home, sent.tenant, STREAM_SPARK, fail_at=f"{self.seam}:1", fork=False)
            done = site.end(process)
            in_worker = self.seam is Seam.CLEANED
            struck = done.code == WorkerLost.exit_code if in_worker else done.killed
            if not struck:
                breaches.append(f"{self.seam} struck nothing: it {ending(done)}")
            gone(process)
            with_spark = seed % 2 == 0
            again = STREAM_SPARK if with_spark else STREAM
            breaches += undisturbed(site.run(home, sent.tenant, again, fork=not with_spark))
            breaches += idle(site.run(home, sent.tenant, STREAM))
        breaches += [*seen.breaches, *stream_breaches(home / "lake" / sent.tenant, sent.sent, sent.meant, sent.topic)]
        return Outcome(seed, int(struck), tuple(breaches), seen.looks)


@dataclass(frozen=True)
class _Step:
    """Kills a step of the season at a seam, or from outside as soon as it writes, and runs it again."""

    argv: tuple[str, ...]
    table: str
    ready: Callable[[Site], Path]
    seam: Seam | None

    def __call__(self, site: Site, seed: int) -> Outcome:
        tenant, ready = _tenant(site), self.ready(site)
        peace = site.kept(f"peace-{self.argv[0]}", 0, lambda home: _made(site, home, ready, self.argv))
        home = site.home(f"kill-{self.argv[0]}", like=ready)
        if self.seam:
            process = site.begin(home, tenant, self.argv, fail_at=f"{self.seam}:1", fork=False)
        else:
            process = site.begin(home, tenant, self.argv, fork=False)
            kill_at_first_file(process, home / "lake" / tenant / self.table, whole=seed % 2 == 0)
        done = site.end(process)
        breaches = [] if done.killed else [f"it was not killed, it {ending(done)}"]
        gone(process)
        for _ in range(2):
            breaches += undisturbed(site.run(home, tenant, self.argv, fork=False))
        tables = {self.table: ("decided_at",) if self.table == MODELS else ()}
        breaches += compared(home / "lake" / tenant, peace / "lake" / tenant, tables)
        return Outcome(seed, int(done.killed), tuple(breaches))


def gone(process: Process) -> None:
    """Wait until nothing of a command is left, its JVM and workers included; what lingers is killed."""
    deadline = time.monotonic() + _LINGER_S
    while _group(process):
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.1)


def _group(process: Process) -> list[int]:
    found = []
    for each in psutil.process_iter():
        try:
            if os.getpgid(each.pid) == process.pid and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
        except (OSError, psutil.Error):  # it ended meanwhile
            continue
    return found


def _tenant(site: Site) -> str:
    return f"season{site.run_id}"


def _judged(site: Site) -> Path:
    """A lake with two years of the sample field, flagged and judged."""
    steps = (
        ("reference", "load", "--devices", str(SAMPLE / "devices.csv"), "--fields", str(SAMPLE / "fields.geojson")),
        ("send", "first"),
        ("stream", "--once", "--engine", "embedded"),
        ("flag",),
        ("gate", "run", "silver.observations"),
    )
    return site.kept("judged", 0, lambda home: _made(site, home, None, *steps))


def _built(site: Site) -> Path:
    ready = _judged(site)
    return site.kept("peace-gold", 0, lambda home: _made(site, home, ready, BUILD))


def _trained(site: Site) -> Path:
    ready = _built(site)
    return site.kept("peace-train", 0, lambda home: _made(site, home, ready, TRAIN))


def _made(site: Site, home: Path, like: Path | None, *steps: tuple[str, ...]) -> None:
    if like:
        site.copy(like, home)
    for argv in steps:
        done = site.run(home, _tenant(site), argv, fork=False)
        if done.code:
            raise RuntimeError(f"{' '.join(argv)} on a lake left in peace {ending(done)}")
