"""Payloads made of blocks, each behind two bytes that name its channel and its type."""

from collections.abc import Callable, Mapping
from struct import Struct
from typing import NamedTuple

from pipelines.kernel.codecs.frame import CodecError, Frame, cut_off

Values = dict[str, float | None]
Reader = Callable[[bytes, int, Values], None]
"""Reads the payload from a byte on, into the values."""

_EPOCH = Struct("<I").unpack_from


class Block(NamedTuple):
    """What follows a header: so many bytes, and what to read from each place in them."""

    size: int
    readers: tuple[tuple[int, Reader], ...] = ()
    has_own_time: bool = False
    """Starts with its own time, seconds since 1970 in four bytes, least first: a record from the device's memory."""


def number(key: str, layout: str, divisor: float = 1, missing: frozenset[int] = frozenset()) -> Reader:
    """Read one number of a `struct` layout; the raw numbers in `missing` mean that there is no reading."""
    unpack = Struct(layout).unpack_from

    def read(payload: bytes, at: int, values: Values) -> None:
        (raw,) = unpack(payload, at)
        values[key] = None if raw in missing else raw / divisor

    return read


def one(size: int, reader: Reader) -> Block:
    """Return a block that starts with the one thing it says."""
    return Block(size, ((0, reader),))


def frames(payload: bytes, blocks: Mapping[int, Block]) -> list[Frame]:
    """Read block after block; `blocks` is by header, its two bytes read as one number, channel first.

    Raises:
        CodecError: A header is not in `blocks`, or a block is cut off.
    """
    values: Values = {}
    records = []
    at, end = 0, len(payload)
    while at < end:
        block = blocks.get(int.from_bytes(payload[at : at + 2], "big"))
        if end - at < 2:
            raise cut_off(at, 2, payload)
        if block is None:
            raise CodecError(
                "The block is not the model's", at=at, expected="a known header", got=payload[at : at + 2].hex()
            )
        at += 2
        if end - at < block.size:
            raise cut_off(at, block.size, payload)
        into: Values = {} if block.has_own_time else values
        for offset, read in block.readers:
            read(payload, at + offset, into)
        if block.has_own_time:
            records.append(Frame(into, _EPOCH(payload, at)[0]))
        at += block.size
    return [Frame(values), *records] if values else records
