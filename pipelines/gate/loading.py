"""Great Expectations, as much of it as the gate asks for: it would import thirty kinds of data source unasked."""

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

from pipelines.gate.late_pandas import LatePandas
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
    of which [little](late_pandas.py) is asked.
    """
    scipy = ModuleType("scipy")
    scipy.stats = None  # type: ignore[attr-defined]  # what is imported from it
    stand_ins = {"altair": ModuleType("altair"), "scipy": scipy, "pandas": LatePandas()}
    standing_in = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(standing_in)
    try:
        with absent(*_UNASKED):
            yield
    finally:
        for name, module in standing_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


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
