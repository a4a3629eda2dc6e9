"""Kill the steps after the stream at each of their seams, run them again, and compare with a lake left in peace."""

import csv
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.chaos.checker import BRONZE, SILVER, fingerprint, observation_breaches, stream_breaches, table_breaches
from pipelines.chaos.delta_log import Broken
from pipelines.chaos.kills import STREAM, ending
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import SOURCES, Done, Site, kill_at_first_file
from pipelines.chaos.truth import Truth
from pipelines.failpoints import Seam

SEEDS = 4
_HELD = 5
_WEEKS_AGO_S = 60 * 86_400


@dataclass(frozen=True)
class Step:
    """A command on a lake that is ready for it, and the tables it changes with the columns that tell runs apart."""

    argv: tuple[str, ...]
    ready: Callable[[Site, int], Path]
    tables: dict[str, tuple[str, ...]]
    seams: tuple[Seam, ...]
    writing: str | None = None
    """A table to whose folder it writes files and commits them where no failpoint reaches: killed from outside."""
    holds: tuple[str, ...] = ("P2", "P6", "P7")
    more: Callable[[Path, Truth], list[str]] = field(default=lambda _lake, _of: [])
    """What else must be so of the lake in the end."""


def scenarios() -> list[Scenario]:
    """Return a scenario for each seam of each step."""
    return [
        Scenario(f"kill.{seam}", f"kill -9 leaving {seam.leaves}", step.holds, _Killed(step, seam), SEEDS, "none")
        for step in STEPS
        for seam in step.seams
    ] + [
        Scenario(
            f"kill.{step.argv[0]}.writing",
            f"kill -9 from outside while {step.argv[0]} writes files that no commit names yet",
            step.holds,
            _Killed(step, None),
            SEEDS,
            "none",
        )
        for step in STEPS
        if step.writing
    ]


@dataclass(frozen=True)
class _Killed:
    """Kills a step at a seam, once or twice, and lets it run again."""

    step: Step
    seam: Seam | None
    """None: as soon as it has begun a file."""

    def __call__(self, site: Site, seed: int) -> Outcome:
        of, step = site.topic(seed), self.step
        ready = step.ready(site, seed)
        undisturbed = site.kept(f"peace-{step.argv[0]}", seed, lambda home: _in_peace(site, home, of, step, ready))
        home = site.home(f"kill-{self.seam}", like=ready)
        argv = [each.replace("HOME", str(home)) for each in step.argv]
        breaches, kills = [], 0
        with site.watched(home, of) as seen:
            for _ in range(1 + seed % 2):
                done = self._killed(site, home, of.tenant, argv)
                kills += done.killed
                # What is done already is not come by again.
                if not done.killed and not (kills and done.code in {0, _HELD}):
                    breaches.append(f"{self.seam} killed nothing: it {ending(done)}")
            for _ in range(2):
                done = site.run(home, of.tenant, argv)
                if done.code not in {0, _HELD}:
                    breaches.append(f"a run after it {ending(done)}")
        # While verdicts change, what a version of silver must hold is not known from the topic alone.
        breaches += seen.breaches if step.ready is not _yesterdays else ()
        lake = home / "lake" / of.tenant
        breaches += compared(lake, undisturbed / "lake" / of.tenant, step.tables) + step.more(lake, of)
        return Outcome(seed, kills, tuple(breaches), seen.looks)

    def _killed(self, site: Site, home: Path, tenant: str, argv: Sequence[str]) -> Done:
        if self.seam:
            return site.run(home, tenant, argv, fail_at=f"{self.seam}:1")
        process = site.begin(home, tenant, argv)
        kill_at_first_file(process, home / "lake" / tenant / str(self.step.writing), whole=False)
        return site.end(process)


