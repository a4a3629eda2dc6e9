"""What a command is: words, what it does, its arguments, and how their text is read."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Command:
    """A command: `run` calls the job, `show` prints its result, `check` raises what the exit code must say."""

    words: tuple[str, ...]
    summary: str
    run: Callable[[Settings, Namespace], Any]
    examples: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    show: Callable[[Any, Namespace, TextIO], None] = field(default=show_report)
    check: Callable[[Any], None] = field(default=_accept)


def table_version(text: str) -> tuple[str, int]:
    """Read `<layer>.<name>=<version>`.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    name, _, version = text.partition("=")
    if not (name and version.isdigit()):
        raise ArgumentTypeError(f"{text!r} is not TABLE=VERSION, as in silver.observations=3")
    return name, int(version)


def positive(text: str) -> int:
    """Read a whole number from 1.

    Raises:
        ArgumentTypeError: It is written otherwise.
    """
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
