"""What the kernel costs by itself, in CPU seconds of one process: records in memory in, verdicts and rows out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, RECORD_COLUMNS, Batch
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.payloads import Undecoded, decoded
from pipelines.kernel.steps import steps
from pipelines.simulate.farm import Farm, messages
from pipelines.simulate.instruments import read
from pipelines.simulate.vendors import INSTRUMENTS
from tests.bench.cheapest import cheapest_s

FEW_DEVICES, MANY_DEVICES = 100, 10_000
EVENTS, PAYLOADS = 100_000, 100_000
LEAST_EVENTS_PER_CPU_S, MOST_GROWTH, LEAST_PAYLOADS_PER_CPU_S = 150_000, 0.15, 50_000

_NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KernelFigures:
    """What the kernel does in a CPU-second, the cheapest of its runs."""

    events_per_cpu_s: float
    """ChirpStack uplinks of seven values, from 100 devices, read, judged, flagged."""
    growth: float
    """By how much an event costs more, where it is from one of 10,000 devices."""
    payloads_per_cpu_s: float
    """Devices' own bytes, of every model that has a codec alike, read into values by meaning."""


def kernel_figures(events: int = EVENTS, payloads: int = PAYLOADS, repeats: int = 5) -> KernelFigures:
    """Measure; few devices, many devices and codecs take turns, so that what the machine does besides falls on all."""
    few, many = (_uplinks(events, devices) for devices in (FEW_DEVICES, MANY_DEVICES))
    sent = sent_payloads(payloads)
    few_s, many_s, codecs_s = cheapest_s(
        lambda: _judge(few), lambda: _judge(many), lambda: decoded(sent, Meanings()).values(), turns=repeats
    )
    return KernelFigures(events / few_s, many_s / few_s - 1, payloads / codecs_s)


def _judge(records: pa.Table) -> None:
    with Batch(steps(), records, tenant_id="demo", ingest_time=_NOW) as batch:
        batch.judge(KNOWN_KEYS_SCHEMA.empty_table())


def _uplinks(events: int, devices: int) -> pa.Table:
    schema = table("bronze.events").arrow_schema
    rows = [
        {"topic": "demo.telemetry", "partition": 0, "offset": offset, "kafka_time": _NOW, "key": key, "raw": value}
        for offset, (key, value) in enumerate(messages(Farm(events, devices=devices)))
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in RECORD_COLUMNS]))


def sent_payloads(count: int) -> list[Undecoded]:
    """Return payloads of every model that has a codec, alike, as devices send them."""
    chance = Random(0)  # noqa: S311 - chance that can be had again
    senders = [each for each in INSTRUMENTS if each.has_payload]
    turns = ((number, senders[number % len(senders)]) for number in range(count))
    return [
        (number, each.model, (read(each, chance).payload or b"").hex(), True, each.f_port) for number, each in turns
    ]
