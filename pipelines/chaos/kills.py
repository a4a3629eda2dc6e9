"""Kill the stream with kill -9 at each of its seams, once or twice, and hold what it leaves to the promises."""

from collections.abc import Sequence
from random import Random

from pipelines.chaos.checker import stream_breaches
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Done, Site
from pipelines.failpoints import Seam

# What costs is a batch of a partition, whatever its size: three batches of two partitions.
BATCH = 120
STREAM = ("stream", "--once", "--engine", "embedded", "--max-records", str(BATCH))
SEEDS = 5
_HOLDS = ("P1", "P2", "P3", "P6", "P7")

# How often a first run comes by.
PASSES = {
    Seam.PLANNED: 3,
    Seam.CLEANED: 6,
    Seam.FILE_BEGUN: 12,
    Seam.WRITTEN: 3,
    Seam.BRONZE_COMMITTED: 3,
    Seam.SILVER_COMMITTED: 3,
    Seam.NOTED: 3,
}
_COMMITS_NOTHING = (Seam.PLANNED, Seam.CLEANED, Seam.FILE_BEGUN, Seam.WRITTEN)
# Only a stream that finds silver behind comes by these.
LEVELLING = {Seam.LEVEL_WRITTEN: 1, Seam.LEVELLED: 1}


def scenarios() -> list[Scenario]:
    """Return a scenario for each seam of the stream."""
    return [
        Scenario(f"kill.{seam}", f"kill -9 leaving {seam.leaves}", _HOLDS, _Kill(seam), SEEDS)
        for seam in (*PASSES, *LEVELLING)
    ]


class _Kill:
    """Kills at one seam; four seeds of five kill restarts too."""

    def __init__(self, seam: Seam) -> None:
        self._seam = seam

    def __call__(self, site: Site, seed: int) -> Outcome:
        sent, home = site.topic(seed), site.home(f"kill-{self._seam}")
        breaches: list[str] = []
        with site.watched(home, sent) as seen:
            kills = 0
            for fail_at in self._plan(seed):
                done = site.run(home, sent.tenant, STREAM, fail_at=fail_at)
                kills += done.killed
                if not done.killed:
                    breaches.append(f"{fail_at} killed nothing: {ending(done)}")
            breaches += undisturbed(site.run(home, sent.tenant, STREAM))
            breaches += idle(site.run(home, sent.tenant, STREAM))
        breaches += [*seen.breaches, *stream_breaches(home / "lake" / sent.tenant, sent.sent, sent.meant, sent.topic)]
        return Outcome(seed, kills, tuple(breaches), seen.looks)

    def _plan(self, seed: int) -> list[str]:
        """Say where each run fails: the first at this seam, then up to eight restarts."""
        chance = Random(f"{self._seam} {seed}")  # noqa: S311 - chance that can be had again
        restarts = 2 * (seed % 5)
        if self._seam in LEVELLING:
            before = f"{Seam.BRONZE_COMMITTED}:{chance.randint(1, PASSES[Seam.BRONZE_COMMITTED])}"
            return [before, *([f"{self._seam}:1"] * (1 + restarts * (self._seam is Seam.LEVEL_WRITTEN)))]
        # Three batches there are, and the last restart must find work to be killed at.
        latest = PASSES[self._seam] if restarts == 0 else PASSES[self._seam] // 3
        anywhere = [*_COMMITS_NOTHING, Seam.BRONZE_COMMITTED, self._seam]
        second = [chance.choice(anywhere)] if restarts else []
        later = [chance.choice(_COMMITS_NOTHING) for _ in range(restarts - 1)]
        return [f"{self._seam}:{chance.randint(1, latest)}", *(f"{seam}:1" for seam in (*second, *later))]


def undisturbed(done: Done) -> list[str]:
    """Say what is wrong with a run that nothing disturbed."""
    return [] if done.code == 0 else [f"a run after it {ending(done)}"]


def idle(done: Done, batches: str = "batches") -> list[str]:
    """Say what is wrong with a run that had nothing to do."""
    if done.code:
        return [f"a run without news {ending(done)}"]
    found: Sequence[str] = [line for line in done.out.splitlines() if line.startswith(f"{batches} ")]
    return [] if found and found[0].split() == [batches, "0"] else [f"a run without news wrote: {found}"]


def ending(done: Done) -> str:
    """Say how a command ended, with its last words."""
    said = done.err.strip().splitlines()[-1:] or ["and said nothing"]
    return f"ended with {done.code}: {said[0]}"
