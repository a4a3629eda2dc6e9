"""A package that gathers names from its modules loads each when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = {
    "__init__.py": """
        from farm.fields import NORTH, SOUTH as FAR
        from farm import barn
        from .animals import Hen
        hens = [Hen()]
        """,
    "fields.py": "NORTH, SOUTH = 'north', 'south'",
    "barn/__init__.py": """
        from .hay import bales
        class Barn:
            pass
        """,
    "barn/hay.py": "bales = 7",
    "animals.py": "class Hen: pass",
    "mill.py": "stones = 2",
}
PROGRAM = """
import sys
from pipelines.gate.on_demand import load_on_demand
load_on_demand("farm", area_ha=40)
import farm
{asked}
print(*sorted(name for name in sys.modules if name.startswith("farm.")))
"""


@pytest.mark.parametrize(
    ("asked", "loaded"),
    [
        ("", ""),
        ("assert farm.NORTH == 'north'", "farm.fields"),
        ("from farm import FAR; assert FAR == 'south'", "farm.fields"),
        ("from farm.fields import NORTH; assert NORTH == 'north'", "farm.fields"),
        # A module that the package does not speak of is found as ever.
        ("from farm import mill; assert mill.stones == 2", "farm.mill"),
        ("assert farm.area_ha == 40", ""),
        # What defines something is run as ever, with all that it imports.
        ("from farm.barn import Barn", "farm.barn farm.barn.hay"),
        # What only the whole package knows has it run.
        ("assert len(farm.hens) == 1", "farm.animals farm.barn farm.barn.hay farm.fields"),
        ("assert not hasattr(farm, '__wrapped__')", ""),
        ("assert not hasattr(farm, 'goats')", "farm.animals farm.barn farm.barn.hay farm.fields"),
    ],
)
def test_only_what_is_asked_for_is_loaded(tmp_path: Path, asked: str, loaded: str) -> None:
    for name, text in PACKAGE.items():
        file = tmp_path / "farm" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()))
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})" + PROGRAM.format(asked=asked)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == loaded


def test_what_is_loaded_already_stays_as_it_is() -> None:
    program = """
import json
from pipelines.gate.on_demand import load_on_demand
import sys
before = sys.meta_path[:]
load_on_demand("json")
print(sys.meta_path == before)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True"]
