"""SQL over every table, with no JVM: DuckDB reads the files of the tables' Delta snapshots, and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable

from pipelines.contracts.tables import TableContract, table, table_names
from pipelines.errors import DataRefused, UsageError
from pipelines.lake.flagged import FLAGGED, FLAGGED_FROM, FLAGGED_VIEW
from pipelines.lake.statement import Condition, Statement, parse
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "2GB"

# bronze.events with the verdict that stands: the newest redrive's, where a record was judged anew.
CURRENT = "bronze.events_current"
CURRENT_FROM = ("bronze.events", "ops.redrives")
_JUDGED = ("format", "verdict", "reasons", "event_key", "device_id", "result_time")
_CURRENT_VIEW = f"""
create view {CURRENT} as
select
    e.* replace ({", ".join(f"if(r.redrive_number is null, e.{name}, r.{name}) as {name}" for name in _JUDGED)}),
    r.redrive_number
from bronze.events e
left join (
    select * from ops.redrives
    qualify row_number() over (partition by topic, "partition", "offset" order by redrive_number desc) = 1
) r using (topic, "partition", "offset")
"""  # noqa: S608 - column names of the contract

# Views by name: the tables that each reads, and how it is made.
VIEWS = {CURRENT: (CURRENT_FROM, _CURRENT_VIEW), FLAGGED: (FLAGGED_FROM, FLAGGED_VIEW)}

# Statistics of floats say nothing about NaN, which DuckDB orders above every number.
_PRUNED_TYPES = frozenset({"string", "int", "bigint", "date", "timestamp"})


@dataclass(frozen=True)
class Answer:
    """The answer to a query: column names and rows of Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def query(lake: Lake, text: str, versions: Mapping[str, int] | None = None) -> Answer:
    """Run one SELECT over the lake, each table at its latest version or the one named.

    Tables that are not there yet are empty. Nothing but the files of the tables named can be read, and nothing
    can be written.

    Raises:
        UsageError: The statement is not one SELECT, or asks for something that is not there.
        DataRefused: A file of the lake cannot be read.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        statement = parse(connection, text)
        wanted = {**dict.fromkeys(_tables_read(statement) & set(table_names())), **_known(versions or {})}
        try:
            files = [file for name in sorted(wanted) for file in _view(connection, lake, name, wanted[name], statement)]
            for name in sorted(VIEWS.keys() & statement.tables):
                connection.execute(VIEWS[name][1])
            _lock(connection, files)
            cursor = connection.execute(text)
            return Answer(tuple(column[0] for column in cursor.description or ()), cursor.fetchall())
        except duckdb.IOException as cause:
            raise _unreadable(lake, cause) from cause
        except duckdb.Error as cause:
            raise _refused(cause) from cause


def _tables_read(statement: Statement) -> frozenset[str]:
    return statement.tables | _read_by_views(statement)


def _read_by_views(statement: Statement) -> frozenset[str]:
    return frozenset(name for view in VIEWS.keys() & statement.tables for name in VIEWS[view][0])


def _known(versions: Mapping[str, int]) -> Mapping[str, int]:
    for name in versions:
        if name not in table_names():
            raise _unknown_table(name)
    return versions


def _view(
    connection: "duckdb.DuckDBPyConnection", lake: Lake, name: str, version: int | None, statement: Statement
) -> list[str]:
    """Show the table as a view over its files, and return them."""
    contract = table(name)
    files: list[str] = []
    present: set[str] = set()
    if lake.exists(name):
        snapshot = _snapshot(lake, name, version)
        present = {field.name for field in snapshot.schema().fields}
        # Conditions on a table are none on a view that reads it too.
        is_shared = name in _read_by_views(statement)
        files = _files(connection, snapshot, contract, () if is_shared else statement.conditions(name))
    columns = ", ".join(
        f"cast({_quoted(column) if files and column in present else 'null'} as {kind}) as {_quoted(column)}"
        for column, kind in contract.duckdb_columns.items()
    )
    source = f"from read_parquet([{', '.join(map(_literal, files))}])" if files else "where false"
    schema, _, short = name.partition(".")
    connection.execute(f"create schema if not exists {_quoted(schema)}")
    connection.execute(f"create view {_quoted(schema)}.{_quoted(short)} as select {columns} {source}")
    return files


def _snapshot(lake: Lake, name: str, version: int | None) -> DeltaTable:
    from deltalake.exceptions import DeltaError

    try:
        return lake.open(name, version)
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

    files = snapshot.file_uris()
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
    connection.execute(f"set allowed_paths = [{', '.join(map(_literal, files))}]")
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
