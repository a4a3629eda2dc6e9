"""Every notebook runs from its first cell to its last, and prints what it shows."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs").rglob("*.ipynb"))


def code_cells(notebook: Path) -> Iterator[tuple[str, str]]:
    """Give the text of each code cell and what is printed below it."""
    cells: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            printed = ("".join(each["text"]) for each in cell["outputs"] if each["output_type"] == "stream")
            yield "".join(cell["source"]), "".join(printed)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_prints_what_it_shows(
    notebook: Path, project: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("FIELDSTREAM_HOME", environ["FIELDSTREAM_HOME"])
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, (text, shown) in enumerate(code_cells(notebook), start=1):
        said = io.StringIO()
        with redirect_stdout(said):
            exec(compile(text, f"{notebook.name}, code cell {number}", "exec"), names)  # noqa: S102 - that is the test
        assert said.getvalue() == shown, f"code cell {number}"


def test_a_notebook_names_its_kernel_and_nothing_of_the_machine_it_was_made_on() -> None:
    for notebook in NOTEBOOKS:
        metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
        assert set(metadata) <= {"kernelspec", "language_info"}
        assert "/home/" not in notebook.read_text()
