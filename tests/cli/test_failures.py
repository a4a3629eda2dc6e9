"""Exceptions of other libraries, and what the user is told about them."""

import errno

import pytest

from pipelines.cli.failures import explained
from pipelines.errors import GateHeld, StorageFull
from pipelines.settings import from_environment

SETTINGS = from_environment({"FIELDSTREAM_HOME": "/home-of-all"})


def test_an_error_of_ours_speaks_for_itself() -> None:
    held = GateHeld("Held", where="a", expected="b", got="c", fix="d.")
    assert explained(held, SETTINGS) is held


@pytest.mark.parametrize(
    ("error", "path"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/part-0"), "/data/part-0"),
        (RuntimeError("Py4JJavaError: ... java.io.IOException: No space left on device\n at ..."), "/home-of-all"),
    ],
)
def test_a_full_disk_is_named_by_the_path_that_is_known(error: Exception, path: str) -> None:
    full = explained(error, SETTINGS)
    assert isinstance(full, StorageFull)
    assert full.where == path


def test_other_exceptions_are_bugs() -> None:
    assert explained(OSError(errno.EACCES, "Permission denied"), SETTINGS) is None


def test_a_chain_that_runs_in_a_circle_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert explained(first, SETTINGS) is None
