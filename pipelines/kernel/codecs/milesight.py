"""Milesight: blocks of channel, type and a number, least significant byte first; history blocks carry their time.

Source: Milesight-IoT/SensorDecoders, README and decoder of each model.
"""

import math
from collections.abc import Mapping
from struct import Struct

from pipelines.kernel.codecs.frame import Codec, Frame, check_application_port
from pipelines.kernel.codecs.tlv import Block, Reader, Values, frames, number, one

_HISTORY = 0x20CE
_HISTORY_V2 = 0x21CE

# The probe could not be read, or said something outside its range.
_NOT_READ = frozenset({0xFFFF, 0xFFFD})
_NOT_READ_SIGNED = frozenset({-1, -3})

# What a device says of itself, and its answers to settings: no measurement, but known lengths.
_ATTRIBUTES = {0x01: 1, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0xFE: 1, 0xFF: 2}
_ANSWER_SIZES = {
    1: (
        0x10,
        0x27,
        0x28,
        0x3B,
        0x4A,
        0x68,
        0x69,
        0x84,
        0xC3,
        0xF5,
    ),
    2: (
        0x02,
        0x03,
        0x17,
        0x18,
        0x1C,
        0x4E,
        0xA3,
        0xA4,
        0xF2,
    ),
    3: (0x6A,),
    4: (
        0x11,
        0x79,
        0xF1,
    ),
    5: (0x92,),
    7: (0xA1,),
    8: (
        0x35,
        0x96,
    ),
    9: (
        0x06,
        0xA2,
    ),
}
_ANSWERS = {kind: size for size, kinds in _ANSWER_SIZES.items() for kind in kinds}
_SILENT = {
    **{0xFF00 | kind: Block(size) for kind, size in {**_ANSWERS, **_ATTRIBUTES}.items()},
    **{0xFE00 | kind: Block(size) for kind, size in _ANSWERS.items()},
}

_BATTERY = {0x0175: one(1, number("battery", "<B"))}
_TEMPERATURE = number("temperature", "<h", 10)
_HUMIDITY = number("humidity", "<B", 2)
_PRESSURE = number("pressure", "<H", 10)
# With the change since the last reading and the alarm's kind behind it.
_TEMPERATURE_ALARM = {0x83D7: one(5, _TEMPERATURE)}


def _history(size: int, *readers: tuple[int, Reader], header: int = _HISTORY) -> dict[int, Block]:
    return {header: Block(size, readers, has_own_time=True)}


def _float(key: str) -> Reader:
    unpack = Struct("<f").unpack_from

    def read(payload: bytes, at: int, values: Values) -> None:
        (raw,) = unpack(payload, at)
        values[key] = raw if math.isfinite(raw) else None

    return read


_SOIL_TEMPERATURE = number("temperature", "<h", 10, _NOT_READ_SIGNED)
_SOIL_MOISTURE = number("moisture", "<H", 100, _NOT_READ)
_SOIL_EC = number("ec", "<H", missing=_NOT_READ)

_EM500_SMTC = {
    0x0367: one(2, _SOIL_TEMPERATURE),
    0x0468: one(1, number("moisture", "<B", 2)),
    0x04CA: one(2, _SOIL_MOISTURE),
    0x057F: one(2, _SOIL_EC),
    **_TEMPERATURE_ALARM,
    **_history(10, (4, _SOIL_EC), (6, _SOIL_TEMPERATURE), (8, _SOIL_MOISTURE)),
}
_CO2 = number("co2", "<H")
_EM500_CO2 = {
    0x0367: one(2, _TEMPERATURE),
    0x0468: one(1, _HUMIDITY),
    0x057D: one(2, _CO2),
    0x0673: one(2, _PRESSURE),
    **_TEMPERATURE_ALARM,
    **_history(11, (4, _CO2), (6, _PRESSURE), (8, _TEMPERATURE), (10, _HUMIDITY)),
}
_ILLUMINATION = number("illumination", "<I")
_EM500_LGT = {0x0394: one(4, _ILLUMINATION), **_history(8, (4, _ILLUMINATION))}
_EM500_PP = {0x037B: one(2, number("pressure", "<H")), **_history(6, (4, number("pressure", "<H")))}
_EM500_PT100 = {0x0367: one(2, _TEMPERATURE), **_TEMPERATURE_ALARM, **_history(6, (4, _TEMPERATURE))}
_DEPTH = number("depth", "<H")
_EM500_SWL = {0x0377: one(2, _DEPTH), **_history(6, (4, _DEPTH))}
_DISTANCE = number("distance", "<H")
_EM500_UDL = {0x0382: one(2, _DISTANCE), 0x83E9: one(5, _DISTANCE), **_history(6, (4, _DISTANCE))}

