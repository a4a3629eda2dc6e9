"""DuckDB for one batch at a time: its tables are laid before the steps, whose plans outlive the batch.

To plan the steps costs more than to run them on a small batch. A plan is good as long as what it reads keeps its
layout, so nothing is created or dropped after the start: all tables are Arrow's, each lies under its name on a shelf
of its own, and a batch only changes what lies there.
"""

import os
import re
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.kernel.sql import literal
from pipelines.kernel.tables import AT_THE_START, Shelf
from pipelines.memory import keep_freed_memory

# Plans kept: a topic's steps are some thirty, and those that depend on what its sensors send come in few variants.
MOST_PLANS = 128


class Database:
    """A session whose tables nobody else sees; it knows the batch's constants."""

    def __init__(self, contents: str, constants: Mapping[str, str]) -> None:
        """Open it on what `contents` makes; a step names a constant with a dollar sign."""
        self._constants = tuple(constants.items())
        self._idle = _idle(os.getpid(), contents)
        self._session = self._idle.pop() if self._idle else _Session(contents)

    def close(self) -> None:
        """Free its memory, and leave its plans to the next."""
        self._session.clear()
        self._idle.append(self._session)

    def register(self, name: str, data: pa.Table) -> None:
        """Lay an Arrow table under a name, in place of what lay there."""
        self._session.lay(name, data)

    def fill(self, name: str, schema: pa.Schema, rows: Iterable[Sequence[Any]]) -> None:
        """Lay rows under a name, in place of what lay there."""
        columns = list(zip(*rows, strict=True)) or [()] * len(schema.names)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
        self.register(name, pa.Table.from_arrays(arrays, schema=schema))

    def replace(self, name: str, sql: str) -> None:
        """Lay what a step gives under a name, in place of what lay there."""
        self.register(name, self.query(sql))

    def add(self, name: str, sql: str) -> None:
        """Lay what a step gives below what lies under a name; a column that it does not give is null there."""
        there = self.lying(name)
        self.register(name, pa.concat_tables([there, self.query(sql)], promote_options="default"))

    def lying(self, name: str) -> pa.Table:
        """Return what lies under a name."""
        return self._session.lying(name)

    def query(self, sql: str) -> pa.Table:
        """Run a step that gives a table."""
        result = self._session.run(_complete(sql, self._constants))
        with warnings.catch_warnings():
            # The way that does not copy would plan the step anew; on a large batch, too, that costs more.
            warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy")
            return result.to_arrow_table()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a step that gives a few rows."""
        return self._session.run(_complete(sql, self._constants)).fetchall()


class _Session:
    """A DuckDB of the process's own, on one thread and in UTC, with the plans made in it."""

    def __init__(self, contents: str) -> None:
        keep_freed_memory()
        # It reads and writes no files.
        self._engine = duckdb.connect(config={"threads": 1, "async_threads": 0})
        self._engine.execute("SET GLOBAL TimeZone = 'UTC'")
        # How many rows a table has is not known when a plan is made: joins stand as they are written, the larger first.
        self._engine.execute("SET GLOBAL disabled_optimizers = 'join_order,build_side_probe_side'")
        self._engine.execute(contents)
        self._shelves: dict[str, Shelf] = {}
        self._plans: OrderedDict[str, duckdb.Statement] = OrderedDict()
        self._planned = 0
        for name, schema in AT_THE_START.items():
            self.lay(name, schema.empty_table())

    def lying(self, name: str) -> pa.Table:
        return self._shelves[name].table

    def lay(self, name: str, table: pa.Table) -> None:
        shelf = self._shelves.get(name)
        if shelf is not None and shelf.table.schema.names == table.schema.names:
            shelf.table = table.cast(shelf.table.schema)
            return
        # Another layout is another table, of which the plans know nothing.
        while self._plans:
            self._forget_oldest()
        self._shelves[name] = Shelf(table)
        self._engine.register(name, self._shelves[name])

    def clear(self) -> None:
        for shelf in self._shelves.values():
            shelf.table = shelf.table.schema.empty_table()

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._engine.execute(self._plan(sql))

    def _plan(self, sql: str) -> duckdb.Statement:
        if sql in self._plans:
            self._plans.move_to_end(sql)
            return self._plans[sql]
        self._planned += 1
        name = f"plan_{self._planned}"
        self._engine.execute(f"PREPARE {name} AS {sql}")
        (self._plans[sql],) = duckdb.extract_statements(f"EXECUTE {name}")
        if len(self._plans) > MOST_PLANS:
            self._forget_oldest()
        return self._plans[sql]

    def _forget_oldest(self) -> None:
        _, execute = self._plans.popitem(last=False)
        self._engine.execute(execute.query.replace("EXECUTE", "DEALLOCATE"))


@lru_cache(maxsize=1024)
def _complete(sql: str, constants: tuple[tuple[str, str], ...]) -> str:
    """Write the constants where a step names them.

    As parameters they would be bound anew with every run, and what hangs on them could not be left out of the plan.
    """
    known = dict(constants)
    return re.sub(r"\$([a-z_]+)", lambda found: literal(known[found[1]]) if found[1] in known else found[0], sql)


@cache
def _idle(_process: int, _contents: str) -> list[_Session]:
    """Return the sessions that nobody uses; a forked worker has its own: threads and locks do not survive a fork."""
    return []
