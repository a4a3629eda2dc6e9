"""What is wrong in a file that people edit: raised where it is seen, told with the place in the file."""

from collections.abc import Iterable
from difflib import get_close_matches

from pipelines.errors import DataRefused


class Misfit(Exception):
    """A value that does not fit; `path` leads to it from the top of the file."""

    def __init__(self, path: tuple[str | int, ...], expected: str, got: str) -> None:
        """Keep the parts."""
        self.path, self.expected, self.got = path, expected, got
        super().__init__(f"{path}: expected {expected}, got {got}")


def refused(where: str, expected: str, got: str, fix: str = "Correct the file. Nothing was written.") -> DataRefused:
    """Say that reference data cannot be used, and where."""
    return DataRefused("Reference data cannot be used", where=where, expected=expected, got=got, fix=fix)


def one_of(what: str, known: Iterable[str], got: str) -> str:
    """Say what was expected: the names closest to what was written, all of them where none is close."""
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    near = [folded[match] for match in get_close_matches(got.lower(), folded, n=3, cutoff=0.6)]
    if near:
        return f"one of the {what}, perhaps {' or '.join(near)}"
    return f"one of the {what} {', '.join(names)}" if names else f"one of the {what}, of which there are none yet"
