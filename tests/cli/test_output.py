"""Reports and answers, drawn as a reader sees them."""

import io
import json
from argparse import Namespace
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.output import plain, show_answer, show_report
from pipelines.errors import UsageError
from pipelines.lake.query import Answer


@dataclass(frozen=True)
class Stage:
    name: str
    duration_s: float


@dataclass(frozen=True)
class Report:
    topic: str
    sent: int
    missing: str | None
    stages: tuple[Stage, ...]
    counts: dict[str, int]


REPORT = Report("demo.telemetry", 70441, None, (Stage("send", 1.25), Stage("ingest", 12.0)), {"accepted": 9, "a_b": 10})


def text(value: Any, *, as_json: bool = False) -> str:
    out = io.StringIO()
    show_report(value, Namespace(json=as_json), out)
    return out.getvalue()


def test_a_report_is_aligned_text() -> None:
    assert text(REPORT).splitlines() == [
        "topic    demo.telemetry",
        "sent     70441",
        "missing  null",
        "stages",
        "  name    duration s",
        "  ------  ----------",
        "  send          1.25",
        "  ingest          12",
        "counts",
        "  accepted  9",
        "  a_b       10",
    ]


def test_a_report_as_json_holds_the_same() -> None:
    assert json.loads(text(REPORT, as_json=True)) == {
        "topic": "demo.telemetry",
        "sent": 70441,
        "missing": None,
        "stages": [{"name": "send", "duration_s": 1.25}, {"name": "ingest", "duration_s": 12.0}],
        "counts": {"accepted": 9, "a_b": 10},
    }


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN_CALIFORNIA = NOON.astimezone(timezone(timedelta(hours=-7)))


@pytest.mark.parametrize(
    ("value", "as_json", "as_text"),
    [
        (None, None, "null"),
        (True, True, "true"),
        (17, 17, "17"),
        (0.1, 0.1, "0.1"),
        (float("nan"), None, "nan"),
        (float("-inf"), None, "-inf"),
        (Decimal("1.50"), 1.5, "1.50"),
        (NOON, "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"),
        (IN_CALIFORNIA, "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"),
        (date(2026, 6, 1), "2026-06-01", "2026-06-01"),
        # RFC 4648: "fo" is Zm8=
        (b"fo", "Zm8=", "fo"),
        (b"\xff\\a", "/1xh", "\\xFF\\x5Ca"),
        ("two\nlines", "two\nlines", "two\\nlines"),
        ("red \x1b[31m, back \r", "red \x1b[31m, back \r", "red \\x1b[31m, back \\r"),
        ("turned \u202e", "turned \u202e", "turned \\u202e"),
        ([1, None], [1, None], "[1, null]"),
        ({"a": b"fo"}, {"a": "Zm8="}, "{a: fo}"),
        (Path("/data"), "/data", "/data"),
    ],
)
def test_values(value: Any, as_json: Any, as_text: str) -> None:
    assert plain(value) == as_json
    out = io.StringIO()
    show_answer(Answer(("v",), [(value,)]), Namespace(json=False), out)
    assert out.getvalue().splitlines()[2] == as_text


ANSWER = Answer(("property", "n"), [("soil_moisture", 7), ("co2", 1200), (None, None)])


def shown(answer: Answer, **asked: bool) -> str:
    out = io.StringIO()
    show_answer(answer, Namespace(**{"json": False, "csv": False, **asked}), out)
    return out.getvalue()


def test_an_answer_is_a_table_with_numbers_to_the_right() -> None:
    assert shown(ANSWER).splitlines() == [
        "property          n",
        "-------------  ----",
        "soil_moisture     7",
        "co2            1200",
        "null           null",
    ]


def test_an_answer_as_json_is_an_array_of_objects() -> None:
    assert json.loads(shown(ANSWER, json=True)) == [
        {"property": "soil_moisture", "n": 7},
        {"property": "co2", "n": 1200},
        {"property": None, "n": None},
    ]
    assert json.loads(shown(Answer(("n",), []), json=True)) == []


def test_an_answer_as_csv_leaves_nulls_empty() -> None:
    assert shown(ANSWER, csv=True) == "property,n\nsoil_moisture,7\nco2,1200\n,\n"


def test_json_refuses_two_columns_of_one_name() -> None:
    with pytest.raises(UsageError, match="expected a name of its own for every column, got n, n"):
        shown(Answer(("n", "n"), [(1, 2)]), json=True)
