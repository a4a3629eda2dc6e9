"""SQL over every table, with no JVM: DuckDB reads the files of the tables' Delta snapshots, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable

from pipelines.contracts.tables import TableContract, table, table_names
from pipelines.errors import DataRefused, UsageError
from pipelines.lake.access import connected, data_files, listed_in_sql
from pipelines.lake.limits import MEMORY_LIMIT, UNBOUNDED, Limits, fetched, within
from pipelines.lake.statement import Condition, Statement, parse
from pipelines.lake.tables import Lake
from pipelines.lake.views import VIEWS
from pipelines.places import store_error

if TYPE_CHECKING:
    import duckdb

# Statistics of floats say nothing about NaN, which DuckDB orders above every number.
_PRUNED_TYPES = frozenset({"string", "int", "bigint", "date", "timestamp"})


@dataclass(frozen=True)
class Answer:
    """The answer to a query: column names and rows of Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Moment:
    """Which versions of the tables are read: the one named, else the one at a time, else the latest."""

    versions: Mapping[str, int]
    as_of: datetime | None = None


LATEST = Moment({})


def query(lake: Lake, text: str, moment: Moment = LATEST, limits: Limits = UNBOUNDED) -> Answer:
    """Run one SELECT over the lake, each table at its latest version or at the moment's.

    Tables that are not there yet are empty. Nothing but the files of the tables named can be read, and nothing
    can be written.

    Raises:
        UsageError: The statement is not one SELECT, asks for something that is not there, or for too much.
        DataRefused: A file of the lake cannot be read.
    """
    with _asked(lake, text, moment, limits) as connection:
        cursor = connection.execute(text)
        return Answer(tuple(column[0] for column in cursor.description or ()), fetched(cursor, limits))


def copy(
    lake: Lake, text: str, path: Path, *, options: str, moment: Moment = LATEST, limits: Limits = UNBOUNDED
) -> int:
    """Write the answer of one SELECT to a file, whole or not at all, and return how many rows it has.

    Args:
        lake: The lake.
        text: The SELECT.
        path: The file; one that is there is replaced.
        options: Options of DuckDB's COPY: format and what belongs to it.
        moment: Which versions of the tables are read.
        limits: What it may take; the answer does not pass through memory, so its size has none.

    Raises:
        UsageError: As `query`; or the file cannot be written.
        DataRefused: A file of the lake cannot be read.
    """
    if not path.parent.is_dir() or path.is_dir():
        raise UsageError(
            "The file cannot be written",
            where=str(path),
            expected="the name of a file in a folder that is there",
            got="a folder" if path.is_dir() else f"no folder {path.parent}",
            fix="Make the folder, or name another file.",
        )
    part = path.with_name(f".{path.name}.part")
    try:
        with _asked(lake, text, moment, limits, part) as connection:
            # The line break ends a comment that the SELECT may end with.
            ((row_count,),) = connection.execute(f"copy (\n{text}\n) to {_literal(str(part))} ({options})").fetchall()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return int(row_count)


