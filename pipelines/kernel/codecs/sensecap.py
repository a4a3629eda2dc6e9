"""SenseCAP: the weather station S2120 and the sensors S2101 to S2105; readings are known by measurement ids.

Source: Seeed-Solution/SenseCAP-Decoder and the user guides of S2120 and S210x.
"""

from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple

from pipelines.kernel.codecs.frame import Codec, CodecError, Frame, check_application_port, cut_off


class _Part(NamedTuple):
    """A part of an S2120 packet: its layout, and what its numbers are: key and factor."""

    layout: Struct
    values: tuple[tuple[str, float], ...]


_AIR = _Part(
    Struct(">hBIBH"),
    (("4097", 0.1), ("4098", 1), ("4099", 1), ("4190", 0.1), ("4105", 0.1)),
)
_WIND = _Part(Struct(">HIH"), (("4104", 1), ("4113", 0.001), ("4101", 10)))
_BATTERY = "Battery(%)"
_S2120: Mapping[int, _Part] = {
    0x01: _AIR,
    0x4A: _AIR,
    0x02: _WIND,
    0x4B: _WIND,
    0x4C: _Part(Struct(">HI"), (("4191", 0.1), ("4213", 0.001))),
    0x03: _Part(Struct(">B"), ((_BATTERY, 1),)),
    0x04: _Part(Struct(">B8x"), ((_BATTERY, 1),)),
    0x05: _Part(Struct(">4x"), ()),
    0x06: _Part(Struct(">x"), ()),
    0x10: _Part(Struct(">9x"), ()),
}

# Channel, id, value; then a checksum over all of them, which the vendor's decoder does not verify: one of the user
# guide's own examples would fail it, and LoRaWAN has secured the payload already.
_RECORD = Struct("<BHi")
_CHECKSUM_SIZE = 2
_FIRST_MEASUREMENT = 0x1001
_POWER = 0x0007
# Versions, ids, addresses, position, errors, model, removed sensor.
_ABOUT_ITSELF = frozenset({0x0000, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0009, 0x0120})


def decode_s2120(payload: bytes, f_port: int) -> list[Frame]:
    """Read the weather station S2120.

    Raises:
        CodecError: A part is not the model's, or is cut off.
    """
    check_application_port(f_port)
    values: dict[str, float | None] = {}
    at, end = 0, len(payload)
    while at < end:
        part = _S2120.get(payload[at])
        if part is None:
            expected = "01 to 06, 10 or 4a to 4c"
            raise CodecError("The part is not the model's", at=at, expected=expected, got=f"{payload[at]:02x}")
        at += 1
        if end - at < part.layout.size:
            raise cut_off(at, part.layout.size, payload)
        for (key, factor), raw in zip(part.values, part.layout.unpack_from(payload, at), strict=True):
            values[key] = raw * factor if factor >= 1 else raw / round(1 / factor)
        at += part.layout.size
    return [Frame(values)] if values else []


def decode_s210x(payload: bytes, f_port: int) -> list[Frame]:
    """Read a sensor S2101 to S2105: soil moisture, temperature and conductivity, air, light, CO2.

    Raises:
        CodecError: The length is not that of whole records, or a record is not the model's.
    """
    check_application_port(f_port)
    end = len(payload) - _CHECKSUM_SIZE
    if end < _RECORD.size or end % _RECORD.size:
        expected = f"records of {_RECORD.size} bytes and {_CHECKSUM_SIZE} of checksum"
        raise CodecError("The length is not the model's", at=len(payload), expected=expected, got=f"{len(payload)}")
    values: dict[str, float | None] = {}
    for at in range(0, end, _RECORD.size):
        _, identity, raw = _RECORD.unpack_from(payload, at)
        if identity >= _FIRST_MEASUREMENT:
            values[str(identity)] = raw / 1000
        elif identity == _POWER:
            values["battery"] = raw & 0xFFFF
        elif identity not in _ABOUT_ITSELF:
            raise CodecError("The record is not the model's", at=at + 1, expected="a known id", got=f"{identity:#06x}")
    return [Frame(values)] if values else []


CODECS: dict[str, Codec] = {"sensecap_s210x": decode_s210x, "sensecap_s2120": decode_s2120}
