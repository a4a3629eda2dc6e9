"""Maintain the lake: join small files, write checkpoints, delete what nobody can need any more."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pipelines.contracts.tables import table_names
from pipelines.gold.store import recorded
from pipelines.jobs.gate import GATED
from pipelines.lake.admitted import admitted_version
from pipelines.lake.flagged import FLAGS, OBSERVATIONS, flagged_version, last_run
from pipelines.lake.maintenance import Upkeep, alone, maintain_table
from pipelines.lake.retention import Needed
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

KEEP_DAYS = 7
BUILDS = ("gold.field_hourly", "gold.field_daily", "gold.water_balance_daily")


@dataclass(frozen=True)
class MaintenanceReport:
    """What was done to each table that is there, or would be done."""

    applied: bool
    keep_days: int
    tables: tuple[Upkeep, ...]


def maintain(settings: Settings, *, keep_days: int = KEEP_DAYS, apply: bool = False) -> MaintenanceReport:
    """Maintain every table, beside whatever writes it; without `apply`, only say what there is to do.

    Raises:
        UsageError: There is no lake.
        ServiceUnreachable: Another process maintains it.
        LakeDamaged: A table is not as it was written: what a lost commit named would pass for an orphan.
    """
    lake, keep = Lake(settings.lake).existing(), timedelta(days=keep_days)
    require_sound(lake, table_names())
    with alone(lock_file(settings)) if apply else nullcontext():
        tables = tuple(
            maintain_table(lake.open(name), lake.path(name), name, _needed(lake, name), keep=keep, apply=apply)
            for name in table_names()
            if lake.exists(name)
        )
    return MaintenanceReport(apply, keep_days, tables)


def lock_file(settings: Settings, what: str = "maintenance") -> Path:
    """Return the file that whoever maintains the tenant's lake from this machine, or replays it, holds."""
    return settings.home / "scratch" / f"{what}-{settings.tenant}.lock"


def _needed(lake: Lake, name: str) -> Needed:
    """Versions that the next run of a step reads, or that a registered model was trained on."""
    if name in GATED:
        return Needed(frozenset({admitted_version(lake, name)} - {-1}), _read_to(lake, name))
    if name == FLAGS:
        return Needed(read_to=_read_to(lake, name))
    if name == "gold.field_daily":
        return Needed(frozenset(lake.read("ops.models", columns=["gold_version"])["gold_version"].to_pylist()))
    last = last_run(lake)
    noted = {"reference.devices": "devices_version", "reference.fields": "fields_version"}
    return Needed(frozenset({last[noted[name]]} - {-1}) if last and name in noted else frozenset())


def _read_to(lake: Lake, name: str) -> int | None:
    """Return the last version that all have read who read what is new in a table; None where nobody has begun to."""
    builds = [made for build in BUILDS if (made := recorded(lake, build))]
    read = [made[name] for made in builds if name in made]
    if name in GATED:
        read.append(admitted_version(lake, name))
    if name == OBSERVATIONS:
        read.append(flagged_version(lake))
    return min(read, default=None)
