"""Line and column of a value in a JSON text."""

import json
import re
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def place(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column of the value at the path, or of the nearest value around where it is not there.

    The text must be valid JSON. Of a name that stands twice in an object the last counts, as for `json.loads`.
    """
    wanted = tuple(path)
    starts = {found: start for found, start in _values(text) if found == wanted[: len(found)]}
    start = starts[max(starts, key=len)]
    return text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1


def _values(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path of every value, and where it begins."""
    around: list[str | int | None] = []  # index within an array; name within an object, None before it is read
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "}" | "]":
                around.pop()
            case ":":
                pass
            case ",":
                inner = around[-1]
                around[-1] = inner + 1 if isinstance(inner, int) else None
            case written if around and around[-1] is None:
                around[-1] = json.loads(written)
            case written:
                yield tuple(part for part in around if part is not None), token.start()
                if written in "{[":
                    around.append(None if written == "{" else 0)
