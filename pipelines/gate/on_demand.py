"""Packages that load what is asked of them, when it is asked, instead of all that they have."""

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, resolve_name
from types import ModuleType
from typing import Any


def load_on_demand(package: str, **constants: object) -> None:
    """Have a package, and those within it, load on demand from now on; too late for what is loaded already.

    An `__init__` that only gathers names from other modules is not run: each name is fetched from where it is defined
    when it is first asked for. One that defines something is run as ever, and so is one that is asked for anything
    else. So whoever asks gets what the package has; only what happens by the way of an import does not happen.

    Args:
        package: Its name.
        constants: What the package itself defines besides, known to be asked for.
    """
    if package not in sys.modules:
        sys.meta_path.insert(0, _Finder(package, constants))


class _Finder(MetaPathFinder):
    """Finds packages as Python does, and gives those that only gather names another loader."""

    def __init__(self, package: str, constants: dict[str, object]) -> None:
        self._package, self._constants = package, constants

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._package and not fullname.startswith(f"{self._package}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.submodule_search_locations is not None and isinstance(spec.loader, SourceFileLoader):
            body = ast.parse(spec.loader.get_data(spec.loader.path)).body
            if not any(isinstance(statement, ast.ClassDef | ast.FunctionDef) for statement in body):
                constants = self._constants if fullname == self._package else {}
                spec.loader = _OnDemand(spec.loader, _gathered(body, fullname), constants)
        return spec


class _OnDemand(Loader):
    """Loads a package as a list of where its names are."""

    def __init__(
        self, whole: SourceFileLoader, gathered: dict[str, tuple[str, str]], constants: dict[str, object]
    ) -> None:
        self._whole, self._gathered, self._constants = whole, gathered, constants

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._constants, __getattr__=lambda name: self._asked(module, name))

    def _asked(self, module: ModuleType, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._gathered:
            home, there = self._gathered[name]
            value = getattr(import_module(home), there)
        elif find_spec(f"{module.__name__}.{name}"):
            return import_module(f"{module.__name__}.{name}")
        else:
            del vars(module)["__getattr__"]
            self._whole.exec_module(module)
            return getattr(module, name)
        setattr(module, name, value)
        return value


def _gathered(body: list[ast.stmt], package: str) -> dict[str, tuple[str, str]]:
    """Say of each name that a package has from a module: the module, and the name there."""
    return {
        alias.asname or alias.name: (resolve_name("." * imported.level + imported.module, package), alias.name)
        for imported in body
        if isinstance(imported, ast.ImportFrom) and imported.module
        for alias in imported.names
    }
