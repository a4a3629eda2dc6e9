"""What was sent, and what must lie in the tables of it: by the generator's own serials, never by the pipeline."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache

import pyarrow as pa

from pipelines.simulate.mixed import Message, Mixed, messages

PARTITIONS = 2
MESSAGES = 360

_SENT = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("key", pa.binary()),
        ("raw", pa.binary()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
    ]
)
_MEANT = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("device_id", pa.string()),
        ("sensor_model", pa.string()),
        ("property", pa.string()),
        ("channel", pa.int32()),
        ("depth_cm", pa.float64()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("flag", pa.int32()),
        ("phenomenon_time", pa.timestamp("us", tz="UTC")),
        ("result_time", pa.timestamp("us", tz="UTC")),
    ]
)

Parts = tuple[tuple[Message, ...], ...]
"""Messages by partition, each at its offset."""


@dataclass(frozen=True)
class Truth:
    """A topic's messages, each at the offset it must have, and what they mean."""

    tenant: str
    parts: Parts

    @property
    def topic(self) -> str:
        """The topic's name."""
        return f"{self.tenant}.telemetry"

    @property
    def ends(self) -> dict[int, int]:
        """The offset after the last message of each partition."""
        return {partition: len(part) for partition, part in enumerate(self.parts)}

    @cached_property
    def sent(self) -> pa.Table:
        """A row for each message: its place, its bytes, its verdict and reason."""
        rows = [
            (partition, offset, each.key, each.value, each.truth.verdict, each.truth.reason or "")
            for partition, part in enumerate(self.parts)
            for offset, each in enumerate(part)
        ]
        return _table(rows, _SENT)

    @cached_property
    def meant(self) -> pa.Table:
        """A row for each observation that silver must hold."""
        rows = [
            (partition, offset, value.device_id or each.truth.device_id, each.truth.sensor_model, value.property,
             value.channel, value.depth_cm, value.value, value.unit, value.flag,
             each.truth.result_time - timedelta(seconds=value.seconds_before), each.truth.result_time)
            for partition, part in enumerate(self.parts)
            for offset, each in enumerate(part)
            if each.truth.result_time is not None
            for value in each.truth.values
        ]  # fmt: skip
        return _table(rows, _MEANT)

    @cached_property
    def devices(self) -> list[str]:
        """Every device that measured something."""
        return sorted(set(self.meant["device_id"].to_pylist()))


@lru_cache(maxsize=64)
def truth(tenant: str, seed: int, count: int = MESSAGES) -> Truth:
    """Draw a tenant's mixed traffic: every format, a tenth late by weeks, a tenth copies, one in twenty poison."""
    drawn = messages(Mixed(count, duplicate_share=0.10, poison_share=0.05, seed=seed))
    return Truth(tenant, partitions((_of_tenant(message, tenant) for message in drawn), PARTITIONS))


def partitions(sent: Iterable[Message], count: int) -> Parts:
    """Lay messages out as Kafka does: a key's messages in one partition, in their order."""
    parts: list[list[Message]] = [[] for _ in range(count)]
    for message in sent:
        parts[zlib.crc32(message.key) % count].append(message)
    return tuple(map(tuple, parts))


def _of_tenant(message: Message, tenant: str) -> Message:
    """Let the platforms, which all speak for `acme`, speak for another."""
    value = message.value and message.value.replace(b'"acme"', f'"{tenant}"'.encode())
    headers = tuple((name, tenant.encode() if said == b"acme" else said) for name, said in message.headers)
    return message._replace(value=value, headers=headers)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
