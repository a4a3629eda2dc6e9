"""Where something of the lake lies: in a folder, or in a bucket of S3; rooms see no difference.

A place in a bucket answers to those of pathlib's words that the rooms use. What it says is what the store says now:
nothing is remembered but the sizes and times that came with a listing. A bucket is looked at once, when a process first
comes to it, so that a wrong address or key is one sentence and not an empty lake.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pipelines.errors import StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from pyarrow import fs

SCHEME = "s3://"

_DELTA_OPTIONS = {
    # The store takes a commit of a version once: it is put only where nothing has that name yet.
    "aws_conditional_put": "etag",
    "aws_s3_allow_unsafe_rename": "false",
    # All the ways in which AWS finds credentials, and with a store of another address too.
    "aws_force_credential_load": "true",
    # Whether it is http is said by the address of the store.
    "aws_allow_http": "true",
}

# What Arrow and delta-rs write of a store that does not do what it was asked.
_TROUBLE = re.compile(r"AWS Error|Generic S3 error|Kernel error .*s3|lacked the necessary privileges")
_REFUSED = re.compile(r"ACCESS_DENIED|SIGNATURE_DOES_NOT_MATCH|INVALID_ACCESS_KEY_ID|privileges|403 Forbidden")


class Stat(NamedTuple):
    """Size and time of the last change, by the names that a file's have."""

    st_size: int
    st_mtime: float


@dataclass(frozen=True)
class BucketPath:
    """A key of a bucket, or what begins with it as if that were a folder."""

    key: PurePosixPath
    """The bucket's name first."""
    listed: Stat | None = field(default=None, compare=False)
    """What a listing said of it."""

    def __str__(self) -> str:
        """Write it as an address, as delta-rs and DuckDB read it."""
        return f"{SCHEME}{self.key}"

    def __truediv__(self, name: str) -> "BucketPath":
        """Return what lies below."""
        return BucketPath(self.key / name)

    def joinpath(self, *names: str) -> "BucketPath":
        """Return what lies below."""
        return BucketPath(self.key.joinpath(*names))

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.key.name

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts of the key."""
        return self.key.parts

    @property
    def filesystem(self) -> "fs.FileSystem":
        """Arrow's way to the bucket.

        Raises:
            StoreRefused: There is no such bucket, or it is closed to these credentials.
            StoreUnreachable: The store does not answer.
        """
        return _bucket(self.key.parts[0])

    def exists(self) -> bool:
        """Say whether there is an object of this key, or any below it."""
        return bool(self.filesystem.get_file_info(str(self.key)).type)

    def is_dir(self) -> bool:
        """Say whether there is anything below."""
        return not self.filesystem.get_file_info(str(self.key)).is_file and self.exists()

    def iterdir(self) -> Iterator["BucketPath"]:
        """Give what lies directly below; nothing where nothing does."""
        return self._below(recursive=False)

    def rglob(self, pattern: str) -> Iterator["BucketPath"]:
        """Give the objects at any depth below whose name matches."""
        return (each for each in self._below(recursive=True) if each.listed and each.key.match(pattern))

    def glob(self, pattern: str) -> Iterator["BucketPath"]:
        """Give the objects below whose key, from here on, matches."""
        depth = len(self.parts) + len(PurePosixPath(pattern).parts)
        return (each for each in self.rglob(pattern) if len(each.parts) == depth)

    def stat(self) -> Stat:
        """Return size and time of an object.

        Raises:
            FileNotFoundError: There is none.
        """
        if self.listed:
            return self.listed
        found = self.filesystem.get_file_info(str(self.key))
        if not found.is_file:
            raise FileNotFoundError(str(self))
        return _stat(found)

    def open(self, mode: str) -> BinaryIO:
        """Open an object to read (`rb`), or to write (`wb`): there is none before it is closed.

        Raises:
            FileNotFoundError: There is none to read.
        """
        opened = self.filesystem.open_input_file if mode == "rb" else self.filesystem.open_output_stream
        stream: BinaryIO = opened(str(self.key))
        return stream

    def read_bytes(self) -> bytes:
        """Read an object whole."""
        with self.open("rb") as stream:
            return stream.read()

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Read an object whole, as text."""
        return self.read_bytes().decode(encoding, errors)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete an object."""
        try:
            self.filesystem.delete_file(str(self.key))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def _below(self, *, recursive: bool) -> Iterator["BucketPath"]:
        from pyarrow import fs

        chosen = fs.FileSelector(str(self.key), allow_not_found=True, recursive=recursive)
        for found in self.filesystem.get_file_info(chosen):
            yield BucketPath(PurePosixPath(found.path), _stat(found) if found.is_file else None)


Place = Path | BucketPath
"""Where a table lies, or a file of it."""


def place(address: str) -> Place:
    """Return the place of an address, as a setting or delta-rs writes it: a path, or s3://bucket/key."""
    if address.startswith(SCHEME):
        return BucketPath(PurePosixPath(address.removeprefix(SCHEME)))
    return Path(address)


def for_arrow(places: Sequence[Place | str]) -> "tuple[list[str], fs.FileSystem | None]":
    """Return places, of one lake, as Arrow wants them: paths, and the file system that they are in."""
    found = [place(str(each)) for each in places]
    first = found[0]
    if isinstance(first, BucketPath):
        return [str(each.key) for each in found if isinstance(each, BucketPath)], first.filesystem
    return [str(each) for each in found], None


def put(where: Place, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    if isinstance(where, BucketPath):
        with where.open("wb") as stream:
            stream.write(content)
        return
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=where.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(where)


def delta_options(where: Place | str) -> dict[str, str]:
    """Return what delta-rs is told of a place that can be reached; of a disk, to no effect.

    Raises:
        StoreRefused: There is no such bucket, or it is closed to these credentials.
        StoreUnreachable: The store does not answer.
    """
    for_arrow([where])
    return _DELTA_OPTIONS


def store_error(where: object, error: BaseException) -> StoreRefused | StoreUnreachable | None:
    """Return what an exception says of the store that it came from; None where it is of none."""
    said = str(error)
    if not _TROUBLE.search(said):
        return None
    cause = " ".join(re.sub(r"\x1b\[\d*m|↳", "", said).split())
    if _REFUSED.search(cause):
        return StoreRefused(
            str(where),
            "a bucket that these credentials may list, read and write",
            "access denied",
            "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or have their rights widened.",
        )
    return StoreUnreachable(str(where), cause[:300])


@cache
def _bucket(name: str) -> "fs.FileSystem":
    from pyarrow import fs

    where = f"{SCHEME}{name}"
    try:
        # By the address, for that alone reads AWS_ENDPOINT_URL.
        filesystem, _ = fs.FileSystem.from_uri(where)
        is_there = filesystem.get_file_info(name).type
    except (OSError, ValueError) as cause:
        raise store_error(where, cause) or StoreUnreachable(where, " ".join(str(cause).split())) from cause
    if not is_there:
        raise StoreRefused(
            where, "a bucket", "none of that name", "Make it, or correct FIELDSTREAM_LAKE or AWS_ENDPOINT_URL."
        )
    return filesystem


def _stat(found: "fs.FileInfo") -> Stat:
    return Stat(found.size, found.mtime.timestamp())
