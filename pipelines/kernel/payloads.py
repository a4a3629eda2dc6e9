"""Payloads that the gateway left as the device sent them, read by the codec that the sensor's contract names."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from pipelines.contracts.sensors import Sensor
from pipelines.kernel.codecs import CODECS, CodecError
from pipelines.kernel.meanings import Meanings, shortened

DECODED_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("meaning_id", pa.int32()),
        ("said", pa.float64()),
        ("phenomenon_time", pa.timestamp("us", tz="UTC")),
    ]
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Undecoded = tuple[int, str | None, str, bool, int | None]
"""Row, the sensor's names, the payload as text, whether that is hexadecimal (else base64), the port."""


@dataclass
class Decoded:
    """What the payloads held: values by meaning, the rows that are not their model's, and what was not understood."""

    values: pa.Table
    faults: list[int]
    reasons: list[tuple[int, str]]


def decoded(payloads: Iterable[Undecoded], meanings: Meanings) -> Decoded:
    """Read the payloads of sensors whose contract names a codec."""
    columns: tuple[list[int], list[int], list[float | None], list[datetime | None]] = ([], [], [], [])
    faults: list[int] = []
    reasons: list[tuple[int, str]] = []
    known: dict[str, dict[str, int]] = {}
    for row_id, names, text, is_hex, f_port in payloads:
        sensor = meanings.sensor(names)
        if sensor is None or sensor.codec is None:
            reasons.append((row_id, "unknown_sensor" if sensor is None else "undecoded_payload"))
            continue
        try:
            frames = CODECS[sensor.codec](_bytes(text, is_hex=is_hex), 0 if f_port is None else f_port)
        except (CodecError, binascii.Error, ValueError):
            faults.append(row_id)
            continue
        ids = known.get(sensor.model) or known.setdefault(sensor.model, _ids(sensor, meanings))
        for values, epoch_s in frames:
            moment = None if epoch_s is None else _EPOCH + timedelta(seconds=epoch_s)
            for key, value in values.items():
                meaning_id = ids.get(key)
                if meaning_id is not None:
                    for column, cell in zip(columns, (row_id, meaning_id, value, moment), strict=True):
                        column.append(cell)  # type: ignore[arg-type]  # each cell is of its own column
                elif key not in sensor.ignored:
                    reasons.append((row_id, f"unknown_key:{shortened(key)}"))
    arrays = [pa.array(column, kind) for column, kind in zip(columns, DECODED_SCHEMA.types, strict=True)]
    return Decoded(pa.Table.from_arrays(arrays, schema=DECODED_SCHEMA), faults, reasons)


def _ids(sensor: Sensor, meanings: Meanings) -> dict[str, int]:
    return {reading.key: meanings.reading(sensor, reading) for reading in sensor.readings}


def _bytes(text: str, *, is_hex: bool) -> bytes:
    return bytes.fromhex(text) if is_hex else base64.b64decode(text, validate=True)
