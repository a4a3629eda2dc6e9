"""A session of one batch's own: what it knows, what it forgets, and what no other sees."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from pipelines.kernel.database import MOST_PLANS, Database
from pipelines.kernel.tables import AT_THE_START, READINGS

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


def test_what_is_laid_again_takes_the_place_of_what_was(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    assert database.rows("FROM numbers") == [(1, "one")]
    database.fill("numbers", NUMBERS, [(7, "seven"), (8, None)])
    assert database.rows("FROM numbers") == [(7, "seven"), (8, None)]


def test_a_table_keeps_the_types_of_its_layout(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    words = pa.array(["two"]).dictionary_encode()
    database.register("numbers", pa.table({"number": pa.array([2], pa.int8()), "word": words}))
    assert database.query("FROM numbers").schema.equals(NUMBERS)


def test_another_layout_is_another_table(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    assert database.rows("SELECT * FROM numbers") == [(1, "one")]
    database.register("numbers", pa.table({"word": ["two"], "is_even": [True]}))
    assert database.rows("SELECT * FROM numbers") == [("two", True)]


def test_what_a_step_gives_takes_the_place_of_what_it_read_or_is_added_to_it(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    database.replace("numbers", "SELECT number + 1 AS number, word FROM numbers")
    database.add("numbers", "SELECT number * 10 AS number FROM numbers")
    assert database.rows("FROM numbers") == [(2, "one"), (20, None)]


def test_what_most_batches_have_none_of_is_there_from_the_start(database):
    found = {name: database.query(f"FROM {name}") for name in AT_THE_START}
    assert found == {name: schema.empty_table() for name, schema in AT_THE_START.items()}


def test_no_session_sees_anothers_tables_or_constants(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    other = Database(MACROS, {"tenant_id": "zenith"})
    other.fill("numbers", NUMBERS, [])
    assert other.rows("SELECT $tenant_id, count(*) FROM numbers") == [("zenith", 0)]
    other.close()
    assert database.rows("FROM numbers") == [(1, "one")]


def test_a_later_batch_sees_nothing_of_an_earlier_one():
    earlier = Database(MACROS, {"tenant_id": "acme"})
    earlier.fill("numbers", NUMBERS, [(1, "one")])
    earlier.fill("readings", READINGS, [(1, *[None] * 9)])
    earlier.close()
    later = Database(MACROS, {"tenant_id": "zenith"})
    assert later.rows("SELECT $tenant_id, count(*) FROM readings") == [("zenith", 0)]
    later.fill("numbers", NUMBERS, [])
    assert later.rows("FROM numbers") == []
    later.close()


def test_a_constant_is_a_text_and_nothing_else():
    hostile = Database(MACROS, {"tenant_id": "o'$topic; SELECT 1", "topic": "acme.telemetry"})
    assert hostile.rows("SELECT $tenant_id, '$.path'") == [("o'$topic; SELECT 1", "$.path")]
    hostile.close()


def test_an_error_leaves_the_session_as_it_was(database):
    database.fill("numbers", NUMBERS, [(1, "one")])
    with pytest.raises(duckdb.ConversionException):
        database.rows("SELECT word::INTEGER FROM numbers")
    database.fill("numbers", NUMBERS, [(2, "2")])
    assert database.rows("SELECT word::INTEGER FROM numbers") == [(2,)]


def test_more_plans_than_are_kept_are_made_anew(database):
    for _ in range(2):
        assert [database.rows(f"SELECT {number}") for number in range(MOST_PLANS + 3)] == [
            [(number,)] for number in range(MOST_PLANS + 3)
        ]


def test_times_come_back_in_utc(database):
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    database.register("moments", pa.table({"moment": pa.array([moment], pa.timestamp("us", tz="UTC"))}))
    assert database.query("SELECT min(moment) AS moment FROM moments")["moment"].to_pylist() == [moment]
