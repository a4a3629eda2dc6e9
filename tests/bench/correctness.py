"""Whether a contender's rows are the right ones: compared with the truth row by row, both ways."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.bench.load import VALUES, Load

# The weather station reports kPa, silver holds hPa; everything else it reports is in silver's unit already.
HPA_PER_KPA = 10
_IN_SILVER = ", ".join(f"{name} * {HPA_PER_KPA if name == 'air_pressure' else 1} AS {name}" for name in VALUES)

_EVENT = "device_id, session, sequence, time"


def ledger_and_observations_differ(load: Load, events: Sequence[str], observations: Sequence[str]) -> list[str]:
    """Compare bronze and silver: every message once with its verdict, every distinct whole event once with its values.

    Returns:
        What differs, a sentence each; nothing where all is right.
    """
    with _opened(load) as connection:
        _view(connection, "events", events)
        _view(connection, "observations", observations)
        whole, distinct = connection.sql(
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {_EVENT} FROM truth)) FROM truth"  # noqa: S608 - names of this file
        ).fetchall()[0]
        expected = {
            "accepted": distinct,
            "duplicate": whole - distinct,
            "quarantined": load.messages - whole,
        }
        found = dict(connection.sql("SELECT verdict, count(*) FROM events GROUP BY 1 ORDER BY 1").fetchall())
        places = connection.sql('SELECT count(*) FROM (SELECT DISTINCT "partition", "offset" FROM events)').fetchall()
        return [
            *_unequal("records by verdict", {name: count for name, count in expected.items() if count}, found),
            *_unequal("places in Kafka", load.messages, places[0][0]),
            *_rows_differ(
                connection,
                "accepted events",
                "SELECT DISTINCT device_id, time FROM truth",
                "SELECT device_id, result_time FROM events WHERE verdict = 'accepted'",
            ),
            *_rows_differ(
                connection,
                "observations",
                f"SELECT {_EVENT}, property, round(value, 6) FROM "  # noqa: S608 - names of this file
                f"(UNPIVOT (SELECT DISTINCT {_EVENT}, {_IN_SILVER} FROM truth) "
                f"ON {', '.join(VALUES)} INTO NAME property VALUE value)",
                "SELECT device_id, session, sequence, result_time, property, round(value, 6) FROM observations",
            ),
        ]


def wide_rows_differ(load: Load, files: Sequence[str], *, copies: bool) -> list[str]:
    """Compare a table with one wide row an event: every whole message is there, with or without copies."""
    with _opened(load) as connection:
        _view(connection, "rows", files)
        columns, among = f"{_EVENT}, {', '.join(VALUES)}", "ALL" if copies else "DISTINCT"
        return _rows_differ(connection, "rows", f"SELECT {among} {columns} FROM truth", f"SELECT {columns} FROM rows")  # noqa: S608 - names of this file


def long_rows_differ(load: Load, files: Sequence[str]) -> list[str]:
    """Compare a table with one row a value, as the device said it: every distinct whole event is there once."""
    with _opened(load) as connection:
        _view(connection, "rows", files)
        return _rows_differ(
            connection,
            "rows",
            f"UNPIVOT (SELECT DISTINCT {_EVENT}, {', '.join(VALUES)} FROM truth) "  # noqa: S608 - names of this file
            f"ON {', '.join(VALUES)} INTO NAME property VALUE value",
            f"SELECT {_EVENT}, property, value FROM rows",  # noqa: S608 - names of this file
        )


def _opened(load: Load) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    _view(connection, "truth", [str(load.truth)])
    return connection


def _view(connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[str | Path]) -> None:
    listed = ", ".join(f"'{file}'" for file in files)
    connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{listed}])")


def _unequal(what: str, expected: object, got: object) -> list[str]:
    return [] if expected == got else [f"{what}: expected {expected}, got {got}"]


def _rows_differ(connection: duckdb.DuckDBPyConnection, what: str, expected: str, got: str) -> list[str]:
    """Compare as bags: a row that is there once too often is a difference too."""
    missing, superfluous = (
        connection.sql(f"SELECT count(*) FROM (({a}) EXCEPT ALL ({b}))").fetchall()[0][0]  # noqa: S608 - names of this file
        for a, b in ((expected, got), (got, expected))
    )
    return [f"{what}: {missing} missing, {superfluous} too many"] if missing or superfluous else []
