"""Bytes that strangers sent, as lines that are safe to print: nothing in them can move a cursor or hide."""

import codecs
from collections.abc import Iterator

MOST_BYTES = 4096
_BYTES_A_LINE = 16
# More escapes than these in a text, and the bytes themselves are easier to read.
_FEW_ESCAPED, _MOST_ESCAPED_SHARE = 4, 0.1


def kind_of(content: bytes) -> str:
    """Say how the content is best shown: text, binary or empty."""
    if not content:
        return "empty"
    head = _decoded(content[:MOST_BYTES])
    if head is None:
        return "binary"
    count = sum(not (char.isprintable() or char in "\n\r\t") for char in head)
    return "text" if count <= max(_FEW_ESCAPED, _MOST_ESCAPED_SHARE * len(head)) else "binary"


def lines(content: bytes) -> list[str]:
    """Return the head of the content as printable lines: escaped text where it is text, else a hex dump.

    Only line feeds break lines; every other character that does not stand for itself is escaped: controls, NUL,
    those that turn or hide what follows, and lone separators.
    """
    head = content[:MOST_BYTES]
    text = _decoded(head) if kind_of(content) == "text" else None
    shown = list(_dumped(head)) if text is None else [escaped(line) for line in text.split("\n")]
    hidden = len(content) - len(head)
    return [*shown, f"... {hidden} more bytes"] if hidden else shown


def escaped(text: str) -> str:
    """Return the text with every character escaped that is not printable; a backslash too, so that none is mistaken."""
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char == "\\":
        return "\\\\"
    return char if char.isprintable() else ascii(char)[1:-1]


def _decoded(head: bytes) -> str | None:
    try:
        # Not final: the head may end within a character.
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return None


def _dumped(content: bytes) -> Iterator[str]:
    for start in range(0, len(content), _BYTES_A_LINE):
        line = content[start : start + _BYTES_A_LINE]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in line)
        yield f"{start:08x}  {line.hex(' ').ljust(3 * _BYTES_A_LINE)} {text}"
