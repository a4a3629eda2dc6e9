"""Let two streams meet on one pipeline: one frozen while another takes over, or both with the same plan."""

import os
import signal
from dataclasses import dataclass

from pipelines.chaos.checker import stream_breaches
from pipelines.chaos.kills import BATCH, STREAM, ending, idle, undisturbed
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Done, Process, Site, stopped
from pipelines.failpoints import Seam

SEEDS = 2
_HOLDS = ("P1", "P2", "P3", "P6")
_REFUSED = 3
_SPARK = ("stream", "--once", "--engine", "spark", "--max-records", str(BATCH))


def scenarios() -> list[Scenario]:
    """Return the scenarios of two writers."""
    frozen = [
        Scenario(
            f"writers.frozen.{seam}",
            f"a stream frozen leaving {seam.leaves}, another takes over, the first wakes: refused, told by whom",
            _HOLDS,
            _Frozen(seam),
            SEEDS,
        )
        for seam in (Seam.PLANNED, Seam.WRITTEN, Seam.BRONZE_COMMITTED)
    ]
    spark = Scenario(
        "writers.frozen.spark",
        "a Spark stream frozen before its commits, the embedded engine takes over: refused, told by whom",
        _HOLDS,
        _Frozen(Seam.WRITTEN, _SPARK, fork=False),
        1,
        "spark",
    )
    same = Scenario(
        "writers.same-plan", "two streams plan the same batch: one goes on, one is refused", _HOLDS, _same_plan, SEEDS
    )
    return [*frozen, same, spark]


@dataclass(frozen=True)
class _Frozen:
    """Freezes a stream at a seam, lets another finish the topic, and wakes the first."""

    seam: Seam
    argv: tuple[str, ...] = STREAM
    fork: bool = True

    def __call__(self, site: Site, seed: int) -> Outcome:
        sent, home = site.topic(seed), site.home(f"frozen-{self.seam}")
        with site.watched(home, sent) as seen:
            fail_at = f"{self.seam}:{1 + seed % 2}:hang"
            first = site.begin(home, sent.tenant, self.argv, fail_at=fail_at, fork=self.fork)
            is_frozen = stopped(first)
            second = site.begin(home, sent.tenant, STREAM)
            breaches = undisturbed(site.end(second))
            os.kill(first.pid, signal.SIGCONT)
            breaches += _told(site.end(first), second)
            breaches += idle(site.run(home, sent.tenant, STREAM))
        breaches += [*seen.breaches, *stream_breaches(home / "lake" / sent.tenant, sent.sent, sent.meant, sent.topic)]
        return Outcome(seed, int(is_frozen), tuple(breaches), seen.looks)


def _same_plan(site: Site, seed: int) -> Outcome:
    sent, home = site.topic(seed), site.home("same-plan")
    with site.watched(home, sent) as seen:
        fail_at = f"{Seam.PLANNED}:1:hang"
        both = [site.begin(home, sent.tenant, STREAM, fail_at=fail_at) for _ in range(2)]
        frozen = [stopped(each) for each in both]
        for each in both:
            os.kill(each.pid, signal.SIGCONT)
        ended = [site.end(each) for each in both]
        codes = sorted(each.code for each in ended)
        breaches = [] if codes == [0, _REFUSED] else [f"two streams with one plan ended with {codes}"]
        if not breaches:
            winner = both[[each.code for each in ended].index(0)]
            breaches += _told(next(each for each in ended if each.code), winner)
        breaches += idle(site.run(home, sent.tenant, STREAM))
    breaches += [*seen.breaches, *stream_breaches(home / "lake" / sent.tenant, sent.sent, sent.meant, sent.topic)]
    return Outcome(seed, int(all(frozen)), tuple(breaches), seen.looks)


def _told(done: Done, holder: Process) -> list[str]:
    """Say what is wrong with how a writer was refused."""
    if done.code != _REFUSED:
        return [f"the second writer was not refused, it {ending(done)}"]
    return [] if f"recorded by process {holder.pid} on host " in done.err else [f"nobody was named: {ending(done)}"]
