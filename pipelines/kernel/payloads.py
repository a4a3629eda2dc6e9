"""Payloads that the gateway left as the device sent them, read by the codec that the sensor's contract names."""

import base64
from collections.abc import Iterable, Mapping

import pyarrow as pa

from pipelines.contracts.sensors import Sensor
from pipelines.kernel.codecs import CODECS, Frame
from pipelines.kernel.meanings import Meanings, shortened

DECODED_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("meaning_id", pa.int32()),
        ("said", pa.float64()),
        ("phenomenon_time", pa.timestamp("us", tz="UTC")),
    ]
)
_SECOND_US = 1_000_000

Undecoded = tuple[int, str | None, str, bool, int | None]
"""Row, the sensor's names, the payload as text, whether that is hexadecimal (else base64), the port."""


class Decoded:
    """What the payloads held: values by meaning, the rows that are not their model's, and what was not understood."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.faults: list[int] = []
        self.reasons: list[tuple[int, str]] = []
        self._row_ids: list[int] = []
        self._meaning_ids: list[int] = []
        self._said: list[float | None] = []
        self._times: list[int | None] = []

    def keep(self, row_id: int, frames: Iterable[Frame], sensor: Sensor, meaning_ids: Mapping[str, int]) -> None:
        """Keep the values of a payload, each under what its key means."""
        for values, epoch_s in frames:
            moment = None if epoch_s is None else epoch_s * _SECOND_US
            for key, value in values.items():
                meaning_id = meaning_ids.get(key)
                if meaning_id is not None:
                    self._row_ids.append(row_id)
                    self._meaning_ids.append(meaning_id)
                    self._said.append(value)
                    self._times.append(moment)
                elif key not in sensor.ignored:
                    self.reasons.append((row_id, f"unknown_key:{shortened(key)}"))

    def values(self) -> pa.Table:
        """Return the values. Shape: one row a value, `DECODED_SCHEMA`."""
        columns = (self._row_ids, self._meaning_ids, self._said, self._times)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, DECODED_SCHEMA.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=DECODED_SCHEMA)


def decoded(payloads: Iterable[Undecoded], meanings: Meanings) -> Decoded:
    """Read the payloads of sensors whose contract names a codec."""
    found = Decoded()
    known: dict[str, dict[str, int]] = {}
    for row_id, names, text, is_hex, f_port in payloads:
        sensor = meanings.sensor(names)
        if sensor is None or sensor.codec is None:
            found.reasons.append((row_id, "unknown_sensor" if sensor is None else "undecoded_payload"))
            continue
        if sensor.model not in known:
            known[sensor.model] = _ids(sensor, meanings)
        try:
            frames = CODECS[sensor.codec](_bytes(text, is_hex=is_hex), f_port or 0)
        except ValueError:  # no hexadecimal, no base64, or a CodecError
            found.faults.append(row_id)
        else:
            found.keep(row_id, frames, sensor, known[sensor.model])
    return found


def _ids(sensor: Sensor, meanings: Meanings) -> dict[str, int]:
    return {reading.key: meanings.reading(sensor, reading) for reading in sensor.readings}


def _bytes(text: str, *, is_hex: bool) -> bytes:
    return bytes.fromhex(text) if is_hex else base64.b64decode(text, validate=True)
