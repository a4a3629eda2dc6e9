"""Statements one after another, from a file and from a real terminal."""

import io
import os
import pty
import subprocess
import sys

import pytest

from pipelines.cli import main
from pipelines.cli.sql_session import statements
from tests.lakes import soil_lake


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("select 1;", ["select 1"]),
        ("select 1", ["select 1"]),
        ("select 1;\nselect 2;\n", ["select 1", "select 2"]),
        ("select 1\n  as a;\n\nselect 2", ["select 1\n  as a", "select 2"]),
        ("select ';' as a;  \n", ["select ';' as a"]),
        ("select 'a;b'; select 2;", ["select 'a;b'; select 2"]),  # refused as two, where it is asked
        (";\n\n ; \n", []),
        ("", []),
    ],
)
def test_a_semicolon_at_the_end_of_a_line_ends_a_statement(lines, found):
    assert list(statements(iter(lines.split("\n")))) == found


@pytest.fixture
def environ(home_settings):
    soil_lake(home_settings.lake)
    return {"FIELDSTREAM_HOME": str(home_settings.home), "FIELDSTREAM_TENANT": home_settings.tenant}


COUNT = 'select count(*) as counted from silver.observations where "offset" < '


def test_every_statement_of_a_file_is_answered_until_one_cannot_be(environ, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{COUNT} 7;\n{COUNT}\n 12;\nselect nothing;\n{COUNT} 1;\n"))
    assert main(["sql", "--csv"], environ) == 2
    out, err = capsys.readouterr()
    assert out.split() == ["counted", "7", "counted", "12"]
    assert err.count("fieldstream: ") == 1
    assert "nothing" in err


def test_without_a_statement_there_is_no_answer(environ, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["sql"], environ) == 0
    assert capsys.readouterr().out == ""


def test_a_file_for_the_answer_takes_one(environ, tmp_path, capsys):
    assert main(["sql", "--parquet", str(tmp_path / "a.parquet")], environ) == 2
    assert "A file takes one answer (--parquet): expected a SELECT, got none." in capsys.readouterr().err


def test_at_a_terminal_a_statement_that_fails_is_told_and_the_next_is_answered(environ):
    ours, theirs = pty.openpty()
    session = subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli import entry; entry()", "sql", "--csv"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    os.write(ours, f"{COUNT} 7;\nselect\nnothing;\n{COUNT}\n12;\n\x04".encode())
    out, err = session.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert session.returncode == 0, err
    assert out.split() == ["counted", "7", "counted", "12"]
    assert [err.count(each) for each in ("fieldstream: ", "sql> ", "...> ")] == [1, 4, 2]
