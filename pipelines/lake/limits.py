"""What one query may take: seconds, memory, and an answer that fits where it goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "2GB"

# DuckDB hands out rows in vectors of this many.
_CHUNK_ROWS = 2048


@dataclass(frozen=True)
class Limits:
    """Bounds of a query; None for what is not bounded. Memory always is."""

    seconds: float | None = None
    rows: int | None = None
    text_bytes: int | None = None
    """Of the strings, bytes and lists of the answer together."""


UNBOUNDED = Limits()
ANALYSTS = Limits(seconds=300, rows=1_000_000, text_bytes=512 * 2**20)


@contextmanager
def within(connection: "duckdb.DuckDBPyConnection", limits: Limits) -> Iterator[None]:
    """Run the block's queries on the connection, and end them when their time is over.

    Raises:
        UsageError: They took too long, or more memory than there is for them.
    """
    import duckdb

    is_over = threading.Event()

    def stop() -> None:
        is_over.set()
        connection.interrupt()

    timer = threading.Timer(limits.seconds or threading.TIMEOUT_MAX, stop)
    timer.daemon = True
    if limits.seconds:
        timer.start()
    try:
        yield
    except duckdb.InterruptException as cause:
        if is_over.is_set():
            raise _too_much("time", f"an answer within {limits.seconds:g} s", "none") from cause
        raise
    except (duckdb.OutOfMemoryException, MemoryError) as cause:
        raise _too_much("memory", f"at most {MEMORY_LIMIT}", "a query that needs more") from cause
    finally:
        timer.cancel()
        if limits.seconds:
            # Still there when the process ends, it would hold the connection, and DuckDB's binding say so at length.
            timer.join()


def fetched(cursor: "duckdb.DuckDBPyConnection", limits: Limits) -> list[tuple[Any, ...]]:
    """Return the rows of an answer.

    Raises:
        UsageError: They are more than may be held in memory.
    """
    if limits.rows is None and limits.text_bytes is None:
        return cursor.fetchall()
    rows: list[tuple[Any, ...]] = []
    text_bytes = 0
    while chunk := cursor.fetchmany(_CHUNK_ROWS):
        rows += chunk
        text_bytes += sum(len(cell) for row in chunk for cell in row if isinstance(cell, str | bytes | list | dict))
        if limits.rows is not None and len(rows) > limits.rows:
            raise _too_much("room", f"at most {limits.rows} rows", "more")
        if limits.text_bytes is not None and text_bytes > limits.text_bytes:
            raise _too_much("room", f"at most {limits.text_bytes // 2**20} MiB of text", "more")
    return rows


def _too_much(what: str, expected: str, got: str) -> UsageError:
    return UsageError(
        f"The query takes too much {what}",
        where="SQL",
        expected=expected,
        got=got,
        fix="Ask for less with WHERE, GROUP BY or LIMIT; whole tables go to a file with 'fieldstream export'.",
    )
