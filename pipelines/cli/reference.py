"""Write docs/reference/, or say which of its pages are out of date: `python -m pipelines.cli.reference [--check]`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.command import Argument, Command
from pipelines.cli.commands import COMMANDS
from pipelines.cli.parser import EPILOG, PROGRAM
from pipelines.jobs.dictionary import dictionary, page

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {**dictionary(), "cli.md": _commands_page()}


def outdated(folder: Path) -> list[str]:
    """Return the names of the pages that the folder lacks or has in another wording."""
    return [
        name
        for name, text in pages().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def main(argv: Sequence[str], folder: Path = REFERENCE) -> int:
    """Write the pages, or with `--check` only say which are out of date; 0 where all is well."""
    parser = ArgumentParser(prog="python -m pipelines.cli.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is out of date")
    check, stale = parser.parse_args(argv).check, outdated(folder)
    if check and stale:
        sys.stderr.write(f"{folder}: {', '.join(stale)} out of date. Run 'make generate' and commit.\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(pages()[name], encoding="utf-8")
    return 0


def _commands_page() -> str:
    about = "`--json` prints JSON for a script, `-v` logs more to stderr: every command takes both."
    sections = [_command_section(command) for command in COMMANDS]
    return page("Commands", "`pipelines/cli/commands.py`", about, f"```text\n{EPILOG}```", *sections)


def _command_section(command: Command) -> str:
    words = " ".join((PROGRAM, *command.words))
    arguments = [f"- `{_usage(argument)}`: {argument.options['help']}" for argument in command.arguments]
    examples = "\n".join(["```console", *(f"$ {example}" for example in command.examples), "```"])
    return "\n\n".join([f"## {words}", command.summary, *(["\n".join(arguments)] if arguments else []), examples])


def _usage(argument: Argument) -> str:
    options = argument.options
    choices = "|".join(options.get("choices", ()))
    value = options.get("metavar") or choices
    if not argument.flags[0].startswith("-"):
        return value
    return " ".join([", ".join(argument.flags), *([value] if value else [])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
