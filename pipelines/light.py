"""Libraries without what a process has no use for: pandas above all, half a second and 40 MB that they load unasked."""

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any

from pipelines.memory import keep_freed_memory


def start_light() -> None:
    """Start Arrow without pandas, and without an allocator of its own; to be called before anything else imports it.

    And NumPy without threads for linear algebra, which nobody here asks of it: they wait for work in a busy loop at
    first, a tenth of a CPU-second a process.
    """
    keep_freed_memory()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What Arrow frees, DuckDB can use and the other way round; each with an allocator of its own keeps 40 MB more.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    arrow_without_pandas()


def arrow_without_pandas() -> None:
    """Have Arrow decide now that there is no pandas, as far as it would look for it unasked.

    The first array that it makes from a list would import pandas, to tell whether the list is one of its kinds. Who
    asks for pandas (`to_pandas`, an import) gets it as ever; only its series are no longer told from other lists, so
    this is for processes that have none.
    """
    import pyarrow as pa

    with absent("pandas"):
        pa.array([0])


def spark_without_pandas() -> None:
    """Have PySpark decide now that there is no pandas; it would load it with its first call of Java.

    For each argument of such a call it asks what else is installed of a module for its own tests. What the module
    says of pandas is read nowhere else.
    """
    with absent("pandas"):
        import pyspark.testing.utils  # noqa: F401 - to be loaded is all


class _Hides(MetaPathFinder):
    """Finds nothing, and lets nobody else find some modules."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - its protocol
        if fullname in self._names:
            raise ModuleNotFoundError(name=fullname)


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let nobody find modules meanwhile that are not loaded yet."""
    finder = _Hides(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
