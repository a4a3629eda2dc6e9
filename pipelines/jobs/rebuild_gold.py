"""Build gold once more from bronze alone, in a lake of its own, and hold it against the gold that stands."""

import os
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines.contracts.tables import table
from pipelines.errors import DataRefused, UsageError
from pipelines.gold.inputs import rows_of
from pipelines.gold.restatements import UNSAID
from pipelines.jobs.build_gold import MADE, build_gold
from pipelines.jobs.gate import GATED
from pipelines.jobs.maintain import lock_file
from pipelines.lake.access import connected, data_files
from pipelines.lake.admitted import RESULTS, admitted
from pipelines.lake.tables import Lake
from pipelines.places import Place, put
from pipelines.quality.run import run as flag
from pipelines.replay.run import Order, replay
from pipelines.replay.scope import Scope
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

TABLES = MADE[:-1]
"""What one version of says all there is to say; what others said before is in gold.restatements."""
SOURCES = ("bronze.events", "reference.devices", "reference.fields")


@dataclass(frozen=True)
class Rebuilt:
    """A table as it stands and as it comes from bronze: how many rows, and one hash of all of them in any order."""

    table_name: str
    rows: int
    rebuilt_rows: int
    digest: str
    rebuilt_digest: str
    is_equal: bool


def rebuild_gold(settings: Settings, into: Path) -> list[Rebuilt]:
    """Judge all of bronze by today's contracts in a new lake, build its gold, and compare; the lake stays as it is.

    Raises:
        UsageError: There is no lake, or something is in the folder for the new one.
        DataRefused: The gate holds something, or has not judged all: gold is built from other rows than bronze has.
        LakeDamaged: A table is not as it was written.
    """
    lake, now = Lake(settings.lake).existing(), datetime.now(UTC)
    require_sound(lake, (*SOURCES, *TABLES))
    _require_admitted(lake)
    scratch = replace(settings, home=_empty(into).absolute(), lakes=None)
    rebuilt = Lake(scratch.lake)
    for name in filter(lake.exists, SOURCES):
        _copy(lake.path(name), rebuilt.path(name))
    replay(
        rebuilt,
        Order(Scope(), "rebuilt from bronze", "rebuild", now),
        tenant_id=settings.tenant,
        maintenance_lock=lock_file(scratch),
    )
    flag(rebuilt, now)
    rebuilt.append(RESULTS, [_as_admitted(rebuilt, name, now) for name in filter(rebuilt.exists, GATED)])
    build_gold(scratch)
    return [_compared(lake, rebuilt, name) for name in TABLES]


def require_equal(tables: list[Rebuilt]) -> None:
    """Raise where a table is not what bronze gives.

    Raises:
        DataRefused: One differs.
    """
    differing = [each for each in tables if not each.is_equal]
    if differing:
        raise DataRefused(
            "Gold is not what bronze gives",
            where=", ".join(each.table_name for each in differing),
            expected="the rows that today's contracts and registry make of bronze",
            got="others",
            fix="Contracts or the registry have changed since: see 'fieldstream replay --dry-run'.",
        )


def _require_admitted(lake: Lake) -> None:
    for name in filter(lake.exists, GATED):
        standing = admitted(lake, name)
        if standing.held or standing.version < lake.version(name):
            raise DataRefused(
                "Gold is not built from all of bronze",
                where=f"table {name}",
                expected=f"all of its versions up to {lake.version(name)} admitted",
                got=f"{len(standing.held)} slices held, versions up to {standing.version} admitted",
                fix="Run 'fieldstream gate run', release what is held, build gold, then run the same command again.",
            )


def _empty(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            "A lake is rebuilt where there is nothing",
            where="--into",
            expected="a new or an empty folder",
            got=str(folder),
            fix="Name another folder.",
        )
    return folder


def _copy(source: Place, target: Place) -> None:
    if isinstance(source, Path):
        shutil.copytree(source, str(target), copy_function=_linked)
        return
    for each in source.rglob("*"):
        put(target.joinpath(*each.parts[len(source.parts) :]), each.read_bytes())


def _linked(source: str, target: str) -> None:
    """Let two folders have a file, where the disk can; nobody ever changes one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _as_admitted(lake: Lake, name: str, now: datetime) -> dict[str, object]:
    """Admit everything: the gate has judged these rows where they came in."""
    return {
        "table_name": name,
        "from_version": -1,
        "to_version": lake.version(name),
        "row_count": 0,
        "expectation_count": 0,
        "failed_expectations": [],
        "note": "rebuilt from bronze, of which the gate has admitted everything",
        "gate_verdict": "admitted",
        "suite_digest": "",
        "decided_at": now,
    }


def _compared(lake: Lake, rebuilt: Lake, name: str) -> Rebuilt:
    (rows, digest), again = (_fingerprint(each, name) for each in (lake, rebuilt))
    return Rebuilt(name, rows, again[0], digest, again[1], is_equal=(rows, digest) == again)


def _fingerprint(lake: Lake, name: str) -> tuple[int, str]:
    """Count a table's rows, and hash what they say; a sum, unlike an exclusive or, tells two equal rows from none."""
    said = ", ".join(f'"{column}"' for column in table(name).column_names if column not in UNSAID)
    files = data_files(lake.open(name))
    if not files:
        return 0, ""
    with connected(lake.root) as connection:
        ((rows, digest),) = connection.execute(
            f"select count(*), sum(hash(r)::hugeint)::varchar from (select {said} from {rows_of(files)}) r"  # noqa: S608 - paths of the log
        ).fetchall()
    return rows, digest
