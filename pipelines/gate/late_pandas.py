"""pandas, for who only asks what is of its classes and whether a value is missing; loaded when more is asked of it."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Class(type):
    """A class of pandas', of which nothing is an instance before pandas is loaded."""

    def __instancecheck__(cls, instance: object) -> bool:
        return not isinstance(sys.modules.get("pandas"), LatePandas | None) and isinstance(instance, cls._own())

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._own()(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._own(), name)

    def _own(cls) -> Any:
        return getattr(_pandas(), cls.__name__)


class LatePandas(ModuleType):
    """Stands for pandas in `sys.modules` while others are loaded, and goes on standing for it with them."""

    DataFrame, Index, Series, Timestamp = (
        _Class(each, (), {}) for each in ("DataFrame", "Index", "Series", "Timestamp")
    )

    def __init__(self) -> None:
        """Load nothing."""
        super().__init__("pandas")

    @staticmethod
    def isnull(value: object) -> Any:
        """Say whether a value is missing."""
        if value is None or isinstance(value, str | int | float):
            return value is None or value != value  # noqa: PLR0124 - NaN is what is not itself
        return _pandas().isnull(value)

    def __getattr__(self, name: str) -> Any:
        """Load pandas for anything else; how a module is made is nothing that is asked of pandas."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_pandas(), name)


def _pandas() -> ModuleType:
    if isinstance(sys.modules.get("pandas"), LatePandas):
        del sys.modules["pandas"]
    return import_module("pandas")
