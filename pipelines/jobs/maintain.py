"""Maintain the lake: join small files, write checkpoints, delete what nobody can need any more."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

from pipelines.contracts.tables import table_names
from pipelines.jobs.gate import GATED
from pipelines.lake.admitted import admitted_version
from pipelines.lake.maintenance import Needed, Upkeep, alone, maintain_table
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

KEEP_DAYS = 7


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
    """
    lake, keep = Lake(settings.lake).existing(), timedelta(days=keep_days)
    with alone(lake) if apply else nullcontext():
        tables = tuple(
            maintain_table(lake.open(name), lake.path(name), name, _needed(lake, name), keep=keep, apply=apply)
            for name in table_names()
            if lake.exists(name)
        )
    return MaintenanceReport(apply, keep_days, tables)


def _needed(lake: Lake, name: str) -> Needed:
    """The version that the next step reads, and those that registered models were trained on."""
    versions = set()
    if name == "gold.field_daily":
        versions = set(lake.read("ops.models", columns=["gold_version"])["gold_version"].to_pylist())
    if name not in GATED:
        return Needed(frozenset(versions))
    admitted = admitted_version(lake, name)
    return Needed(frozenset({*versions, admitted} - {-1}), judged=admitted)
