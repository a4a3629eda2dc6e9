"""What a command is: words, what it does, its arguments, and how their text is read."""

import importlib
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

from pipelines.cli.output import show_report
from pipelines.settings import Settings


@dataclass(frozen=True)
class Argument:
    """One argument of a command, as argparse takes it."""

    flags: tuple[str, ...]
    options: dict[str, Any]


def arg(*flags: str, **options: Any) -> Argument:
    """Write an argument down."""
    return Argument(flags, options)


def _accept(_result: Any) -> None:
    pass


def _done(_result: Any) -> int:
    return 0


@dataclass(frozen=True)
class Command:
    """A command: `run` calls the job, `show` prints its result, `check` raises what the exit code must say.

    `exit_code` is for a command whose output has said already what is wrong.
    """

    words: tuple[str, ...]
    summary: str
    run: Callable[[Settings, Namespace], Any]
    examples: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    show: Callable[[Any, Namespace, TextIO], None] = field(default=show_report)
    check: Callable[[Any], None] = field(default=_accept)
    exit_code: Callable[[Any], int] = field(default=_done)


_WITHOUT_PANDAS = frozenset({"gate", "ingest"})
"""Jobs whose process has no use for pandas, which Arrow and others would load unasked."""


def job(name: str) -> Any:
    """Import a job only when it is called, so that light commands load neither DuckDB nor Spark."""
    if name in _WITHOUT_PANDAS:
        from pipelines.light import start_light

        start_light()
    return importlib.import_module(f"pipelines.jobs.{name}")


def instant(text: str) -> datetime:
    """Read a time with its offset from UTC, or a day, which begins at midnight UTC.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
        if len(text) == len("2026-06-01"):
            return time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise ArgumentTypeError(f"{text!r} is neither a time like 2026-06-01T12:00:00Z nor a day like 2026-06-01 (UTC)")


def table_version(text: str) -> tuple[str, int]:
    """Read `<layer>.<name>=<version>`.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    name, _, version = text.partition("=")
    if not (name and version.isdigit()):
        raise ArgumentTypeError(f"{text!r} is not TABLE=VERSION, as in silver.observations=3")
    return name, int(version)


def key_value(text: str) -> tuple[str, str]:
    """Read `<key>=<value>`.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    key, found, value = text.partition("=")
    if not (key and found):
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE, as in event=up")
    return key, value


def whole(text: str) -> int:
    """Read a whole number from 0.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    if not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def seconds(text: str) -> float:
    """Read a number of seconds, none or more, and an hour at most.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    try:
        read = float(text)
    except ValueError:
        read = -1.0
    if not 0 <= read <= 3600:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return read


def positive(text: str) -> int:
    """Read a whole number from 1.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
