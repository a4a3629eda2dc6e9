"""Gold's tables in the lake: what each was made from, written as a whole or in a region, and what a version changed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.errors import DataRefused
from pipelines.gold.inputs import SESSION, rows_of
from pipelines.gold.region import Region
from pipelines.gold.restatements import UNSAID
from pipelines.lake.access import connected, data_files
from pipelines.lake.commit import overwrite, replace_rows
from pipelines.lake.files import DataFile, FileWriter
from pipelines.lake.tables import Lake
from pipelines.places import place

MadeFrom = dict[str, Any]
"""Everything that a table is a function of, but the code."""

_NOTE = "madeFrom"
_LATEST = 20


@dataclass(frozen=True)
class Changes:
    """What two versions of a daily table differ in."""

    added: int
    restated: int
    removed: int
    restated_from: date | None
    restated_to: date | None
    differing: pa.Table
    """Rows that were there before and differ now, or are gone: as they were and as they are, by `side`."""
    touched: dict[str, date]
    """Fields with a row that differs, is new or is gone, and the first such day."""


def recorded(lake: Lake, name: str) -> MadeFrom | None:
    """Return what a table as it stands was made from, as its last build noted in the log; None where none did.

    Shape: name -> version, or what else it is.
    """
    opened = lake.find(name)
    return made_from(lake, name, opened.version()) if opened else None


def made_from(lake: Lake, name: str, version: int) -> MadeFrom | None:
    """Return what a table at a version was made from; None where no build has noted it.

    Shape: name -> version, or what else it is.
    """
    # Opened at its latest version: an older one numbers the same commits from its own.
    opened = lake.open(name)
    for commits in (opened.history(_LATEST), opened.history()):
        # Maintenance commits carry no note.
        notes = (commit.get(_NOTE) for commit in commits if commit["version"] <= version)
        newest = next((note for note in notes if note), None)
        if newest:
            found: MadeFrom = json.loads(newest)
            return found
    return None


def data_file(lake: Lake, name: str, rows: pa.Table, bounded: Sequence[str] = ()) -> list[DataFile]:
    """Write rows of a table into a file that waits for its commit.

    Shape: one file; none where there are no rows.
    """
    lake.create(name)
    with FileWriter(lake.path(name), bounded) as writer:
        writer.write(rows)
        file = writer.finish()
    return [file] if file else []


def write_whole(lake: Lake, name: str, files: Sequence[DataFile], made_from: MadeFrom) -> None:
    """Put files in the place of all that a table has.

    Shape: rows of the contract.

    Raises:
        WriterConflict: Another builder was faster; nothing was committed.
    """
    overwrite(lake.create(name), table(name), files, {_NOTE: json.dumps(made_from, sort_keys=True)})


def write_region(lake: Lake, name: str, rows: pa.Table, region: Region, made_from: MadeFrom) -> None:
    """Write rows in the place of those that a table has of a region.

    Shape: rows of the contract.

    Raises:
        WriterConflict: Another builder was faster; nothing was committed.
    """
    note = {_NOTE: json.dumps(made_from, sort_keys=True)}
    replace_rows(lake.open(name), table(name), rows, region.condition, note)


def changes(lake: Lake, name: str, before: int, after: int) -> Changes:
    """Compare two versions of a table with a row a field and day, by the files that only one of them has.

    Shape: see `Changes`.

    Raises:
        DataRefused: A version, or a file of it, is gone.
    """
    then, now = (set(data_files(lake.open(name, version))) for version in (before, after))
    _require_files(name, then ^ now)
    columns = ", ".join(column for column in table(name).column_names if column not in UNSAID)
    with connected(lake.root) as connection:
        connection.execute(SESSION)
        for side, files in (("was", sorted(then - now)), ("is", sorted(now - then))):
            rows = rows_of(files) if files else _nothing(name)
            connection.execute(f"create temp table {side}_there as select {columns} from {rows}")  # noqa: S608 - paths of the log
        connection.execute("""
            create temp table differing as
            select 'then' as side, * from (from was_there except from is_there)
            union all by name select 'now' as side, * from (from is_there except from was_there)
        """)
        return _changes(connection)


def _require_files(name: str, files: Iterable[str]) -> None:
    if gone := [each for each in map(place, sorted(files)) if not each.exists()]:
        raise DataRefused(
            "An older version cannot be read any more",
            where=f"table {name}",
            expected="every file that it names",
            got=f"no {gone[0].name}",
            fix="Maintenance deletes what was replaced, once its retention is over: compare newer versions.",
        )


def _nothing(name: str) -> str:
    typed = ", ".join(f'null::{type_} as "{column}"' for column, type_ in table(name).duckdb_columns.items())
    return f"(select {typed} where false)"


def _changes(connection: duckdb.DuckDBPyConnection) -> Changes:
    connection.execute("""
        create temp table keys as
        select field_id, date, bool_or(side = 'then') as was, bool_or(side = 'now') as is_now
        from differing group by all
    """)
    added, restated, removed, first, last = connection.execute("""
        select count(*) filter (not was), count(*) filter (was and is_now), count(*) filter (not is_now),
            min(date) filter (was and is_now), max(date) filter (was and is_now)
        from keys
    """).fetchall()[0]
    differing = connection.sql("from differing semi join (from keys where was) using (field_id, date)")
    touched = connection.execute("select field_id, min(date) from keys group by all").fetchall()
    return Changes(added, restated, removed, first, last, differing.to_arrow_table(), dict(touched))
