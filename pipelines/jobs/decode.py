"""Say what the pipeline makes of messages, without a broker and without writing anything."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

Headers = Sequence[tuple[str, str]]

# A bare payload has no device; the kernel wants one.
_NO_DEVICE = "bare payload"


@dataclass(frozen=True)
class DecodedValue:
    """One value of a message, as silver.observations would hold it."""

    device_id: str | None
    property: str
    value: float | None
    unit: str
    depth_cm: float | None
    channel: int | None
    phenomenon_time: datetime
    flag: int
    event_key: str


@dataclass(frozen=True)
class DecodedMessage:
    """One message, as bronze.events would hold it, with its values."""

    number: int
    verdict: str
    reasons: tuple[str, ...]
    format: str
    device_id: str | None
    result_time: datetime | None
    event_key: str | None
    observations: tuple[DecodedValue, ...]


def decode(
    settings: Settings,
    messages: Sequence[bytes],
    *,
    topic: str | None = None,
    headers: Headers = (),
    sensor: str | None = None,
    context: Path | None = None,
) -> list[DecodedMessage]:
    """Run the messages through the kernel as one batch of the tenant's, whose lake holds none of them yet.

    What the lake's registry says of devices counts as it does for the stream. The tenant is the one whose name `topic`
    begins with, if it is a topic of Kafka's; `sensor` names the model where neither registry nor message does, and
    `context` is a file of SensorThings entities that the client holds.

    Raises:
        UsageError: No sensor goes by the name, or the context cannot be read.
    """
    from pipelines.contracts.sensors import find
    from pipelines.jobs.sensorthings_context import read_context
    from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
    from pipelines.kernel.steps import steps
    from pipelines.lake.overrides import device_overrides
    from pipelines.lake.tables import Lake

    model = find(sensor).model if sensor else None
    entities = read_context(context) if context else None
    if not messages:
        return []
    records, now = _records(topic or settings.telemetry_topic, headers, messages), datetime.now(UTC)
    tenant_id = _tenant(topic) or settings.tenant
    with Batch(
        steps(), records, tenant_id=tenant_id, ingest_time=now, default_sensor=model, context=entities,
        overrides=device_overrides(Lake(settings.lake)),
    ) as batch:  # fmt: skip
        judged = batch.judge(KNOWN_KEYS_SCHEMA.empty_table())
    values: dict[int, list[DecodedValue]] = {}
    for row in judged.silver.to_pylist():
        values.setdefault(row["offset"], []).append(_value(row))
    return [_message(row, values.get(row["offset"], [])) for row in judged.events.to_pylist()]


def bare_payload(payload: str, f_port: int | None) -> bytes:
    """Wrap a device's own bytes, in hexadecimal, as a message that arrived now."""
    now = datetime.now(UTC).isoformat()
    message = {"device_id": _NO_DEVICE, "time": now, "payload_hex": "".join(payload.split()), "f_port": f_port}
    return json.dumps(message).encode()


def _tenant(topic: str | None) -> str | None:
    found = re.fullmatch(r"([^./]+)\.[^/]+", topic or "")
    return found[1] if found else None


def _records(topic: str, headers: Headers, messages: Sequence[bytes]) -> "pa.Table":
    import pyarrow as pa

    from pipelines.contracts.tables import table
    from pipelines.kernel.batch import RECORD_COLUMNS

    schema = table("bronze.events").arrow_schema
    now = datetime.now(UTC)
    sent = [{"key": key, "value": value.encode()} for key, value in headers] or None
    rows = [
        {"topic": topic, "partition": 0, "offset": number, "kafka_time": now, "headers": sent, "raw": message}
        for number, message in enumerate(messages, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in RECORD_COLUMNS]))


def _value(row: dict[str, Any]) -> DecodedValue:
    values = {name: row[name] for name in DecodedValue.__dataclass_fields__}
    return DecodedValue(**{**values, "device_id": _device(row)})


def _message(row: dict[str, Any], values: list[DecodedValue]) -> DecodedMessage:
    facts = {name: row[name] for name in ("verdict", "format", "result_time", "event_key")}
    return DecodedMessage(
        number=row["offset"],
        reasons=tuple(row["reasons"]),
        device_id=_device(row),
        observations=tuple(values),
        **facts,
    )


def _device(row: dict[str, Any]) -> str | None:
    device_id: str | None = row["device_id"]
    return None if device_id == _NO_DEVICE else device_id
