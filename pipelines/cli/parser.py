"""The command line's grammar: argparse, built from the table of commands."""

from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipelines import __version__

if TYPE_CHECKING:
    from pipelines.cli.command import Command

PROGRAM = "fieldstream"

EPILOG = """\
examples:
  fieldstream demo
  fieldstream sql "select verdict, count(*) from bronze.events group by 1"

data goes to stdout, progress and logs to stderr

exit codes:
  0  done
  1  a bug of ours, with its traceback
  2  the command, a setting or this machine's set-up is wrong
  3  data refused: nothing was written
  4  a service does not answer, or the disk is full: try again later
  5  the gate holds the data
  130  interrupted

environment:
  FIELDSTREAM_HOME          lake, local broker and scratch data (.fieldstream)
  FIELDSTREAM_LAKE          lake elsewhere, as s3://bucket/prefix (in the home)
  FIELDSTREAM_CACHE         downloaded jars (~/.cache/fieldstream)
  FIELDSTREAM_TENANT        whose lake and topics (demo)
  FIELDSTREAM_KAFKA         broker as host:port (the local one)
  FIELDSTREAM_KAFKA_PORT    port of the local broker (any that is free)
  FIELDSTREAM_CORES         cores that Spark may use (all)
  FIELDSTREAM_SPARK_MASTER  where Spark runs its tasks (this process)
  JAVA_HOME                 Java to try before the one on the PATH
"""


def build_parser(commands: Iterable["Command"], groups: Mapping[str, str]) -> ArgumentParser:
    """Return the parser of every command; a parsed namespace holds its `command`."""
    top = ArgumentParser(
        prog=PROGRAM,
        description="From field sensors to models: Kafka, Delta, a quality gate, scores.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    top.set_defaults(verbose=False)
    root = _subcommands(top)
    opened: dict[str, Any] = {}
    for command in commands:
        *group, word = command.words
        for name in set(group) - opened.keys():
            opened[name] = _subcommands(_add(root, name, groups[name], _examples(commands, name)))
        parser = _add(opened[group[0]] if group else root, word, command.summary, _examples([command]))
        _add_arguments(parser, command)
    return top


def _subcommands(parser: ArgumentParser) -> Any:
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _add(group: Any, word: str, summary: str, epilog: str) -> ArgumentParser:
    parser: ArgumentParser = group.add_parser(
        word,
        help=summary,
        description=summary,
        epilog=epilog,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


def _examples(commands: Iterable["Command"], group: str | None = None) -> str:
    chosen = (command for command in commands if group is None or command.words[0] == group)
    return "\n  ".join(["examples:", *(example for command in chosen for example in command.examples)])


def _add_arguments(parser: ArgumentParser, command: "Command") -> None:
    for argument in command.arguments:
        parser.add_argument(*argument.flags, **argument.options)
    parser.add_argument("--json", action="store_true", help="print JSON, for a script")
    parser.add_argument("-v", "--verbose", action="store_true", default=SUPPRESS, help="log more, to stderr")
    parser.set_defaults(command=command)
