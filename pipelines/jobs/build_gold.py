"""Build gold from what the gate admitted: only the field-days that moved, and say what that changed."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from deltalake import Transaction

from pipelines import failpoints
from pipelines.errors import DataRefused, GateHeld
from pipelines.lake.admitted import NEVER, RELEASES, RESULTS, admitted_version
from pipelines.lake.flagged import FLAGS, RUNS, flagged_version
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.gold.region import Region
    from pipelines.gold.store import Changes, MadeFrom

HOURLY, DAILY, WATER = "gold.field_hourly", "gold.field_daily", "gold.water_balance_daily"
SILVER, OPERATIONS = "silver.observations", "silver.operations"
MADE = (HOURLY, DAILY, WATER, "gold.restatements")
MADE_FROM = (SILVER, OPERATIONS, FLAGS, RUNS, RESULTS, RELEASES, "reference.fields", "reference.devices")


@dataclass(frozen=True)
class TableBuild:
    """What became of a table, and which of its days that changed."""

    table_name: str
    built: str
    """nothing, some or everything."""
    version: int
    rows: int
    days_added: int = 0
    days_restated: int = 0
    days_removed: int = 0
    restated_from: date | None = None
    restated_to: date | None = None


@dataclass(frozen=True)
class GoldReport:
    """What gold was built from, and what became of each table."""

    silver_version: int
    operations_version: int
    tables: tuple[TableBuild, ...]

    @property
    def built(self) -> bool:
        """Whether anything was written."""
        return any(each.built != "nothing" for each in self.tables)


def build_gold(settings: Settings) -> GoldReport:
    """Build what has moved since the last build; else write nothing.

    Raises:
        GateHeld: The gate has admitted no version of silver yet.
        DataRefused: A reference table is not there, or nobody has looked at the neighbours of what was admitted.
        WriterConflict: Another builder was faster; its tables stand.
        LakeDamaged: A table is not as it was written.
    """
    lake, decided_at = Lake(settings.lake), datetime.now(UTC)
    require_sound(lake, (*MADE, *MADE_FROM))
    _require_flagged(lake)
    _catch_up(lake, decided_at)
    failpoints.reach(failpoints.Seam.GOLD_PLANNED)
    tables = [*_weather(lake, settings.cores, decided_at), _water(lake, decided_at)]
    return GoldReport(admitted_version(lake, SILVER), admitted_version(lake, OPERATIONS), tuple(tables))


def _require_flagged(lake: Lake) -> None:
    standing, flagged = admitted_version(lake, SILVER), flagged_version(lake)
    if standing == NEVER:
        raise GateHeld(
            "There is nothing to build gold from",
            where=f"table {SILVER}",
            expected="a version that the gate has admitted",
            got="none",
            fix=f"Run 'fieldstream gate run {SILVER}' first; 'fieldstream gate status' says what is held and why.",
        )
    if flagged < standing:
        raise DataRefused(
            "Observations have not been held against their neighbours yet",
            where=f"table {SILVER}",
            expected=f"flags up to the admitted version {standing}",
            got="none" if flagged == NEVER else f"flags up to version {flagged}",
            fix="Run 'fieldstream flag' first.",
        )


def _weather(lake: Lake, cores: int, decided_at: datetime) -> tuple[TableBuild, TableBuild]:
    from pipelines.gold.weather import build_weather, weather_made_from

    region = build_weather(lake, weather_made_from(lake), cores)
    hourly = TableBuild(HOURLY, _how_much(region), lake.version(HOURLY), _rows(lake, HOURLY))
    return hourly, _daily_build(lake, DAILY, region, decided_at)


def _water(lake: Lake, decided_at: datetime) -> TableBuild:
    from pipelines.gold.water import build_water, water_made_from

    return _daily_build(lake, WATER, build_water(lake, water_made_from(lake)), decided_at)


def _how_much(region: "Region | None") -> str:
    if region is None:
        return "nothing"
    return "everything" if region.is_everything else "some"


def _rows(lake: Lake, name: str) -> int:
    found = lake.find(name)
    return found.count() if found else 0


def _daily_build(lake: Lake, name: str, region: "Region | None", decided_at: datetime) -> TableBuild:
    how_much, version = _how_much(region), lake.version(name)
    if region is None:
        return TableBuild(name, how_much, version, _rows(lake, name))
    failpoints.reach(failpoints.Seam.GOLD_COMMITTED)
    found = _restate(lake, name, version, decided_at)
    return TableBuild(
        name, how_much, version, _rows(lake, name), found.added, found.restated, found.removed,
        found.restated_from, found.restated_to,
    )  # fmt: skip


def _catch_up(lake: Lake, decided_at: datetime) -> None:
    """Say what a build changed that ended before it could."""
    restated = lake.find("gold.restatements")
    for name in (DAILY, WATER):
        told = restated.transaction_version(name) if restated else None
        version = _last_build(lake, name)
        if version is not None and version > (told or 0):
            _restate(lake, name, version, decided_at)


def _last_build(lake: Lake, name: str) -> int | None:
    found = lake.find(name)
    noted = (commit["version"] for commit in found.history(20) if "madeFrom" in commit) if found else iter(())
    return next(noted, None)


def _restate(lake: Lake, name: str, version: int, decided_at: datetime) -> "Changes":
    """Write what a version of a table changed to gold.restatements, once."""
    from pipelines.gold import restatements
    from pipelines.gold.store import changes, made_from

    found = changes(lake, name, version - 1, version)
    cause = _cause(lake, *(made_from(lake, name, each) for each in (version - 1, version)))
    rows = restatements.build(found.differing, name, gold_table_version=version, cause=cause, decided_at=decided_at)
    lake.append(restatements.TABLE, rows, Transaction(name, version))
    return found


def _cause(lake: Lake, before: "MadeFrom | None", now: "MadeFrom | None") -> str:
    """Say what moved between two builds, and why if a replay moved it."""
    if before is None or now is None:
        return "first build"
    moved = {name: (before.get(name), said) for name, said in now.items() if before.get(name) != said}
    said = [f"{name} {_said(then)} to {_said(today)}" for name, (then, today) in sorted(moved.items())]
    return "; ".join([*said, *_replays(lake, moved)])


def _replays(lake: Lake, moved: "Mapping[str, tuple[Any, Any]]") -> list[str]:
    """Say once why each replay that moved one of the tables was made."""
    rows = lake.read("ops.replays", columns=["table_name", "replaced_version", "replay_reason"]).to_pylist()
    made = (row for row in rows if row["table_name"] in moved)
    return list(
        dict.fromkeys(f"a replay: {row['replay_reason']}" for row in made if _lies(row, *moved[row["table_name"]]))
    )


def _lies(row: dict[str, Any], before: int | None, now: int) -> bool:
    return bool((-1 if before is None else before) < row["replaced_version"] <= now)


def _said(what: object) -> str:
    return str(what) if isinstance(what, int | str) else json.dumps(what, sort_keys=True)
