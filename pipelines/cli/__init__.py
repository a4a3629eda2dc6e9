"""The command line: parse, call one job, show what it reports, and end with the exit code its error has."""

import logging
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TextIO

from pipelines.cli.command import Command
from pipelines.cli.commands import COMMANDS, GROUPS
from pipelines.cli.failures import explained
from pipelines.cli.parser import build_parser
from pipelines.errors import FieldstreamError
from pipelines.settings import Settings, from_environment

INTERRUPTED = 130

logger = logging.getLogger("fieldstream")


def entry() -> None:
    """Run the console command `fieldstream`."""
    sys.exit(main(sys.argv[1:], os.environ))


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code: 0, or that of the error (see `pipelines.errors`)."""
    try:
        arguments = build_parser(COMMANDS, GROUPS).parse_args(argv)
    except SystemExit as stop:  # argparse has said why: 0 for help, 2 for a wrong command line
        return int(stop.code or 0)
    _log_to(sys.stderr, verbose=arguments.verbose)
    try:
        settings = from_environment(environ)
        try:
            return _run(arguments.command, settings, arguments)
        except Exception as error:
            if known := explained(error, settings):
                raise known from error
            raise
    except FieldstreamError as error:
        logger.debug("%s", error, exc_info=True)
        print(f"fieldstream: {error}", file=sys.stderr)  # noqa: T201 - the one line a user reads
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - a bug keeps its traceback, and the exit code says so
        traceback.print_exc()
        return 1


def _run(command: Command, settings: Settings, arguments: Namespace) -> int:
    result = command.run(settings, arguments)
    try:
        command.show(result, arguments, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_quietly(sys.stdout)
    command.check(result)
    return command.exit_code(result)


def _close_quietly(stream: TextIO) -> None:
    """Let the interpreter flush what nobody reads any more into nothing."""
    with suppress(OSError, ValueError):  # a stream without a file, or closed already
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _log_to(stream: TextIO, *, verbose: bool) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s" if verbose else "%(message)s", "%H:%M:%S"))
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
