"""Arrow without what a process that only takes in has no use for: pandas, and an allocator of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any


def start_light() -> None:
    """Start Arrow without them; to be called before anything else imports it."""
    # What Arrow frees, DuckDB can use and the other way round; each with an allocator of its own keeps 40 MB more.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _leave_pandas_out()


def _leave_pandas_out() -> None:
    """Have Arrow decide now that there is no pandas, as far as it would look for it unasked.

    The first array that it makes from a list would import pandas, to tell whether the list is one of its kinds: half a
    second and 40 MB. Who asks for pandas (`to_pandas`, an import) gets it as ever; only its series are no longer told
    from other lists, so this is for processes that have none.
    """
    import pyarrow as pa

    if "pandas" not in sys.modules:
        with _hidden("pandas"):
            pa.array([0])


class _Hides(MetaPathFinder):
    """Finds nothing, and lets nobody else find one module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - its protocol
        if fullname == self._name:
            raise ModuleNotFoundError(name=fullname)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    finder = _Hides(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
