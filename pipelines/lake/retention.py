"""Which versions of a table stay readable, which files they name, and what of the log tells of no other."""

import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

import pyarrow as pa
from deltalake.exceptions import DeltaError

from pipelines.errors import LakeDamaged
from pipelines.lake.access import delta_table
from pipelines.lake.log import Log, Unreadable, commit_actions, listed
from pipelines.places import Place

# A table with more commits than that in its retention keeps the latest. For each commit, and each look at what is new,
# a table library has every file of the log listed, which costs a disk a microsecond a file.
COMMITS_KEPT = 5_000


@dataclass(frozen=True)
class Needed:
    """What of a table must stay readable, however old: versions as a whole, and what is new after `read_to`."""

    versions: frozenset[int] = frozenset()
    read_to: int | None = None
    """Last version that all who read what is new have read, -1 for none; None where nobody does."""


def first_kept(log: Log, keep: timedelta) -> int:
    """Return the oldest version that stays readable: younger than `keep`, of the last `COMMITS_KEPT`; or the latest."""
    since = time.time() - keep.total_seconds()
    young = (version for version in sorted(log.commits)[-COMMITS_KEPT:] if _changed_at(log.commits[version]) >= since)
    return next(young, log.latest)


def orphans(folder: Place, keep: timedelta, needed: Needed) -> dict[str, Place]:
    """Return the data files that neither a version that stays readable nor one that is needed names, by their names.

    A batch under way has some, and so has whoever opened a version that is not readable any more.

    Raises:
        LakeDamaged: What a version names cannot be read: any file might be of it.
    """
    log = listed(folder)
    since = first_kept(log, keep)
    named = set[str]().union(*(_added(folder, log.commits[version]) for version in log.commits if version > since))
    for version in {since, *needed.versions}:
        named |= _files(folder, version)
    return {name: path for name, path in _on_disk(folder).items() if name not in named}


def older_than(files: dict[str, Place], keep: timedelta) -> dict[str, Place]:
    """Return the files that were written longer ago."""
    before = time.time() - keep.total_seconds()
    return {name: path for name, path in files.items() if _changed_at(path) < before}


def clean_log(folder: Place, keep: timedelta, needed: Needed) -> None:
    """Delete what of the log no version that stays readable, and none that is needed, is read from."""
    log = listed(folder)
    # Where a replay came since, what is new is told by the version that was read last, as a whole.
    unread = log.latest if needed.read_to is None else max(needed.read_to, 0)
    first = min((first_kept(log, keep), unread, *needed.versions))
    start = max((version for version in log.checkpoints if version <= first), default=0)
    # The oldest first: cut short, what is left can be read from its first checkpoint on.
    for version in sorted(version for version in log.commits if version < start):
        log.commits[version].unlink(missing_ok=True)
    for version in sorted(version for version in log.checkpoints if version < start):
        for part in log.checkpoints[version]:
            part.unlink(missing_ok=True)


def _added(folder: Place, commit: Place) -> set[str]:
    try:
        return {unquote(action["add"]["path"]) for action in commit_actions(commit) if "add" in action}
    except Unreadable as cause:
        raise _damaged(folder, commit.name, cause.expected, cause.got) from cause


def _files(folder: Place, version: int) -> set[str]:
    try:
        actions = pa.table(delta_table(folder, version).get_add_actions(flatten=True))
    except DeltaError as cause:
        raise _damaged(folder, "", f"a version {version} that can be read", str(cause).partition("\n")[0]) from cause
    return {unquote(path) for path in actions["path"].to_pylist()}


def _damaged(folder: Place, file: str, expected: str, got: str) -> LakeDamaged:
    return LakeDamaged(".".join(folder.parts[-2:]), f"_delta_log/{file}", expected, got)


def _on_disk(folder: Place) -> dict[str, Place]:
    depth = len(folder.parts)
    found = {path.parts[depth:]: path for path in folder.rglob("*.parquet")}
    return {"/".join(parts): path for parts, path in found.items() if not parts[0].startswith(("_", "."))}


def _changed_at(path: Place) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # Gone since it was listed: nobody waits for it.
        return time.time()
