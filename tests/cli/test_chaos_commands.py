"""The matrix as a user sees it, and the exit code that says whether everything held."""

import io
import json
from argparse import Namespace
from datetime import UTC, datetime

import pytest

from pipelines.chaos.sweep import Matrix, Row
from pipelines.cli.chaos_commands import CHAOS_COMMANDS, show_matrix
from pipelines.jobs.chaos import ChaosReport

HELD = Row("kill.stream.written", 9, ("P1", "P2"), 3, 120, "held", None, "kill -9", ())
BROKEN = Row("writers.same-plan", 3, ("P1",), 3, 40, "broken", 2, "two", ("offsets more than once in bronze: 4",))


def report(*rows: Row) -> ChaosReport:
    breaches = sum(len(row.breaches) for row in rows)
    matrix = Matrix(rows, sum(row.injections for row in rows), breaches, 61.2)
    return ChaosReport(datetime(2026, 6, 1, tzinfo=UTC), 1, matrix)


def test_the_matrix_has_a_line_for_each_fault_and_each_breach_below() -> None:
    out = io.StringIO()
    show_matrix(report(HELD, BROKEN), Namespace(json=False), out)
    assert (
        out.getvalue()
        == """\
fault                injections  runs  looks  invariants  result  seed to repeat
-------------------  ----------  ----  -----  ----------  ------  --------------
kill.stream.written           9     3    120  P1 P2       held              null
writers.same-plan             3     3     40  P1          broken               2
writers.same-plan: offsets more than once in bronze: 4
12 injections, 1 breaches, 61 s
"""
    )


def test_as_json_it_is_the_whole_report() -> None:
    out = io.StringIO()
    show_matrix(report(BROKEN), Namespace(json=True), out)
    told = json.loads(out.getvalue())
    assert (told["began"], told["matrix"]["rows"][0]["seed"]) == ("2026-06-01T00:00:00Z", 2)


@pytest.mark.parametrize(("rows", "code"), [((HELD,), 0), ((HELD, BROKEN), 1)])
def test_the_exit_code_says_whether_everything_held(rows: tuple[Row, ...], code: int) -> None:
    run = next(command for command in CHAOS_COMMANDS if command.words == ("chaos", "run"))
    assert run.exit_code(report(*rows)) == code
