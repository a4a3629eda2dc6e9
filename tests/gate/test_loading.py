"""Great Expectations as far as the gate loads it says what the whole of it says."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.gate.suite import DAYS, FIELDS, SLICE
from tests.gate.conftest import LaidOut
from tests.gate.test_pages import EVIDENCE
from tests.gate.test_validation import PLANTED, rows
from tests.lakes import START

UNASKED = (
    "great_expectations.datasource.fluent.pandas_datasource",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",
    "scipy",
    "altair",
    "pandas",
    "pyspark",
)
LOADED = {
    "whole": "import great_expectations, great_expectations.expectations, great_expectations.datasource.fluent",
    "what judging takes": "from pipelines.gate.loading import load; load()",
}
PAGE_BELOW = "---- page"
PROGRAM = f"""
import sys, duckdb
from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.gate.suite import suites
from pipelines.gate.validation import validate
with duckdb.connect(sys.argv[1]) as connection:
    for outcome in validate(connection, suites(table("silver.observations"), quantities().values())):
        print(outcome.expectation, outcome.held, repr(outcome))
from pipelines.gate.pages import page
from tests.gate.test_pages import result
print("{PAGE_BELOW}")
print(page(result(3, 8)))
print(*(name for name in {UNASKED} if name in sys.modules), file=sys.stderr)
"""


def said(loaded: str, relations: str) -> tuple[str, str]:
    """What is judged of the relations, and a page of Data Docs."""
    program = f"{LOADED[loaded]}\n{PROGRAM}"
    ended = subprocess.run([sys.executable, "-c", program, relations], capture_output=True, text=True, check=True)
    assert UNASKED[0] in ended.stderr if loaded == "whole" else not ended.stderr.strip()
    outcomes, page = ended.stdout.split(PAGE_BELOW)
    return outcomes, page


@pytest.fixture
def relations(laid_out: LaidOut, tmp_path: Path) -> str:
    """A slice in which every rule is broken, as tables of a file."""
    planted = [changes for several in PLANTED.values() for changes in several]
    too_many = [{"value": 0.9, "flag": 4, "reasons": ["above_gross_range"]}] * 50
    old = [{**each, "phenomenon_time": START - timedelta(days=8)} for each in [{}, *planted]]
    connection = laid_out([*rows([*too_many, *old], clean=0)])
    file = str(tmp_path / "slice.duckdb")
    connection.execute(f"attach '{file}' as kept")
    for relation in ("columns", SLICE, "brief", DAYS, FIELDS):
        connection.execute(f"create table kept.{relation} as from {relation}")
    connection.execute("detach kept")
    return file


def test_judgements_and_pages_are_the_same_with_what_judging_takes_as_with_the_whole(relations: str) -> None:
    outcomes, page = said("what judging takes", relations)
    whole_outcomes, whole_page = said("whole", relations)
    assert outcomes == whole_outcomes
    assert set(re.findall(r"^(expect_\w+) False", outcomes, re.MULTILINE)) == {
        "expect_column_max_to_be_between",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_null",
        "expect_column_values_to_be_unique",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
    }
    assert "error=None" in outcomes
    assert "error='" not in outcomes
    assert EVIDENCE[1]["rule"] in page
    # Parts of a page are named at random.
    assert re.sub(r"[0-9a-f-]{32,}", "", page) == re.sub(r"[0-9a-f-]{32,}", "", whole_page)
