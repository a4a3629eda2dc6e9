"""Dragino: fixed layouts, most significant byte first; the battery first, then an optional DS18B20.

Source: dragino/dragino-end-node-decoder and the user manuals at wiki.dragino.com.
"""

from struct import Struct

from pipelines.kernel.codecs.frame import Codec, CodecError, Frame, check_length, cut_off, wrong_port

_DATA, _SETTINGS, _STATUS = 2, 4, 5

# What stands where no DS18B20 is connected: 3276.7 and, from the bus that nothing pulls, 327.6 degrees.
_NO_PROBE = frozenset({0x7FFF, 0x0CCC})

_SOIL = Struct(">HhHHHB")
_SOIL_HEAD = Struct(">HhB")
_SOIL_PROBE = Struct(">HHH")
_LEAF = Struct(">HhHHBBB")
_FLOW = Struct(">BIBBI")

# Pulses a litre, by the flag that says which of the vendor's meters is connected.
_PULSES_PER_LITRE = {2: 60.0, 1: 360.0}
_PULSES_PER_LITRE_OTHERWISE = 450.0


def decode_lse01(payload: bytes, f_port: int) -> list[Frame]:
    """Read the soil probe LSE01 with firmware before 1.2.1.

    Raises:
        CodecError: The port or the length is not the model's.
    """
    if f_port != _DATA:
        raise wrong_port(f_port, "2")
    check_length(payload, _SOIL.size)
    battery, probe, water, temperature, conductivity, flags = _SOIL.unpack(payload)
    soil: dict[str, float | None] = {
        "water_SOIL": water / 100,
        "temp_SOIL": _centi(temperature),
        "conduct_SOIL": conductivity,
    }
    # Zeros throughout and no sensor detected: the cable is out, the soil is not dry and at 0 degrees.
    if not flags & 0x10 and water == temperature == conductivity == 0:
        soil = dict.fromkeys(soil)
    return [Frame({"Bat": _volts(battery), "TempC_DS18B20": _probe(probe), **soil})]


def decode_se01(payload: bytes, f_port: int) -> list[Frame]:
    """Read the soil probes SE01-LB and SE01-LS, and LSE01 from firmware 1.2.1 on.

    Raises:
        CodecError: The port or the length is not the model's, or it is a record from the device's memory, whose
            layout is not published.
    """
    if f_port == _STATUS:
        return []
    if f_port != _DATA:
        raise wrong_port(f_port, "2 or 5 (the layout of the datalog on port 3 is not published)")
    check_length(payload, _SOIL.size)
    battery, probe, first, second, third, flags = _SOIL.unpack(payload)
    soil = _soil("", bool(flags & 0x80), first, second, third)
    if not flags & 0x10:
        soil = dict.fromkeys(soil)
    return [Frame({"BatV": _volts(battery), "temp_DS18B20": _probe(probe), **soil})]


def decode_se0x(payload: bytes, f_port: int) -> list[Frame]:
    """Read the soil station SE0X-LB and SE0X-LS, one to four probes.

    Raises:
        CodecError: The port is not the model's, or a probe that is said to be there is cut off.
    """
    if f_port == _STATUS:
        return []
    if f_port != _DATA:
        raise wrong_port(f_port, "2 or 5")
    if len(payload) < _SOIL_HEAD.size:
        raise cut_off(0, _SOIL_HEAD.size, payload)
    battery, probe, flags = _SOIL_HEAD.unpack_from(payload)
    values: dict[str, float | None] = {"BatV": _volts(battery), "temp_DS18B20": _probe(probe)}
    for place in range(4):
        if flags >> 3 - place & 1:
            at = _SOIL_HEAD.size + place * _SOIL_PROBE.size
            end = at + _SOIL_PROBE.size
            if len(payload) < end:
                got = f"{len(payload)}"
                raise CodecError("A probe is cut off", at=len(payload), expected=f"{end} bytes", got=got)
            values |= _soil(str(place + 1), bool(flags & 0x80), *_SOIL_PROBE.unpack_from(payload, at))
    return [Frame(values)]


def decode_llms01(payload: bytes, f_port: int) -> list[Frame]:
    """Read the leaf moisture sensor LLMS01.

    Raises:
        CodecError: The port or the length is not the model's.
    """
    if f_port != _DATA:
        raise wrong_port(f_port, "2")
    check_length(payload, _LEAF.size)
    battery, probe, moisture, temperature, *_ = _LEAF.unpack(payload)
    return [
        Frame(
            {
                "Bat": _volts(battery),
                "TempC_DS18B20": _probe(probe),
                "Leaf_Moisture": moisture / 10,
                "Leaf_Temperature": _wrapped(temperature) / 10,
            }
        )
    ]


def decode_sw3l(payload: bytes, f_port: int) -> list[Frame]:
    """Read the flow sensor SW3L: the pulses since it was set up, or since the last uplink, by its mode.

    Raises:
        CodecError: The port or the length is not the model's.
    """
    if f_port in {_SETTINGS, _STATUS}:
        return []
    if f_port != _DATA:
        raise wrong_port(f_port, "2, 4 or 5 (what a datalog on port 3 counts is not published)")
    check_length(payload, _FLOW.size)
    flags, pulses, mode, _, epoch_s = _FLOW.unpack(payload)
    if mode == 1:
        return [Frame({"Last_pulse": pulses}, epoch_s)]
    return [Frame({"Total_pulse": pulses, "Water_flow_value": _litres(flags, pulses)}, epoch_s)]


def _litres(flags: int, pulses: int) -> float:
    return round(pulses / _PULSES_PER_LITRE.get(flags >> 2, _PULSES_PER_LITRE_OTHERWISE), 1)


def _soil(place: str, is_raw: bool, first: int, second: int, third: int) -> dict[str, float | None]:
    if is_raw:
        return {
            f"Soil_dielectric_constant{place}": first / 10,
            f"Raw_water_SOIL{place}": second,
            f"Raw_conduct_SOIL{place}": third,
        }
    return {f"water_SOIL{place}": first / 100, f"temp_SOIL{place}": _centi(second), f"conduct_SOIL{place}": third}


def _volts(raw: int) -> float:
    return (raw & 0x3FFF) / 1000


def _probe(raw: int) -> float | None:
    return None if raw in _NO_PROBE else raw / 10


def _centi(raw: int) -> float:
    return _wrapped(raw) / 100


def _wrapped(raw: int) -> int:
    # The manual and every decoder of theirs subtract FFFF, not 10000: FF7E is -1.29 degrees.
    return raw - 0xFFFF if raw & 0x8000 else raw


CODECS: dict[str, Codec] = {
    "dragino_llms01": decode_llms01,
    "dragino_lse01": decode_lse01,
    "dragino_se01": decode_se01,
    "dragino_se0x": decode_se0x,
    "dragino_sw3l": decode_sw3l,
}
