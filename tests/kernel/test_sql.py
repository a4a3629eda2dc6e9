import duckdb
import pytest

from pipelines.kernel.sql import identifier, literal


@pytest.mark.parametrize("text", ["plain", "it's", "''", 'a "quoted" one', "", "$topic", "line\nbreak"])
def test_a_text_comes_back_as_it_was(text):
    assert duckdb.sql(f"SELECT {literal(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize("name", ["plain", "with space", 'a "quoted" one', "it's", "select"])
def test_a_name_comes_back_as_it_was(name):
    assert duckdb.sql(f"SELECT 1 AS {identifier(name)}").columns == [name]
