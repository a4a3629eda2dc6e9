"""Sensefarm: a byte of type and number, then the value, most significant byte first.

Source: Sensefarm/protocols, Sensefarm-LPP.md; the keys are what its decoder prints.
"""

import math
from struct import Struct
from typing import NamedTuple

from pipelines.kernel.codecs.frame import Codec, CodecError, Frame, check_application_port, cut_off

_PROPRIETARY = 0x00
_RESISTANCE = 0x13
_VERSION = 0x17
_KNOWN_VERSION = 1

# A Watermark is 550 ohm when wet and 28 kohm at 200 kPa. Irrometer calls less than 200 ohm a short circuit; an
# open input shows as 10 230 005 ohm in the vendor's examples.
_SHORTED_BELOW_OHM = 200
_OPEN_FROM_OHM = 10_000_000


class _Type(NamedTuple):
    """One type of the protocol: the layout of its value, its key where it is a measurement, and its divisor."""

    layout: Struct
    key: str | None = None
    divisor: float = 1


_TYPES = {
    0x01: _Type(Struct(">f"), "Temperature"),
    0x02: _Type(Struct(">H"), "Relative_Humidity", 100),
    0x03: _Type(Struct(">6x")),
    0x04: _Type(Struct(">f"), "Illuminance"),
    0x05: _Type(Struct(">H"), "Analog"),
    0x06: _Type(Struct(">H"), "Voltage", 1000),
    0x07: _Type(Struct(">4x")),
    0x08: _Type(Struct(">H"), "Pulse"),
    0x09: _Type(Struct(">I"), "Pulse_ABS"),
    0x0A: _Type(Struct(">2x")),
    0x0B: _Type(Struct(">4x")),
    0x0C: _Type(Struct(">2x")),
    0x0D: _Type(Struct(">8x")),
    0x0E: _Type(Struct(">16x")),
    0x0F: _Type(Struct(">H"), "Wind_Speed", 100),
    0x10: _Type(Struct(">H"), "Wind_Direction", 100),
    0x11: _Type(Struct(">x")),
    0x12: _Type(Struct(">4x")),
    _RESISTANCE: _Type(Struct(">I"), "Resistance"),
    0x14: _Type(Struct(">8x")),
    0x15: _Type(Struct(">H"), "Soil_moisture"),
    0x16: _Type(Struct(">x")),
    _VERSION: _Type(Struct(">H")),
}


def decode_cube02(payload: bytes, f_port: int) -> list[Frame]:
    """Read a CUBE02, which says its protocol version: without it, wrong keys would pass as readings.

    Raises:
        CodecError: The version is missing or another, a type is not the protocol's, or a value is cut off.
    """
    values, version = _read(payload, f_port)
    if version != _KNOWN_VERSION:
        got = "none" if version is None else f"version {version}"
        raise CodecError("The protocol is not known", at=0, expected=f"version {_KNOWN_VERSION}", got=got)
    return [Frame(values)] if values else []


def decode_cube01(payload: bytes, f_port: int) -> list[Frame]:
    """Read a CUBE01, the model before, which does not say its version.

    Raises:
        CodecError: A type is not the protocol's, or a value is cut off.
    """
    values, _ = _read(payload, f_port)
    return [Frame(values)] if values else []


def _read(payload: bytes, f_port: int) -> tuple[dict[str, float | None], int | None]:
    check_application_port(f_port)
    values: dict[str, float | None] = {}
    version = None
    at, end = 0, len(payload)
    while at < end:
        header = payload[at]
        kind = header >> 3
        if kind == _PROPRIETARY:
            break
        known = _TYPES.get(kind)
        if known is None:
            raise CodecError("The type is not the protocol's", at=at, expected="00 to 17", got=f"{kind:02x}")
        at += 1
        if end - at < known.layout.size:
            raise cut_off(at, known.layout.size, payload)
        if known.key is not None:
            values[f"{known.key}-{header & 7}"] = _value(kind, known, payload, at)
        elif kind == _VERSION:
            version = int.from_bytes(payload[at : at + 2], "big")
        at += known.layout.size
    return values, version


def _value(kind: int, known: _Type, payload: bytes, at: int) -> float | None:
    (raw,) = known.layout.unpack_from(payload, at)
    if kind == _RESISTANCE and not _SHORTED_BELOW_OHM <= raw < _OPEN_FROM_OHM:
        return None
    return raw / known.divisor if math.isfinite(raw) else None


CODECS: dict[str, Codec] = {"sensefarm_cube01": decode_cube01, "sensefarm_cube02": decode_cube02}
