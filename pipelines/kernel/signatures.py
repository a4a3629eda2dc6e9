"""Payloads with the same keys of the same sensor, told apart once: which keys are read, how, and what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.contracts.sensors import Reading, Sensor
from pipelines.kernel.meanings import Meanings, shortened

# Payloads of a kind beyond these are read the long way: SQL must not grow with what senders make up.
MOST_KINDS = 64

SIGNATURE_SCHEMA = pa.schema(
    [
        ("signature", pa.uint64()),
        ("reasons", pa.list_(pa.string())),
        ("payload_fault", pa.string()),
        ("first_meaning", pa.int32()),
        ("is_left_over", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Kind:
    """Payloads that the hot path reads: numbers under these keys, right in the object."""

    signature: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Signatures:
    """What the batch's payloads are: `table` for every kind (`SIGNATURE_SCHEMA`), and the kinds of the hot path."""

    table: pa.Table
    kinds: tuple[Kind, ...]


def signatures(seen: Iterable[tuple[int, str | None, list[str]]], meanings: Meanings) -> Signatures:
    """Tell the payloads apart; `seen` are signature, the sensor's names and keys, the most frequent first."""
    rows: list[dict[str, object]] = []
    kinds: list[Kind] = []
    for signature, names, keys in seen:
        sensor = meanings.sensor(names)
        row: dict[str, object] = {"signature": signature, "reasons": [], "is_left_over": False}
        rows.append(row)
        if sensor is None:
            row["reasons"] = ["unknown_sensor"]
            continue
        repeated = sorted({key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else ())
        if repeated:
            row["payload_fault"] = "duplicate_key"
            continue
        if not keys:
            row["reasons"] = ["unknown_payload"]
            continue
        row["reasons"] = [f"unknown_key:{shortened(key)}" for key in keys if not _is_known(sensor, key)]
        readings = _plain_readings(sensor, set(keys))
        if readings is None or len(kinds) == MOST_KINDS:
            row["is_left_over"] = True
        elif readings:
            row["first_meaning"] = meanings.consecutive(sensor, readings)
            kinds.append(Kind(signature, tuple(reading.key for reading in readings)))
    return Signatures(pa.Table.from_pylist(rows, schema=SIGNATURE_SCHEMA), tuple(kinds))


def _is_known(sensor: Sensor, key: str) -> bool:
    listed = sensor.items and sensor.items.at.partition(".")[0]
    known = {reading.key.partition(".")[0] for reading in sensor.readings}
    return key == listed or key in known or key in sensor.ignored or any(key == each.key for each in sensor.readings)


def _plain_readings(sensor: Sensor, keys: set[str]) -> Sequence[Reading] | None:
    """Return the readings that lie right in the object; None where some lie deeper, or two would be one observation."""
    readings = [reading for reading in sensor.readings if reading.key in keys]
    nested = {reading.key.partition(".")[0] for reading in sensor.readings if reading.key not in keys} & keys
    listed = sensor.items is not None and sensor.items.at.partition(".")[0] in keys
    places = {(reading.quantity.name, reading.channel, reading.depth_cm) for reading in readings}
    # DuckDB tells the members of a struct apart without regard to case.
    folded = {reading.key.lower() for reading in readings}
    if nested or listed or len(places) < len(readings) or len(folded) < len(readings):
        return None
    return readings