_RAIN = number("rainfall_total", "<H", 100)
_RAIN_LONG = number("rainfall_total", "<I", 100)
_WIND_DIRECTION = number("wind_direction", "<H", 10)
_WIND_SPEED = number("wind_speed", "<H", 10)
_WTS506_PAST = ((4, _TEMPERATURE), (6, _HUMIDITY), (7, _PRESSURE), (9, _WIND_DIRECTION), (11, _WIND_SPEED))
_WTS506 = {
    0x0367: one(2, _TEMPERATURE),
    0x0468: one(1, _HUMIDITY),
    0x0584: one(2, _WIND_DIRECTION),
    0x0673: one(2, _PRESSURE),
    0x0792: one(2, _WIND_SPEED),
    0x0877: one(3, _RAIN),
    0x08EC: one(5, _RAIN_LONG),
    0x8367: one(3, _TEMPERATURE),
    0x8673: one(3, _PRESSURE),
    0x8792: one(3, _WIND_SPEED),
    0x88EC: one(6, _RAIN_LONG),
    **_history(15, *_WTS506_PAST, (13, _RAIN)),
    **_history(17, *_WTS506_PAST, (13, _RAIN_LONG), header=_HISTORY_V2),
}

_COUNTS = 2
_PULSE = number("pulse", "<I")
_WATER = _float("water")
_LEVEL = number("gpio", "<B")


def _past_count(mode_at: int, level_at: int, count_at: int, count: Reader) -> Reader:
    """Read what a record of the pulse counter's memory holds by its mode: the pin's level, or the count."""

    def read(payload: bytes, at: int, values: Values) -> None:
        if payload[at + mode_at] == _COUNTS:
            count(payload, at + count_at, values)
        else:
            _LEVEL(payload, at + level_at, values)

    return read


_EM300_DI = {
    0x0367: one(2, _TEMPERATURE),
    0x0468: one(1, _HUMIDITY),
    0x0500: one(1, _LEVEL),
    0x05C8: one(4, _PULSE),
    0x05E1: Block(8, ((4, _WATER),)),
    0x8500: one(2, _LEVEL),
    0x85E1: Block(9, ((4, _WATER),)),
    **_history(13, (4, _TEMPERATURE), (6, _HUMIDITY), (0, _past_count(7, 8, 9, _PULSE))),
    **_history(18, (4, _TEMPERATURE), (6, _HUMIDITY), (0, _past_count(8, 9, 14, _WATER)), header=_HISTORY_V2),
}
_UC511 = {
    0x0301: one(1, number("valve_1", "<B")),
    0x0501: one(1, number("valve_2", "<B")),
    0x04C8: one(4, number("valve_1_pulse", "<I")),
    0x06C8: one(4, number("valve_2_pulse", "<I")),
}


def _codec(blocks: Mapping[int, Block]) -> Codec:
    known = {**_SILENT, **_BATTERY, **blocks}

    def decode(payload: bytes, f_port: int) -> list[Frame]:
        check_application_port(f_port)
        return frames(payload, known)

    return decode


CODECS: dict[str, Codec] = {
    "milesight_em300_di": _codec(_EM300_DI),
    "milesight_em500_co2": _codec(_EM500_CO2),
    "milesight_em500_lgt": _codec(_EM500_LGT),
    "milesight_em500_pp": _codec(_EM500_PP),
    "milesight_em500_pt100": _codec(_EM500_PT100),
    "milesight_em500_smtc": _codec(_EM500_SMTC),
    "milesight_em500_swl": _codec(_EM500_SWL),
    "milesight_em500_udl": _codec(_EM500_UDL),
    "milesight_uc511": _codec(_UC511),
    "milesight_wts506": _codec(_WTS506),
}
