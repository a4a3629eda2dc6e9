"""The grammar: which words and arguments a command line becomes."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines import settings
from pipelines.cli.command import whole
from pipelines.cli.commands import COMMANDS, GROUPS
from pipelines.cli.parser import EPILOG, build_parser


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("up", {"json": False, "verbose": False}),
        ("up -v --json", {"json": True, "verbose": True}),
        ("send late", {"batch": "late"}),
        ("stream", {"once": False, "max_records": None}),
        ("stream --once --max-records 1000", {"once": True, "max_records": 1000}),
        ("train", {"model": "irrigation"}),
        ("score disease", {"model": "disease"}),
        ("gate run gold.field_daily", {"table": "gold.field_daily"}),
        ("report", {"into": Path("report.html")}),
        ("decode --lines -", {"file": "-", "lines": True}),
        ("sql x --version a.b=3 --version c.d=0", {"query": "x", "version": [("a.b", 3), ("c.d", 0)], "csv": False}),
        ("sql x --as-of 2026-06-01", {"as_of": datetime(2026, 6, 1, tzinfo=UTC), "timeout_s": 300, "parquet": None}),
        ("export a.b --format csv --to c.csv --version 0", {"table": "a.b", "to": Path("c.csv"), "version": 0}),
        ("maintain", {"apply": False, "keep_days": 7}),
    ],
)
def test_arguments(line: str, expected: dict[str, Any]) -> None:
    parsed = vars(build_parser(COMMANDS, GROUPS).parse_args(line.split()))
    assert {name: parsed[name] for name in expected} == expected


def test_every_variable_of_the_environment_is_in_the_help() -> None:
    read = set(re.findall(r"\"(FIELDSTREAM_[A-Z_]+|JAVA_HOME)\"", Path(settings.__file__).read_text()))
    assert set(re.findall(r"(?m)^  ([A-Z_]+)  ", EPILOG)) == read


def _value(options: dict[str, Any]) -> str:
    text = "1" if options.get("type") is whole else "2026-06-01"
    return str(options.get("choices", [text])[0])


def test_each_command_is_found_by_its_words() -> None:
    parser = build_parser(COMMANDS, GROUPS)
    for command in COMMANDS:
        needed = [
            *(
                option
                for argument in command.arguments
                if argument.options.get("required")
                for option in (argument.flags[0], _value(argument.options))
            ),
            *(
                "1" if "type" in argument.options else argument.options.get("choices", ["x"])[0]
                for argument in command.arguments
                if not argument.flags[0].startswith("-")
            ),
        ]
        assert parser.parse_args([*command.words, *needed]).command is command
