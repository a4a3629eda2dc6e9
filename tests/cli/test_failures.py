"""Exceptions of other libraries, and what the user is told about them."""

import errno

import pytest

from pipelines.cli.failures import explained
from pipelines.errors import GateHeld, StorageFull, StorageRefused, StoreUnreachable
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


@pytest.mark.parametrize(
    ("error", "path", "got", "fix"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/a/b"), "/a/b", "Read-only file system", "writable again"),
        (OSError(errno.EMFILE, "Too many open files"), "/home-of-all", "Too many open files", "ulimit -n"),
        (OSError(errno.EFBIG, "File too large"), "/home-of-all", "File too large", "ulimit -f"),
        (OSError(errno.EACCES, "Permission denied", "/data/a"), "/data/a", "Permission denied", "the right to write"),
        (OSError("Generic LocalFileSystem error\n ↳ Read-only file system (os error 30)"), "/home-of-all",
         "Read-only file system", "writable again"),
        (RuntimeError("Py4JJavaError: ... java.io.IOException: Too many open files\n at ..."), "/home-of-all",
         "Too many open files", "ulimit -n"),
    ],
)  # fmt: skip
def test_what_a_file_system_refuses_is_one_sentence(error: Exception, path: str, got: str, fix: str) -> None:
    refused = explained(error, SETTINGS)
    assert isinstance(refused, StorageRefused)
    assert (refused.where, refused.got, fix in refused.fix) == (path, got, True)


def test_a_store_that_fails_in_a_worker_is_told_by_its_words() -> None:
    said = "Py4JJavaError: ... OSError: When uploading part: AWS Error NETWORK_CONNECTION during UploadPart\n at ..."
    assert isinstance(explained(RuntimeError(said), SETTINGS), StoreUnreachable)


def test_other_exceptions_are_bugs() -> None:
    assert explained(OSError(errno.ENOTDIR, "Not a directory"), SETTINGS) is None


def test_a_chain_that_runs_in_a_circle_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert explained(first, SETTINGS) is None
