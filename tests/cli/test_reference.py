"""The generated pages: complete, and known to be out of date when they are."""

from pathlib import Path

import pytest

from pipelines.cli.commands import COMMANDS
from pipelines.cli.reference import main, outdated, pages

PAGES = [
    "cli.md",
    "data-dictionary.md",
    "formats.md",
    "metrics.md",
    "neighbours.md",
    "quantities.md",
    "reasons.md",
    "sensors.md",
    "settings.md",
    "units.md",
]


def test_pages_are_written_once_and_then_current(tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    assert main([], folder) == 0
    assert sorted(path.name for path in folder.iterdir()) == PAGES
    assert outdated(folder) == []
    assert main(["--check"], folder) == 0


def test_a_page_that_differs_is_named_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], tmp_path)
    (tmp_path / "sensors.md").write_text("something else")
    (tmp_path / "cli.md").unlink()
    assert main(["--check"], tmp_path) == 1
    assert "sensors.md, cli.md out of date. Run 'make generate'" in capsys.readouterr().err
    assert (tmp_path / "sensors.md").read_text() == "something else"


def test_every_command_is_described_with_its_arguments_and_examples() -> None:
    page = pages()["cli.md"]
    for command in COMMANDS:
        section = page.partition(f"\n## fieldstream {' '.join(command.words)}\n")[2].partition("\n## ")[0]
        assert command.summary in section
        assert all(argument.options["help"] in section for argument in command.arguments)
        assert all(f"$ {example}\n" in section for example in command.examples)
