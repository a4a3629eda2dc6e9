"""The house stands as drawn: mirrored tests, one-way imports, contracts with their modules, documented formulas."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from ucumvert import parse_ucum

from pipelines.cli.commands import COMMANDS
from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table, table_names

ROOT = Path(__file__).resolve().parents[1]
PIPELINES = ROOT / "pipelines"
MODULES = sorted(path.relative_to(PIPELINES) for path in PIPELINES.rglob("*.py"))

# Written as people write it.
UCUM_CODE = {"ppm": "[ppm]"}

WORDS = {"str", "None", "list[str]", "tuple[str, ...]"}

# What a public function there must say of itself.
DOCUMENTED = {"agronomy": ("Units:", "Source:"), "gold": ("Shape:",), "models": ("Shape:",)}


def test_imports_run_one_way() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_every_module_has_a_test_at_the_mirrored_path() -> None:
    modules = [path for path in MODULES if path.name != "__init__.py"]
    missing = [path for path in modules if not (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()]
    assert missing == []


def test_every_command_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    missing = [command.words for command in COMMANDS if f"\n## fieldstream {' '.join(command.words)}\n" not in page]
    assert missing == []


def test_every_table_that_is_built_has_the_module_that_builds_it() -> None:
    rooms = {"gold": "gold", "scores": "scoring"}
    layers = {name: name.split(".") for name in table_names()}
    missing = [
        name
        for name, (layer, short) in layers.items()
        if layer in rooms and not (PIPELINES / rooms[layer] / f"{short}.py").is_file()
    ]
    assert missing == []


def _units() -> set[str]:
    columns = {column.unit for name in table_names() for column in table(name).columns if column.unit}
    return columns | {quantity.unit for quantity in quantities().values()}


@pytest.mark.parametrize("unit", sorted(_units()))
def test_every_unit_is_ucum(unit: str) -> None:
    parse_ucum(UCUM_CODE.get(unit, unit))


def _public_functions(room: str) -> Iterator[tuple[str, str]]:
    """Name and docstring of each public function of the room that gives numbers: words have no unit and no shape."""
    for path in sorted((PIPELINES / room).rglob("*.py")):
        functions = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
        for node in functions:
            if not node.name.startswith("_") and node.returns and ast.unparse(node.returns) not in WORDS:
                yield f"{path.relative_to(PIPELINES)}:{node.name}", ast.get_docstring(node) or ""


@pytest.mark.parametrize("room", sorted(DOCUMENTED))
def test_formulas_and_tables_say_their_units_shapes_and_sources(room: str) -> None:
    silent = [
        f"{name} has no {line}"
        for name, text in _public_functions(room)
        for line in DOCUMENTED[room]
        if not re.search(rf"(?m)^{re.escape(line)}", text)
    ]
    assert silent == []
