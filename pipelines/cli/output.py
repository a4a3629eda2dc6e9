"""What a command prints: reports as aligned text, answers as tables, everything as JSON where a script reads."""

import base64
import csv
import json
import math
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pipelines.lake.query import Answer

# ASCII that stands for itself; a backslash does not, so that \\x41 is always a byte.
_PRINTABLE = frozenset(range(0x20, 0x7F)) - {0x5C}


def show_report(report: Any, arguments: Namespace, out: TextIO) -> None:
    """Print a job's report: `name  value` lines, lists of records as tables; as JSON if asked."""
    if arguments.json:
        print(json.dumps(plain(report), indent=2), file=out)
    else:
        print("\n".join(_lines(report)), file=out)


def show_line(record: Any, out: TextIO) -> None:
    """Print a record as JSON on a line of its own."""
    print(json.dumps(plain(record), ensure_ascii=False), file=out)


def show_answer(answer: "Answer", arguments: Namespace, out: TextIO) -> None:
    """Print a query's answer: a table, a JSON array of objects, or CSV.

    Raises:
        UsageError: Two columns have one name, which no JSON object can hold.
    """
    if arguments.json:
        _show_objects(answer, out)
    elif getattr(arguments, "csv", False):
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([_csv_cell(value) for value in row] for row in answer.rows)
    else:
        print("\n".join(table_lines(answer.columns, answer.rows)), file=out)


def _show_objects(answer: "Answer", out: TextIO) -> None:
    if len(set(answer.columns)) < len(answer.columns):
        raise UsageError(
            "The answer is no JSON object",
            where="SQL",
            expected="a name of its own for every column",
            got=", ".join(answer.columns),
            fix="Name the columns, as in: select a.value as value_now.",
        )
    print("[", file=out)
    for place, row in enumerate(answer.rows, start=1):
        comma = "," if place < len(answer.rows) else ""
        print(json.dumps(dict(zip(answer.columns, map(plain, row), strict=True))) + comma, file=out)
    print("]", file=out)


def plain(value: Any) -> Any:
    """Return the value as JSON has it.

    Times are ISO 8601, in UTC with Z; bytes are base64; NaN and the infinities, which JSON lacks, are null.
    """
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else None
        case datetime() | date() | time():
            return _iso(value)
        case bytes():
            return base64.b64encode(value).decode()
    return str(value)


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of an aligned table at its full width; numbers stand to the right."""
    values = [list(row) for row in rows]
    cells = [[_cell(value) for value in row] for row in values]
    widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
    numeric = [any(_is_number(row[at]) for row in values) for at in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        aligned = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(aligned).rstrip()

    yield line(columns)
    yield "  ".join("-" * width for width in widths)
    yield from map(line, cells)


def _lines(report: Any, indent: str = "") -> Iterator[str]:
    if is_dataclass(report):
        report = {_label(field.name): getattr(report, field.name) for field in fields(report)}
    if isinstance(report, Mapping):
        yield from _named_lines(report, indent)
    elif _is_records(report):
        names = [field.name for field in fields(report[0])]
        rows = ([getattr(record, name) for name in names] for record in report)
        yield from (indent + line for line in table_lines([_label(name) for name in names], rows))
    else:
        yield indent + _cell(report)


def _named_lines(report: Mapping[Any, Any], indent: str) -> Iterator[str]:
    width = max((len(str(name)) for name, value in report.items() if not _is_nested(value)), default=0)
    for name, value in report.items():
        if _is_nested(value):
            yield f"{indent}{name}"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{str(name).ljust(width)}  {_cell(value)}"


def _is_nested(value: Any) -> bool:
    return bool(is_dataclass(value) or (isinstance(value, Mapping) and value) or _is_records(value))


def _is_records(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(is_dataclass(item) for item in value)


def _label(field_name: str) -> str:
    """Return a field's name in words. Keys of a mapping are names that a user types (tables, topics): they stay."""
    return field_name.replace("_", " ")


def _cell(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case float():
            return f"{value:.6g}" if abs(value) < 1e6 else repr(value)
        case datetime() | date() | time():
            return _iso(value)
        case bytes():
            return "".join(chr(byte) if byte in _PRINTABLE else f"\\x{byte:02X}" for byte in value)
        case list() | tuple() | Mapping():
            return _listed(value)
    return _printable(str(value))


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    # A table is for the eye; a file keeps every digit.
    return repr(value).removesuffix(".0") if isinstance(value, float) else _cell(value)


def _printable(text: str) -> str:
    """Escape what could move a cursor, turn the text or hide: strings of messages come from strangers."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _listed(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_cell(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(_cell(item) for item in value) + "]"


def _iso(value: datetime | date | time) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