@contextmanager
def _asked(
    lake: Lake, text: str, moment: Moment, limits: Limits, target: Path | None = None
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open a connection that sees the tables of a SELECT, and nothing else but the file to write."""
    import duckdb

    with connected(lake.root, memory_limit=MEMORY_LIMIT) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            with within(connection, limits):
                statement = parse(connection, text)
                files = _show(connection, lake, statement, moment)
                _lock(connection, [*files, *([str(target)] if target else [])])
                yield connection
        except duckdb.IOException as cause:
            raise store_error(lake.root, cause) or _unreadable(lake, cause) from cause
        except duckdb.Error as cause:
            raise store_error(lake.root, cause) or _refused(cause) from cause


def _show(connection: "duckdb.DuckDBPyConnection", lake: Lake, statement: Statement, moment: Moment) -> list[str]:
    """Show the tables and views that the statement names, and return the files behind them."""
    views = [VIEWS[name] for name in sorted(statement.tables & VIEWS.keys())]
    # Conditions on a table are none on a view that reads it too.
    shared = {name for view in views for name in view.reads}
    files = []
    for name in sorted((statement.tables | shared) & set(table_names()) | _known(moment.versions).keys()):
        conditions = () if name in shared else statement.conditions(name)
        files += _show_table(connection, table(name), _snapshot(lake, name, moment), conditions)
    for view in views:
        connection.execute(f"create view {view.name} as {view.sql}")
    return files


def _known(versions: Mapping[str, int]) -> Mapping[str, int]:
    for name in versions:
        if name not in table_names():
            raise _unknown_table(name)
    return versions


def _show_table(
    connection: "duckdb.DuckDBPyConnection",
    contract: TableContract,
    snapshot: DeltaTable | None,
    conditions: tuple[Condition, ...],
) -> list[str]:
    """Show the table as a view over its files, and return them."""
    files: list[str] = []
    present: set[str] = set()
    if snapshot is not None:
        present = {field.name for field in snapshot.schema().fields}
        files = _files(connection, snapshot, contract, conditions)
    columns = ", ".join(
        f"cast({_quoted(column) if files and column in present else 'null'} as {kind}) as {_quoted(column)}"
        for column, kind in contract.duckdb_columns.items()
    )
    source = f"from read_parquet({listed_in_sql(files)})" if files else "where false"
    schema, _, short = contract.name.partition(".")
    connection.execute(f"create schema if not exists {_quoted(schema)}")
    connection.execute(f"create view {_quoted(schema)}.{_quoted(short)} as select {columns} {source}")
    return files


def _snapshot(lake: Lake, name: str, moment: Moment) -> DeltaTable | None:
    """Open the table as the moment wants it; None where it is not there, or was not there then."""
    from deltalake.exceptions import DeltaError

    version = moment.versions.get(name)
    if version is None and moment.as_of is not None:
        version = lake.version_at(name, moment.as_of)
        if version is None:
            return None
    try:
        return lake.find(name, version)
    except DeltaError as cause:
        raise UsageError(
            "There is no such version",
            where=f"table {name}",
            expected=f"a version from 0 to {lake.version(name)}",
            got=str(version),
            fix="See 'fieldstream tables' for the latest version of each table.",
        ) from cause


def _files(
    connection: "duckdb.DuckDBPyConnection",
    snapshot: DeltaTable,
    contract: TableContract,
    conditions: tuple[Condition, ...],
) -> list[str]:
    """Return the snapshot's files, without those whose statistics rule out every row that is asked for."""
    import duckdb

    files = data_files(snapshot)
    if not conditions or len(files) < 2:
        return files
    actions = snapshot.get_add_actions(flatten=True)
    known = set(actions.schema.names)
    possible = [_possible(condition, contract, known) for condition in conditions]
    connection.register("added", actions)
    try:
        kept = connection.execute(f"select path from added where {' and '.join(possible)}").fetchall()  # noqa: S608 - column names of the contract, constants of the user's own SELECT
    except duckdb.Error:
        # A constant that does not fit its column: let the query itself say so.
        return files
    finally:
        connection.unregister("added")
    names = {path.rpartition("/")[2] for (path,) in kept}
    return [file for file in files if file.rpartition("/")[2] in names]


def _possible(condition: Condition, contract: TableContract, known: set[str]) -> str:
    kinds = {column.name: column.type for column in contract.columns}
    kind = kinds.get(condition.column)
    least, greatest = (f"{bound}.{condition.column}" for bound in ("min", "max"))
    if kind not in _PRUNED_TYPES or not {least, greatest} <= known:
        return "true"
    # Writers cut timestamps to milliseconds.
    slack = " + interval 1 millisecond" if kind == "timestamp" else ""
    return f"coalesce({condition.possible(_quoted(least), f'({_quoted(greatest)}{slack})')}, true)"


def _lock(connection: "duckdb.DuckDBPyConnection", files: list[str]) -> None:
    connection.execute(f"set allowed_paths = {listed_in_sql(files)}")
    for setting in (
        "python_enable_replacements = false",
        "temp_directory = ''",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"set {setting}")


def _refused(cause: Exception) -> UsageError:
    message = _message(cause)
    if absent := re.match(r"Table with name (\S+) does not exist", message):
        return _unknown_table(absent[1].strip('"'))
    return UsageError(
        "The query cannot be run",
        where="SQL",
        expected="a SELECT over the lake's tables and columns",
        got=message,
        fix="See docs/reference/data-dictionary.md for every table's columns.",
    )


def _unknown_table(name: str) -> UsageError:
    return UsageError(
        "There is no such table",
        where="SQL",
        expected=f"one of {', '.join(sorted((*table_names(), *VIEWS)))}",
        got=name,
        fix="Write the layer before the name, as in silver.observations.",
    )


def _unreadable(lake: Lake, cause: Exception) -> DataRefused:
    return DataRefused(
        "A file of the lake cannot be read",
        where=str(lake.root),
        expected="every file of the version asked for",
        got=_message(cause),
        fix="If an old version was asked for, its files may be gone: ask for the latest.",
    )


def _message(cause: Exception) -> str:
    # DuckDB draws the place below its message; the message alone is one line.
    kind, _, rest = str(cause).partition("\n\nLINE ")[0].partition(": ")
    return " ".join((rest or kind).split())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
