"""Kafka records for tests, written the short way: ChirpStack uplinks of the two tower sensors."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pipelines.contracts.digest import contract_digest
from pipelines.contracts.tables import table
from pipelines.kernel.batch import RECORD_COLUMNS

TOPIC = "acme.telemetry"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
KAFKA_TIME = datetime(2026, 6, 1, 13, tzinfo=UTC)
INGEST_TIME = datetime(2026, 6, 1, 14, tzinfo=UTC)
STATION, PROBE = "Tower weather station", "Tower soil probe"


def uplink(
    payload: dict[str, Any],
    *,
    device: str = "a840410000000001",
    sensor: str = STATION,
    time: str | None = "2026-06-01T12:00:00Z",
    session: str = "00bb10a1",
    counter: int | None = 1,
) -> bytes:
    event = {
        "time": time,
        "deviceInfo": {"devEui": device, "deviceProfileName": sensor},
        "devAddr": session,
        "fCnt": counter,
        "object": payload,
    }
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def records(
    values: Iterable[bytes | None],
    *,
    partition: int = 0,
    start: int = 0,
    topic: str = TOPIC,
    key: str | None = None,
    headers: dict[str, str] | None = None,
) -> pa.Table:
    """Rows as an engine hands them to the kernel, at consecutive offsets of one partition."""
    schema = table("bronze.events").arrow_schema
    about = {
        "topic": topic,
        "partition": partition,
        "kafka_time": KAFKA_TIME,
        "key": None if key is None else key.encode(),
        "headers": headers and [{"key": name, "value": value.encode()} for name, value in headers.items()],
    }
    rows = [about | {"offset": offset, "raw": value} for offset, value in enumerate(values, start)]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in RECORD_COLUMNS]))


def event(partition: int, offset: int, **about: Any) -> dict[str, Any]:
    """A row of bronze.events, accepted unless said otherwise."""
    return {
        "topic": TOPIC, "partition": partition, "offset": offset, "kafka_time": KAFKA_TIME, "raw": b"12345",
        "tenant_id": "acme", "format": "f", "verdict": "accepted", "reasons": [], "result_time": NOON,
        "device_id": "d", "contract_digest": contract_digest(), "ingest_time": INGEST_TIME,
    } | about  # fmt: skip


@dataclass
class Topic:
    """A topic in memory: one list of values a partition."""

    partitions: Sequence[list[bytes | None]]

    @property
    def ends(self) -> dict[int, int]:
        return {partition: len(values) for partition, values in enumerate(self.partitions)}

    def read(self, partition: int, start: int, end: int) -> pa.Table:
        return records(self.partitions[partition][start:end], partition=partition, start=start)
