"""Great Expectations, as much of it as the gate asks for: it would import thirty kinds of data source unasked."""

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any

from pipelines.gate.on_demand import load_on_demand
from pipelines.light import absent

_GX = "great_expectations"
_METRICS = (
    "column_map_metrics.column_values_between",
    "column_map_metrics.column_values_in_set",
    "column_map_metrics.column_values_not_in_set",
    "column_map_metrics.column_values_non_null",
    "column_map_metrics.column_values_null",
    "column_map_metrics.column_values_unique",
    "column_aggregate_metrics.column_max",
    "table_metrics.table_columns",
    "table_metrics.table_column_types",
    "table_metrics.table_row_count",
)
"""What the expectations of the suites are computed from; each makes itself known by being imported."""

_CLASSES_OF_PANDAS = ("DataFrame", "Index", "Series", "Timestamp")
_UNASKED = ("pyspark", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql")


def load() -> None:
    """Import what judging takes; nothing where Great Expectations is loaded already, which then has all of it."""
    if _GX in sys.modules:
        return
    load_on_demand(_GX, __version__=version(_GX))
    with without_unasked(), _uncollected():
        import_module(f"{_GX}.validator.validator")
        import_module(f"{_GX}.execution_engine.sqlalchemy_execution_engine")
        for name in _METRICS:
            import_module(f"{_GX}.expectations.metrics.{name}")
        # Of the expectations of the suites, the one that asks for pandas where it is imported.
        import_module(f"{_GX}.expectations.core.expect_column_values_to_not_be_in_set")


@contextmanager
def without_unasked() -> Iterator[None]:
    """Let Great Expectations be loaded without what it would load whole and we never ask it for.

    Spark, only to know that it is there; SciPy and Altair, for tests of distributions and their charts; the object
    mapper and PostgreSQL's types of SQLAlchemy, for classes that nobody maps and a database that nobody asks; pandas,
    until more is asked of it than whether a number is missing or something is of a class of its.
    """
    scipy = ModuleType("scipy")
    scipy.stats = None  # type: ignore[attr-defined]  # what is imported from it
    stand_ins = {"altair": ModuleType("altair"), "scipy": scipy, "pandas": _pandas()}
    standing_in = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(standing_in)
    try:
        with absent(*_UNASKED):
            yield
    finally:
        for name, module in standing_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _pandas() -> ModuleType:
    """Make a module that knows pandas' classes and what is no value, and loads pandas for who asks anything else."""

    def asked(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("pandas") is stand_in:
            del sys.modules["pandas"]
        return getattr(import_module("pandas"), name)

    def isnull(value: object) -> object:
        if value is None or isinstance(value, str | int | float):
            return value is None or value != value  # noqa: PLR0124 - NaN is what is not itself
        return asked("isnull")(value)

    stand_in = ModuleType("pandas")
    classes = {name: _ClassOfPandas(name, (), {}) for name in _CLASSES_OF_PANDAS}
    vars(stand_in).update(classes, isnull=isnull, __getattr__=asked)
    return stand_in


class _ClassOfPandas(type):
    """A class of pandas', of which nothing is an instance before pandas is loaded."""

    def __instancecheck__(cls, instance: object) -> bool:
        loaded = sys.modules.get("pandas")
        return loaded is not None and isinstance(instance, getattr(loaded, cls.__name__))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage meanwhile, nor later among what is there then: what is imported stays to the end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        # Libraries complain of what outlives the interpreter.
        atexit.register(gc.unfreeze)
        if was_enabled:
            gc.enable()
