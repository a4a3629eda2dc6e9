"""The client's messages as Arrow: its own methods mapped over all of them, without a frame of Python in between.

What is called once a message decides what reading costs, so nothing here is.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.stream.broker import EARLIEST_MS, LATEST_MS

# The client's Message is also what a producer waits with, so it says that a record's offset may be None.
Message = Any
Headers = Sequence[tuple[str, bytes | None]] | None

_SCHEMA = pa.schema([table("bronze.events").arrow_schema.field(name) for name in RECORD_COLUMNS])


class _Methods:
    """The client's methods, to be mapped over its messages; the client is imported when the first is used."""

    def __getattr__(self, name: str) -> Any:
        from confluent_kafka import Message

        method = getattr(Message, name)
        setattr(self, name, method)
        return method


_METHODS = _Methods()


def partitions_of(messages: Sequence[Message]) -> npt.NDArray[np.int32]:
    """Return the partition of each message."""
    return np.fromiter(map(_METHODS.partition, messages), np.int32, len(messages))


def errors_of(messages: Sequence[Message]) -> list[Any]:
    """Return what went wrong instead of each message, None where it is a record."""
    return list(map(_METHODS.error, messages))


def as_arrow(
    topic: str, partitions: npt.NDArray[np.int32], messages: Sequence[Message], shifts: Mapping[int, int]
) -> pa.RecordBatch:
    """Return the records, with offsets as many ahead of the broker's as `shifts` says by partition.

    Shape: columns of `RECORD_COLUMNS` with the types of bronze.events.
    """
    count = len(messages)
    offsets = np.fromiter(map(_METHODS.offset, messages), np.int64, count)
    if shifts:
        offsets += np.fromiter((shifts.get(each, 0) for each in partitions.tolist()), np.int64, count)
    milliseconds = np.fromiter(map(itemgetter(1), map(_METHODS.timestamp, messages)), np.int64, count)
    columns = {
        "topic": pa.repeat(topic, count),
        "partition": pa.array(partitions),
        "offset": pa.array(offsets),
        "kafka_time": pa.array(milliseconds.clip(EARLIEST_MS, LATEST_MS) * 1000, _SCHEMA.field("kafka_time").type),
        "key": _binary(list(map(_METHODS.key, messages))),
        "headers": _headers(messages),
        "raw": _binary(list(map(_METHODS.value, messages))),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RECORD_COLUMNS], schema=_SCHEMA)


def _binary(values: Sequence[bytes | None]) -> pa.Array:
    filled = [each for each in values if each is not None]
    if len(filled) < len(values):
        return pa.array(values, pa.binary())
    # Arrow would not know how much is coming, and copy what it has each time that it needs more room.
    ends = np.fromiter(accumulate(map(len, filled), initial=0), np.int32, len(filled) + 1)
    return pa.Array.from_buffers(pa.binary(), len(filled), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(filled))])


def _headers(messages: Sequence[Message]) -> pa.Array:
    lists: list[Headers] = []
    each = map(_METHODS.headers, messages)
    while len(lists) < len(messages):
        try:
            lists.extend(each)
        except SystemError:
            # The name of a header is not UTF-8. Asked again, the client hands out what it had half made. The record
            # itself must go on.
            lists.append(None)
    kind = _SCHEMA.field("headers").type
    if not any(lists):
        return pa.nulls(len(lists), kind)
    pairs = [pair for each in lists if each for pair in each]
    structs = pa.StructArray.from_arrays(
        [pa.array([key for key, _ in pairs], pa.string()), pa.array([value for _, value in pairs], pa.binary())],
        fields=list(kind.value_type),
    )
    ends = list(accumulate((len(each or ()) for each in lists), initial=0))
    starts = [start if each else None for start, each in zip(ends, lists, strict=False)]
    return pa.ListArray.from_arrays(pa.array([*starts, ends[-1]], pa.int32()), structs, type=kind)
