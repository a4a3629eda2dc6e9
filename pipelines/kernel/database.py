"""A DuckDB session of one batch's own: tables registered, steps run with the batch's constants bound."""

import os
import warnings
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.kernel.memory import keep_freed_memory


class Database:
    """A session whose tables nobody else sees; it knows the batch's constants."""

    def __init__(self, contents: str, constants: dict[str, Any]) -> None:
        """Open it on what `contents` makes; a step binds those `constants` that it names with a dollar sign."""
        self._constants = constants
        self._session = _engine(os.getpid(), contents).cursor()

    def close(self) -> None:
        """Free its memory."""
        self._session.close()

    def register(self, name: str, data: pa.Table) -> None:
        """Make an Arrow table readable under a name."""
        self._session.register(name, data)

    def fill(self, name: str, schema: pa.Schema, rows: Iterable[Sequence[Any]]) -> None:
        """Make rows readable under a name."""
        columns = list(zip(*rows, strict=True)) or [()] * len(schema.names)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
        self.register(name, pa.Table.from_arrays(arrays, schema=schema))

    def run(self, sql: str) -> None:
        """Run a step."""
        self._session.execute(*self._bound(sql))

    def drop(self, *tables: str) -> None:
        """Forget tables of the batch that may be there."""
        for name in tables:
            self._session.execute(f"DROP TABLE IF EXISTS temp.{name}")

    def query(self, sql: str) -> pa.Table:
        """Run a step that gives a table of little: it is planned once, and copied."""
        with warnings.catch_warnings():
            # DuckDB would have it planned twice and not copied; here planning is what costs.
            warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy")
            return self._session.execute(*self._bound(sql)).to_arrow_table()

    def query_much(self, sql: str) -> pa.Table:
        """Run a step that gives a large table: it is planned twice, and not copied."""
        statement, constants = self._bound(sql)
        return self._session.sql(statement, params=constants).to_arrow_table()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a step that gives a few rows."""
        return self._session.execute(*self._bound(sql)).fetchall()

    def _bound(self, sql: str) -> tuple[duckdb.Statement, dict[str, Any]]:
        statement = _parsed(sql)
        return statement, {name: self._constants[name] for name in statement.named_parameters}


@lru_cache(maxsize=256)
def _parsed(sql: str) -> duckdb.Statement:
    """Read a step once: for a small batch, reading it costs as much as running it."""
    (statement,) = duckdb.extract_statements(sql)
    return statement


@cache
def _engine(_process: int, contents: str) -> duckdb.DuckDBPyConnection:
    """Start the process's DuckDB, on one thread and in UTC; one for every batch would cost a small batch a third more.

    A forked worker has its own, for threads and locks do not survive the fork.
    """
    keep_freed_memory()
    engine = duckdb.connect(config={"threads": 1})
    engine.execute("SET GLOBAL TimeZone = 'UTC'")
    engine.execute(contents)
    return engine
