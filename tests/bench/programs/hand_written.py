"""The consumer that a good engineer writes by hand: confluent-kafka, msgspec, pyarrow and delta-rs in one process.

Whole polls are decoded by msgspec into structs that the interpreter's search for cycles never looks at; an event is
told from a copy by a set in memory; columns are made by numpy and Arrow, a few hundred thousand events at a time, and
appended in one commit, after which the consumer group's offsets are stored. A crash between the two writes a batch
twice, and a start anew knows no copies.
"""

import gc
import sys
from itertools import chain
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa
from confluent_kafka import Consumer, Message, TopicPartition
from deltalake import WriterProperties, write_deltalake

POLL, COMMIT = 10_000, 250_000


class Info(msgspec.Struct, gc=False):
    devEui: str  # noqa: N815 - as ChirpStack writes it


class Values(msgspec.Struct, gc=False):
    air_temperature: float
    relative_humidity: float
    solar_radiation: float
    wind_speed: float
    wind_direction: float
    air_pressure: float
    precipitation: float


class Uplink(msgspec.Struct, gc=False):
    time: str
    deviceInfo: Info  # noqa: N815 - as ChirpStack writes it
    devAddr: str  # noqa: N815 - as ChirpStack writes it
    fCnt: int  # noqa: N815 - as ChirpStack writes it
    object: Values


NAMES = Values.__struct_fields__
IDENTITY = attrgetter("deviceInfo.devEui", "devAddr", "fCnt")


def run(address: str, topic: str, folder: str, shape: str) -> None:
    """Take in what the topic holds, as `long` rows, one a value, or as `wide` ones, one an event."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": folder,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 64 * 1024,
            "fetch.queue.backoff.ms": 5,
        }
    )
    partitions = consumer.list_topics(topic).topics[topic].partitions
    ends = {each: consumer.get_watermark_offsets(TopicPartition(topic, each))[1] for each in partitions}
    consumer.assign([TopicPartition(topic, each, 0) for each in partitions])
    decoder = msgspec.json.Decoder(Uplink)
    seen: set[tuple[str, str, int]] = set()
    waiting: list[Uplink] = []
    left = sum(ends.values())
    as_table = long_table if shape == "long" else wide_table
    gc.disable()  # nothing here makes cycles
    while left:
        messages = consumer.consume(min(POLL, left), 1.0)
        left -= len(messages)
        waiting += new_events(messages, decoder, seen)
        if len(waiting) >= COMMIT or not left:
            write_deltalake(
                f"{folder}/readings", as_table(waiting), mode="append",
                writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
            )  # fmt: skip
            consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=False)
            waiting.clear()
    consumer.close()


def new_events(
    messages: list[Message], decoder: "msgspec.json.Decoder[Uplink]", seen: set[tuple[str, str, int]]
) -> list[Uplink]:
    """Decode what is whole, and leave out what was seen before."""
    events = []
    decode = decoder.decode
    for value in map(Message.value, messages):
        try:
            event = decode(value)
        except msgspec.DecodeError:
            continue
        identity = IDENTITY(event)
        if identity not in seen:
            seen.add(identity)
            events.append(event)
    return events


def wide_table(events: list[Uplink]) -> pa.Table:
    """One row an event."""
    values = _values(events).reshape(len(events), len(NAMES))
    return pa.table(_identities(events) | {name: np.ascontiguousarray(values[:, at]) for at, name in enumerate(NAMES)})


def long_table(events: list[Uplink]) -> pa.Table:
    """One row a value."""
    count = len(NAMES)
    rows = pa.array(np.repeat(np.arange(len(events), dtype=np.int32), count))
    kinds = pa.array(np.tile(np.arange(count, dtype=np.int32), len(events)))
    identities = {name: column.take(rows) for name, column in _identities(events).items()}
    return pa.table(
        identities
        | {"property": pa.DictionaryArray.from_arrays(kinds, list(NAMES)).cast(pa.string()), "value": _values(events)}
    )


def _identities(events: list[Uplink]) -> dict[str, pa.Array]:
    times = pa.array([event.time for event in events])
    return {
        "device_id": pa.array([event.deviceInfo.devEui for event in events]),
        "session": pa.array([event.devAddr for event in events]),
        "sequence": pa.array([event.fCnt for event in events], pa.int64()),
        "time": times.cast(pa.timestamp("us", tz="UTC")),
    }


def _values(events: list[Uplink]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    objects = (msgspec.structs.astuple(event.object) for event in events)
    return np.fromiter(chain.from_iterable(objects), np.float64, len(events) * len(NAMES))


if __name__ == "__main__":
    run(*sys.argv[1:])