def compared(lake: Path, with_: Path, tables: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Say in which tables two lakes differ, and what is wrong with the first one's logs and files."""
    found = []
    for table, leave_out in tables.items():
        try:
            found += table_breaches(lake / table)
            got, expected = (fingerprint(each, table, leave_out) for each in (lake, with_))
        except (Broken, OSError) as cause:
            found.append(f"{table} cannot be read: {cause}")
        else:
            if got != expected:
                found.append(f"{table} holds {got}, a lake left in peace {expected}")
    return found


def _in_peace(site: Site, home: Path, of: Truth, step: Step, ready: Path) -> None:
    site.copy(ready, home)
    done = site.run(home, of.tenant, [each.replace("HOME", str(home)) for each in step.argv])
    if done.code not in {0, _HELD}:
        raise RuntimeError(f"{' '.join(step.argv)} on a lake left in peace {ending(done)}")


def _streamed(site: Site, seed: int) -> Path:
    """A lake that has taken in its topic, a dozen files a table, with the registry's files beside it."""

    def make(home: Path) -> None:
        of = site.topic(seed)
        _require(site.run(home, of.tenant, (*STREAM[:-1], "60")).code == 0, "the stream")
        _registry_files(home, of)
        _orphans(home / "lake" / of.tenant)

    return site.kept("streamed", seed, make)


def _yesterdays(site: Site, seed: int) -> Path:
    """A lake taken in by contracts that did not know one of the formats and one of the sensors yet."""

    def make(home: Path) -> None:
        tree, of = home / "yesterday", site.topic(seed)
        for name in ("pipelines", "schemas", "infra"):
            shutil.copytree(SOURCES / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for lacking in ("formats/the_things_stack_v3.yaml", "sensors/dragino_lse01.yaml"):
            (tree / "schemas" / lacking).unlink()
        done = site.run(home, of.tenant, STREAM, fork=False, tree=tree)
        shutil.rmtree(tree)
        _require(done.code == 0, "the stream of yesterday")

    return site.kept("yesterdays", seed, make)


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise RuntimeError(f"{what} failed where nothing was broken")


def _registry_files(home: Path, of: Truth) -> None:
    field = {"field_id": "north", "elevation_m": 10, "utc_offset_h": -8, "wind_height_m": 2}
    point = {"type": "Point", "coordinates": [-121.6, 38.1]}
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": point, "properties": field}],
    }
    (home / "fields.geojson").write_text(json.dumps(collection), encoding="utf-8")
    with (home / "devices.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("device_id", "field_id", "valid_from", "valid_to"))
        rows.writerows((device, "north", "2026-01-01T00:00:00Z", "") for device in of.devices)


def _orphans(lake: Path) -> None:
    """Leave a file of an aborted run in each table, old enough to be deleted."""
    for table in (BRONZE, SILVER):
        orphan = shutil.copy(next((lake / table).glob("*.parquet")), lake / table / "part-orphan.zstd.parquet")
        os.utime(orphan, (time.time() - _WEEKS_AGO_S,) * 2)


def _as_streamed(lake: Path, of: Truth) -> list[str]:
    return stream_breaches(lake, of.sent, of.meant, of.topic)


def _as_maintained(lake: Path, of: Truth) -> list[str]:
    left = [table for table in (BRONZE, SILVER) if (lake / table / "part-orphan.zstd.parquet").exists()]
    return [*_as_streamed(lake, of), *(f"{table} still has its orphan" for table in left)]


def _as_meant(lake: Path, of: Truth) -> list[str]:
    return observation_breaches(lake, of.meant)


STEPS = (
    Step(
        ("flag",),
        _streamed,
        {"silver/flags": ("flag_run",), "ops/flag_runs": ("flag_run", "flags_given", "flags_withdrawn", "decided_at")},
        (Seam.FLAGS_WRITTEN, Seam.FLAGS_COMMITTED),
        more=_as_streamed,
    ),
    Step(
        ("gate", "run", "silver.observations"),
        _streamed,
        # Which rows it shows as examples is its own choice.
        {"ops/gate_results": ("warnings", "evidence", "decided_at")},
        (Seam.GATE_JUDGED, Seam.GATE_RECORDED),
        more=_as_streamed,
    ),
    Step(
        ("maintain", "--keep-days", "1", "--apply"),
        _streamed,
        {BRONZE: (), SILVER: ()},
        (Seam.JOINED, Seam.VACUUMED, Seam.TABLE_MAINTAINED),
        writing=BRONZE,
        more=_as_maintained,
    ),
    Step(
        ("reference", "load", "--devices", "HOME/devices.csv", "--fields", "HOME/fields.geojson"),
        _streamed,
        {"reference/devices": (), "reference/fields": ()},
        (Seam.REFERENCE_WRITTEN,),
        more=_as_streamed,
    ),
    Step(
        ("quarantine", "redrive", "--apply"),
        _yesterdays,
        {BRONZE: (), SILVER: ("ingest_time",), "ops/redrives": ("decided_at",)},
        (
            Seam.REDRIVE_JUDGED,
            Seam.REDRIVE_WRITTEN,
            Seam.REDRIVE_RECORDED,
            Seam.REDRIVE_OBSERVED,
            Seam.REDRIVE_LEVEL,
        ),
        holds=("P1", "P2", "P3", "P7"),
        more=_as_meant,
    ),
    Step(
        ("replay", "--reason", "contracts were corrected", "--by", "chaos"),
        _yesterdays,
        # A slice that was killed half-way is on record in two rows.
        {BRONZE: (), SILVER: ("ingest_time",), "ops/redrives": ("replay_number", "redrive_number", "decided_at")},
        (Seam.REPLAY_JUDGED, Seam.REPLAY_RECORDED, Seam.REPLAY_REPLACED, Seam.REPLAY_TOLD),
        holds=("P1", "P2", "P3", "P7"),
        more=_as_meant,
    ),
)
