"""A session of one batch's own: what it knows, what it forgets, and what no other sees."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from pipelines.kernel.database import Database

MACROS = "CREATE MACRO doubled(number) AS number * 2"
NUMBERS = pa.schema([("number", pa.int64()), ("word", pa.string())])


@pytest.fixture
def database():
    opened = Database(MACROS, {"tenant_id": "acme", "topic": "acme.telemetry"})
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT doubled(21)", (42,)),
        ("SELECT $tenant_id", ("acme",)),
        ("SELECT $topic, $tenant_id, $topic", ("acme.telemetry", "acme", "acme.telemetry")),
        # a day in a zone of the machine's own would be another
        ("SELECT strftime(TIMESTAMPTZ '2026-06-01 23:30:00Z', '%Y-%m-%d %H')", ("2026-06-01 23",)),
        ("SELECT current_setting('threads')", (1,)),
    ],
)
def test_a_step_knows_the_macros_the_constants_it_names_and_utc(database, sql, row):
    assert database.rows(sql) == [row]


def test_a_step_gives_rows_or_a_table(database):
    database.fill("numbers", NUMBERS, [(1, "one"), (2, None)])
    assert database.rows("FROM numbers ORDER BY number DESC") == [(2, None), (1, "one")]
    assert database.query("FROM numbers").to_pylist() == [{"number": 1, "word": "one"}, {"number": 2, "word": None}]


def test_no_rows_make_an_empty_table_of_the_same_columns(database):
    database.fill("numbers", NUMBERS, [])
    assert database.query("FROM numbers").schema.equals(NUMBERS)
    assert database.rows("FROM numbers") == []


def test_what_is_registered_again_takes_the_place_of_what_was(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    database.register("numbers", pa.table({"number": [7]}))
    assert database.rows("FROM numbers") == [(7,)]


def test_tables_are_forgotten_whether_or_not_they_are_there(database):
    database.run("CREATE TEMP TABLE kept AS SELECT $topic AS topic")
    database.run("CREATE TEMP TABLE lost AS SELECT 1")
    database.drop("lost", "never")
    assert database.rows("FROM kept") == [("acme.telemetry",)]
    with pytest.raises(duckdb.CatalogException):
        database.rows("FROM lost")


def test_no_session_sees_anothers_tables_or_constants(database):
    database.run("CREATE TEMP TABLE own AS SELECT 1")
    database.fill("numbers", NUMBERS, [(1, "one")])
    other = Database(MACROS, {"tenant_id": "zenith"})
    for name in ("own", "numbers"):
        with pytest.raises(duckdb.CatalogException):
            other.rows(f"FROM {name}")
    assert other.rows("SELECT $tenant_id") == [("zenith",)]
    other.close()
    assert database.rows("FROM own") == [(1,)]


def test_times_come_back_in_utc(database):
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    database.register("moments", pa.table({"moment": pa.array([moment], pa.timestamp("us", tz="UTC"))}))
    assert database.query("SELECT min(moment) AS moment FROM moments")["moment"].to_pylist() == [moment]
