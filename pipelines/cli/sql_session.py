"""SQL in one session: each statement is answered before the next is read, and the start of a command is paid once."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TextIO

from pipelines.errors import FieldstreamError

PROMPT, MORE = "sql> ", "...> "


def answered(ask: Callable[[str], Any], source: TextIO) -> Iterator[Any]:
    """Give the answer of each statement as it comes.

    At a terminal one that cannot be answered is told why, and the next is asked for; elsewhere it ends the session.

    Raises:
        FieldstreamError: A statement from elsewhere than a terminal cannot be answered.
    """
    if not source.isatty():
        yield from map(ask, statements(iter(source.readline, "")))
        return
    with suppress(ImportError):
        import readline  # noqa: F401 - lines can be edited, and asked for again, once it is loaded
    for statement in statements(_typed()):
        try:
            yield ask(statement)
        except FieldstreamError as error:
            print(f"fieldstream: {error}", file=sys.stderr)  # noqa: T201 - as of any command


def statements(lines: Iterator[str]) -> Iterator[str]:
    """Put lines together to statements: a semicolon at the end of a line ends one, and so does the last line."""
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if line.rstrip().endswith(";"):
            yield from _whole(waiting)
            waiting = []
    yield from _whole(waiting)


def _whole(lines: list[str]) -> list[str]:
    statement = "\n".join(lines).strip().rstrip(";").strip()
    return [statement] if statement else []


def _typed() -> Iterator[str]:
    """Give what is typed, line by line, until Ctrl-D."""
    prompt = PROMPT
    while True:
        try:
            line = input(_shown(prompt))
        except EOFError:
            return
        prompt = PROMPT if line.rstrip().endswith(";") or (prompt == PROMPT and not line.strip()) else MORE
        yield line


def _shown(prompt: str) -> str:
    """Return the prompt for whoever shows it; where the answers go elsewhere than to the terminal, it does not."""
    if sys.stdout.isatty():
        return prompt
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 - standard output belongs to the answers
    return ""
