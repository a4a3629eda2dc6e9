"""What is new in a table between two of its versions, read from its log."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import DeltaTable

from pipelines.errors import DataRefused
from pipelines.places import Place, place


def added_files(table: DeltaTable, from_version: int, to_version: int) -> list[str]:
    """Return the data files that hold the rows new in (`from_version`, `to_version`].

    Files that compaction wrote hold no new rows and are not among them; a file that a later commit of the range took
    back or rewrote is replaced by what that commit wrote.

    Shape: absolute paths (URIs on an object store), in commit order; empty where no commit of the range added rows.

    Args:
        table: The table, opened at any version.
        from_version: Last version before the slice; -1 to begin with the first.
        to_version: Last version of the slice.

    Raises:
        DataRefused: A commit of the range is no longer in the log, or rewrote rows that had been compacted before.
    """
    slice_: dict[str, None] = {}
    compacted: set[str] = set()
    for version in range(from_version + 1, to_version + 1):
        for action in actions(table, version):
            _apply(action, slice_, compacted, table, version)
    return [_absolute(table, path) for path in slice_]


def files_overlapping(table: DeltaTable, column: str, low: datetime, high: datetime) -> list[str]:
    """Return the table's files that may hold times from `low` to `high`, by the statistics in the log.

    Shape: absolute paths; a file without statistics may hold anything.
    """
    # Statistics are cut to milliseconds, downwards.
    lowest = low - timedelta(milliseconds=1)
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    return [
        _absolute(table, action["path"])
        for action in actions
        if (action.get(f"min.{column}") or high) <= high and (action.get(f"max.{column}") or low) >= lowest
    ]


def _apply(
    action: dict[str, Any], slice_: dict[str, None], compacted: set[str], table: DeltaTable, version: int
) -> None:
    file = action.get("add") or action.get("remove")
    if not file:
        return
    path = unquote(file["path"])
    if not file.get("dataChange", True):
        # The rows of a file compacted away stay readable in it until a vacuum.
        if "add" in action:
            compacted.add(path)
    elif "add" in action:
        slice_[path] = None
    elif path in compacted:
        # Which of its rows are new can no longer be told.
        raise _refused(table, version, "changes to files as they were first written", f"a change to compacted {path}")
    else:
        slice_.pop(path, None)


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
