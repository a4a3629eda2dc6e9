"""What is new in a table between two of its versions, read from its log."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines.errors import DataRefused
from pipelines.lake.access import data_files, delta_table, listed_in_sql
from pipelines.places import Place, place

# What tells a row from the one that it took the place of: a replay never gives a record the time that it had.
_TOLD_BY = '(topic, "partition", "offset", ingest_time)'

# Statistics are cut to milliseconds, downwards.
_CUT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class News:
    """Where the rows are that came between two versions of a table, and those that went.

    Without a replay between the two, all rows of `files` are new, and none went.
    """

    files: list[str]
    former_files: list[str]
    """Files that the later version no longer has, where rows were replaced; empty where none were."""

    @property
    def is_new(self) -> str:
        """The condition, as DuckDB's SQL, that a row of `files` is new."""
        return _not_among(self.former_files)

    @property
    def is_gone(self) -> str:
        """The condition that a row of `former_files` is no longer there."""
        return _not_among(self.files)

    @property
    def is_still_there(self) -> str:
        """The condition that a row of the version before has not gone."""
        if not self.former_files:
            return "true"
        gone = f"select {_TOLD_BY} from {_read(self.former_files)} where {self.is_gone}"  # noqa: S608 - paths of the log
        return f"{_TOLD_BY} not in ({gone})"


def _not_among(files: list[str]) -> str:
    return f"{_TOLD_BY} not in (select {_TOLD_BY} from {_read(files)})" if files else "true"  # noqa: S608 - paths of the log


def _read(files: list[str]) -> str:
    return f"read_parquet({listed_in_sql(files)})"


def news(table: DeltaTable, from_version: int, to_version: int) -> News:
    """Say what changed in (`from_version`, `to_version`]: rows that were appended, and those that a replay replaced.

    Shape: absolute paths (URIs on an object store).

    Args:
        table: The table, opened at any version.
        from_version: Last version before the slice; -1 to begin with the first.
        to_version: Last version of the slice.

    Raises:
        DataRefused: A commit or a file of the range is gone.
    """
    commits = [list(actions(table, version)) for version in range(from_version + 1, to_version + 1)]
    if not any(map(_replaces_rows, commits)):
        return News(_added(table, commits), [])
    # Files joined in between may be among those rewritten: only the two versions as a whole tell what differs.
    try:
        then, now = (_files(table, version) for version in (from_version, to_version))
    except DeltaError as cause:
        raise _refused(table, from_version, "the version in the log", "none; the log was cleaned past it") from cause
    found = News(sorted(now - then), sorted(then - now))
    for file in map(place, (*found.files, *found.former_files)):
        if not file.exists():
            raise _refused(table, to_version, "the files that were rewritten", f"no {file.name}")
    return found


def _added(table: DeltaTable, commits: Iterable[list[dict[str, Any]]]) -> list[str]:
    """Return the files whose rows are new: those that maintenance joined others to hold none that are."""
    added = (action["add"] for commit in commits for action in commit if "add" in action)
    return [_absolute(table, unquote(file["path"])) for file in added if file.get("dataChange", True)]


def _replaces_rows(commit: list[dict[str, Any]]) -> bool:
    return any(action["remove"].get("dataChange", True) for action in commit if "remove" in action)


def _files(table: DeltaTable, version: int) -> set[str]:
    if version < 0:
        return set()
    return set(data_files(delta_table(table.table_uri, version)))


def files_overlapping(table: DeltaTable, column: str, low: datetime, high: datetime) -> list[str]:
    """Return the table's files that may hold times from `low` to `high`, by the statistics in the log.

    Shape: absolute paths; a file without statistics may hold anything.
    """
    lowest = low - _CUT
    return [file for file, first, last in _spans(table, column) if (first or high) <= high and (last or low) >= lowest]


def files_holding(table: DeltaTable, column: str, times: Collection[datetime]) -> list[str]:
    """Return the table's files that may hold one of some times, as `files_overlapping` does."""
    return [
        file
        for file, first, last in _spans(table, column)
        if any((first or time) <= time and (last or time) >= time - _CUT for time in times)
    ]


def _spans(table: DeltaTable, column: str) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Give each file with the least and the greatest of a column, as its statistics have them."""
    for action in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        yield _absolute(table, action["path"]), action.get(f"min.{column}"), action.get(f"max.{column}")


def actions(table: DeltaTable, version: int) -> Iterator[dict[str, Any]]:
    """Give what one commit of a table did, action by action.

    Raises:
        DataRefused: The commit is no longer in the log.
    """
    try:
        lines = (_root(table) / "_delta_log" / f"{version:020}.json").read_text().splitlines()
    except FileNotFoundError as cause:
        raise _refused(table, version, "the commit in the log", "none; the log was cleaned past it") from cause
    yield from map(json.loads, lines)


def _absolute(table: DeltaTable, path: str) -> str:
    return path if urlsplit(path).scheme or path.startswith("/") else str(_root(table) / path)


def _root(table: DeltaTable) -> Place:
    uri = table.table_uri
    return place(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri)


def _refused(table: DeltaTable, version: int, expected: str, got: str) -> DataRefused:
    return DataRefused(
        "A slice of the table cannot be told apart",
        where=f"{table.table_uri}, version {version}",
        expected=expected,
        got=got,
        fix="Judge before maintenance: compact, clean and vacuum only up to the admitted version.",
    )
