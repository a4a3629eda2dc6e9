"""A query that takes too much is ended with a sentence, and leaves the process as it was."""

import threading
import time
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.lake import limits
from pipelines.lake.limits import UNBOUNDED, Limits, fetched, within

ENDLESS = "with recursive t as (select 1 as n union all select 1 from t) select count(*) from t"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"memory_limit": "200MB"}) as opened:
        opened.execute("set temp_directory = ''")
        yield opened


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ENDLESS, "too much time .*expected an answer within 0.5 s"),
        ("select list(range) from range(1000000000)", "too much memory .*expected at most 2GB"),
        ("select count(*) from (select range, count(*) from range(1000000000) group by 1)", "too much memory"),
        ("select range from range(100000000000)", "too much room .*at most 10000 rows"),
        ("select repeat('x', 10000) from range(1000000)", "too much room .*at most 9 MiB of text"),
    ],
)
def test_what_takes_too_much_is_told(connection: duckdb.DuckDBPyConnection, text: str, told: str) -> None:
    bounds = Limits(seconds=0.5 if text == ENDLESS else 60, rows=10_000, text_bytes=9 * 2**20)
    started = time.monotonic()
    with pytest.raises(UsageError, match=told), within(connection, bounds):
        fetched(connection.execute(text), bounds)
    assert time.monotonic() - started < 30
    # The connection goes on.
    assert connection.execute("select 1").fetchall() == [(1,)]


@pytest.mark.parametrize("bounds", [UNBOUNDED, Limits(seconds=60, rows=5000, text_bytes=10_000)])
def test_what_is_within_its_limits_is_answered_whole(connection: duckdb.DuckDBPyConnection, bounds: Limits) -> None:
    with within(connection, bounds):
        rows = fetched(connection.execute("select range, 'ab' from range(5000)"), bounds)
    assert rows == [(number, "ab") for number in range(5000)]


def test_an_analyst_has_less_than_the_pipeline() -> None:
    assert None not in (limits.ANALYSTS.seconds, limits.ANALYSTS.rows, limits.ANALYSTS.text_bytes)


def test_nobody_is_left_waiting_with_the_connection(connection: duckdb.DuckDBPyConnection) -> None:
    before = threading.active_count()
    with within(connection, Limits(seconds=60)):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
