"""The load that every contender takes in: sent to Kafka once, and written down as what must come of it."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.tables import table
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.simulate.farm import Farm, messages
from pipelines.stream.broker import ensure_topic, partition_of
from tests.bench.wide_rows import ROW_SCHEMA, VALUES

PARTITIONS = 2
T = TypeVar("T")

# As large as the batches in which Spark hands rows to Python.
_ROWS = 10_000

_RECORD_SCHEMA = pa.schema([table("bronze.events").arrow_schema.field(name) for name in RECORD_COLUMNS])


@dataclass(frozen=True)
class Load:
    """What was sent, and where it is written down."""

    topic: str
    messages: int
    message_bytes: int
    truth: Path
    """Parquet: a row per message that is whole, in `ROW_SCHEMA`; duplicates are there twice."""
    records: tuple[Path, ...]
    """Arrow files, one a partition: the messages as rows of Kafka's columns."""


def write_load(farm: Farm, topic: str, folder: Path) -> Load:
    """Write the load down, as truth and as records."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / "truth.parquet"
    records = tuple(folder / f"records-{partition}.arrow" for partition in range(PARTITIONS))
    kafka_time = datetime.now(UTC)
    offsets = Counter[int]()
    size_bytes = 0
    with contextlib.ExitStack() as files:
        whole = _Rows(files.enter_context(pq.ParquetWriter(truth, ROW_SCHEMA)), ROW_SCHEMA)
        places = [
            _Rows(files.enter_context(pa.ipc.new_file(str(path), _RECORD_SCHEMA)), _RECORD_SCHEMA) for path in records
        ]
        for partition, key, value in placed(farm):
            place = {"topic": topic, "partition": partition, "offset": offsets[partition], "kafka_time": kafka_time}
            places[partition].add(place | {"key": key, "headers": [], "raw": value})
            offsets[partition] += 1
            size_bytes += len(value)
            if (row := read_plainly(value)) is not None:
                whole.add(row)
        for rows in (whole, *places):
            rows.flush()
    return Load(topic, farm.messages, size_bytes, truth, records)


class _Rows:
    """Rows on their way into a file, some thousands at a time."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._waiting: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._waiting.append(row)
        if len(self._waiting) == _ROWS:
            self.flush()

    def flush(self) -> None:
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._waiting, schema=self._schema))
        self._waiting.clear()


def deliver(messages: Iterable[tuple[int, bytes, bytes]], address: str, topic: str, compression: str = "none") -> None:
    """Send messages to the topic, which is made for them, and wait until the broker has them all."""
    from confluent_kafka import Producer

    ensure_topic(address, topic, PARTITIONS)
    failures: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": address,
            "enable.idempotence": True,
            "linger.ms": 20,
            "compression.type": compression,
            "log_level": 3,
        }
    )

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failures.append(str(error))

    for partition, key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key, partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()
    if failures:
        raise RuntimeError(f"{len(failures)} messages were not delivered: {failures[0]}")


def placed(farm: Farm) -> Iterator[tuple[int, bytes, bytes]]:
    """Give (partition, key, value) of every message: keyed by device, as producers must."""
    partition = lru_cache(maxsize=farm.devices)(partition_of)
    for key, value in messages(farm):
        yield partition(key, PARTITIONS), key, value


def paced(messages: Iterable[T], rate: float) -> Iterator[T]:
    """Give messages at a steady rate; whoever takes them late gets those that are due at once."""
    started = time.monotonic()
    for number, message in enumerate(messages):
        ahead_s = number / rate - (time.monotonic() - started)
        if ahead_s > 0.005:
            time.sleep(ahead_s)
        yield message


def read_plainly(value: bytes) -> dict[str, Any] | None:
    """Read a message with nothing but the standard library; None where it is cut off."""
    try:
        event = json.loads(value)
    except ValueError:
        return None
    return {
        "device_id": event["deviceInfo"]["devEui"],
        "session": event["devAddr"],
        "sequence": event["fCnt"],
        "time": datetime.fromisoformat(event["time"]),
        **{name: event["object"][name] for name in VALUES},
    }
