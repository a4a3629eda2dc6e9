"""Keep a table cheap to read and to append to: few files, a short log, and nothing on disk that nobody can need.

Every step leaves the rows as they are, and every version younger than the retention readable. Small files are joined
in the order of the log and marked as no change of data, so that whoever reads what is new between two versions never
meets them; the files they replace stay for those readers until the retention is over.
"""

import fcntl
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, WriterProperties
from deltalake.exceptions import CommitFailedError

from pipelines import failpoints
from pipelines.errors import DataRefused, ServiceUnreachable
from pipelines.lake.files import ROW_GROUP_ROWS
from pipelines.lake.retention import Needed, clean_log, older_than, orphans
from pipelines.lake.slices import news
from pipelines.places import Place

# Small files are joined to middling ones, and those to large ones: joined straight to large ones, the newest would be
# written again with every handful of commits. Fewer than FEWEST cost a reader less than joining them costs.
TARGET_BYTES = (8 * 2**20, 128 * 2**20)
FEWEST = 10

# Tables that nobody deletes from, but for replays, which keep maintenance out meanwhile. A deletion that was planned
# before files were joined, and is committed after, would miss the file they became: delta-rs (1.6.6) sees no conflict
# with a commit that changes no data.
APPENDED = frozenset(
    {
        "bronze.events",
        "gold.restatements",
        "silver.observations",
        "silver.flags",
        "silver.operations",
        "ops.accepted_losses",
        "ops.cluster_jobs",
        "ops.flag_runs",
        "ops.gate_releases",
        "ops.gate_results",
        "ops.models",
        "ops.redrives",
        "ops.replays",
        "scores.irrigation",
    }
)

_LOOK_S = 0.05


@dataclass(frozen=True)
class Upkeep:
    """What maintenance of a table comes to; counts of a dry run say what would be done."""

    table_name: str
    files: int
    joined_files: int
    """Small files that larger ones replace."""
    orphan_files: int
    """Files that no version that stays readable names, of any age: a batch under way has some."""
    expired_files: int
    """Those of them to delete: older than the retention."""
    freed_bytes: int
    note: str | None = None
    """Why something was left for later."""


@contextmanager
def alone(lock_file: Path, what: str = "maintenance", patience_s: float = 0.0) -> Iterator[None]:
    """Keep everybody else of this machine out who does the same; one of another is refused by the log, after its work.

    Args:
        lock_file: What whoever does it holds.
        what: What there may be only one of at a time.
        patience_s: How long to wait for another to end.

    Raises:
        ServiceUnreachable: Another is under way.
    """
    until = time.monotonic() + patience_s
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        while not _locked(lock):
            if time.monotonic() >= until:
                raise ServiceUnreachable(
                    f"{what.capitalize()} is under way",
                    where=str(lock_file),
                    expected="one at a time",
                    got="another process that holds the lock",
                    fix="Nothing was changed. Let it end, then run the same command again.",
                )
            time.sleep(_LOOK_S)
        yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def maintain_table(
    table: DeltaTable, folder: Place, name: str, needed: Needed, *, keep: timedelta, apply: bool
) -> Upkeep:
    """Join small files, write a checkpoint, delete expired files and clean the log; without `apply`, say what would be.

    Args:
        table: The table at its latest version.
        folder: Where it lies.
        name: Its name; only what is in `APPENDED` is joined.
        needed: What must stay readable beyond the retention.
        keep: How long replaced files and orphans stay. Longer than any batch takes, else its files are lost.
        apply: Whether to do it; by one process at a time, see `alone`.
    """
    files = len(table.file_uris())
    tiers = _due(table, name)
    joined, note = max((len(_smaller(table, target)) for target in tiers), default=0), None
    if apply:
        joined, note = _join(table, tiers)
        failpoints.reach(failpoints.Seam.JOINED)
    lost = orphans(folder, keep, needed)
    expired = older_than(lost, keep)
    if expired and (waiting := _waits_for_a_reader(table, needed, expired)):
        expired, note = {}, waiting
    freed_bytes = sum(path.stat().st_size for path in expired.values())
    if apply:
        _delete(expired.values())
        if joined:
            # Every tenth commit brings one anyway; without it, readers would first list all that was joined.
            table.create_checkpoint()
        clean_log(folder, keep, needed)
        failpoints.reach(failpoints.Seam.TABLE_MAINTAINED)
    return Upkeep(name, files, joined, len(lost), len(expired), freed_bytes, note)


def _due(table: DeltaTable, name: str) -> list[int]:
    """Return the sizes below which there are enough files to join."""
    return [target for target in TARGET_BYTES if name in APPENDED and len(_smaller(table, target)) >= FEWEST]


def _smaller(table: DeltaTable, target_bytes: int) -> list[int]:
    sizes = pa.table(table.get_add_actions(flatten=True))["size_bytes"].to_pylist()
    return [size for size in sizes if size < target_bytes]


def _join(table: DeltaTable, tiers: Iterable[int]) -> tuple[int, str | None]:
    joined = 0
    for target in tiers:
        try:
            metrics = table.optimize.compact(
                target_size=target,
                max_concurrent_tasks=1,  # the stream has the other cores
                writer_properties=WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP_ROWS),
                commit_properties=CommitProperties(max_commit_retries=15),
            )
        except CommitFailedError:
            # Another writer changed the schema, or rows; what was written for nothing is an orphan.
            table.update_incremental()
            return joined, "the table changed while files were joined; next time"
        joined += metrics["numFilesRemoved"]
    return joined, None


def _delete(files: Collection[Place]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    if files:
        failpoints.reach(failpoints.Seam.VACUUMED)


def _waits_for_a_reader(table: DeltaTable, needed: Needed, expired: Collection[str]) -> str | None:
    if needed.read_to is None:
        return None
    try:
        changed = news(table, needed.read_to, table.version())
    except DataRefused as cause:
        return f"nothing is deleted: {cause.what}, {cause.got}"
    unread = {Path(file).name for file in (*changed.files, *changed.former_files)}
    names = {Path(file).name for file in expired}
    return "nothing is deleted: the flags, the gate or gold have yet to read some of it" if names & unread else None
