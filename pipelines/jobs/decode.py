"""Say what the pipeline makes of messages, without a broker and without writing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DecodedValue:
    """One value of a message, as silver.observations would hold it."""

    property: str
    depth_cm: float | None
    value: float | None
    unit: str
    flag: int
    reasons: tuple[str, ...]
    phenomenon_time: datetime


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


def decode(settings: Settings, messages: Sequence[bytes]) -> list[DecodedMessage]:
    """Run the messages through the kernel as one batch of the tenant's, whose lake holds none of them yet."""
    from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
    from pipelines.kernel.steps import steps

    if not messages:
        return []
    records, now = _records(settings.telemetry_topic, messages), datetime.now(UTC)
    with Batch(steps(), records, tenant_id=settings.tenant, ingest_time=now) as batch:
        judged = batch.judge(KNOWN_KEYS_SCHEMA.empty_table())
    values: dict[int, list[DecodedValue]] = {}
    for row in judged.observations.to_pylist():
        values.setdefault(row["offset"], []).append(_value(row))
    return [_message(row, values.get(row["offset"], [])) for row in judged.events.to_pylist()]


def _records(topic: str, messages: Sequence[bytes]) -> "pa.Table":
    import pyarrow as pa

    from pipelines.contracts.tables import table
    from pipelines.kernel.batch import RECORD_COLUMNS

    schema = table("bronze.events").arrow_schema
    now = datetime.now(UTC)
    rows = [
        {"topic": topic, "partition": 0, "offset": number, "kafka_time": now, "raw": message}
        for number, message in enumerate(messages, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in RECORD_COLUMNS]))


def _value(row: dict[str, object]) -> DecodedValue:
    return DecodedValue(**{name: _frozen(row[name]) for name in DecodedValue.__dataclass_fields__})  # type: ignore[arg-type]  # the contract's types


def _message(row: dict[str, object], values: list[DecodedValue]) -> DecodedMessage:
    names = ("verdict", "reasons", "format", "device_id", "result_time", "event_key")
    facts = {name: _frozen(row[name]) for name in names}
    return DecodedMessage(number=row["offset"], observations=tuple(values), **facts)  # type: ignore[arg-type]  # the contract's types


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
