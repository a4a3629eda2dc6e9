"""Tektelic agriculture sensor (KIWI, CLOVER): blocks of channel, type and a number, most significant byte first.

Source: TheThingsNetwork/lorawan-devices, vendor/tektelic/decoder_agriculture_sensor.js.
"""

import math

from pipelines.kernel.codecs.frame import Codec, Frame, wrong_port
from pipelines.kernel.codecs.tlv import Block, Values, frames, number, one

_READINGS, _SETTINGS = 10, 100

# Tension of a Watermark over the frequency of its circuit, in straight pieces; drier and wetter, it stays.
_TENSION_KPA = ((293, 200.0), (485, 100.0), (600, 75.0), (770, 55.0), (1110, 35.0), (2820, 15.0), (4330, 9.0))
_TENSION_SLOPE = (0.5208, 0.2174, 0.1176, 0.05884, 0.01170, 0.003974, 0.004286)
_WET_ABOVE_HZ = 6430

# Water by mass in the soil around the built-in probe, over the detuning from dry: its steps, in kHz.
_DRY_KHZ = 1367
_WATER_BY_MASS = (
    *((3, 0.0), (6, 0.1), (11, 0.2), (16, 0.3), (21, 0.4), (26, 0.5), (31, 0.6), (36, 0.7), (41, 0.8)),
    *((46, 0.9), (51, 1.0), (56, 1.1), (61, 1.2), (80, 2.0)),
)


def _battery(payload: bytes, at: int, values: Values) -> None:
    values["Battery Status.level"] = round(2.5 + (payload[at] & 0x7F) * 0.01, 2)


_BLOCKS = {
    0x00BA: one(1, _battery),
    0x00FF: one(2, number("battery_voltage", ">H", 100)),
    0x0104: one(2, number("input1_frequency", ">H")),
    0x0202: one(2, number("input2_voltage", ">H")),
    0x0302: one(2, number("input3_voltage", ">H")),
    0x0402: one(2, number("input4_voltage", ">H")),
    0x0504: one(2, number("input5_frequency", ">H")),
    0x0604: one(2, number("input6_frequency", ">H")),
    0x0965: one(2, number("light_intensity", ">H")),
    0x0900: Block(1),
    0x0A71: Block(6),
    0x0A00: Block(1),
    0x0B67: one(2, number("ambient_temperature", ">h", 10)),
    0x0B68: one(1, number("relative_humidity", ">B", 2)),
    0x0C67: one(2, number("mcu_temperature", ">h", 10)),
}


def decode(payload: bytes, f_port: int) -> list[Frame]:
    """Read an agriculture sensor, and work out what its inputs mean.

    Raises:
        CodecError: The port is not the model's, a block is not, or a block is cut off.
    """
    if f_port == _SETTINGS:
        return []
    if f_port != _READINGS:
        raise wrong_port(f_port, "10 or 100")
    decoded = frames(payload, _BLOCKS)
    for frame in decoded:
        _derive_built_in_probe(frame.values)
        _derive_watermark(frame.values, "1", "input3_voltage", "input5_frequency")
        _derive_watermark(frame.values, "2", "input4_voltage", "input6_frequency")
    return decoded


def _derive_built_in_probe(values: Values) -> None:
    frequency_khz, voltage_mv = values.get("input1_frequency"), values.get("input2_voltage")
    if frequency_khz is not None:
        values["soil_gwc"] = _water_by_mass(frequency_khz)
    if voltage_mv:
        values["soil_temp"] = -32.46 * math.log(voltage_mv) + 236.36


def _derive_watermark(values: Values, number: str, voltage: str, frequency: str) -> None:
    voltage_mv, frequency_hz = values.get(voltage), values.get(frequency)
    # No voltage or no frequency: nothing is connected.
    if voltage_mv and frequency_hz:
        temperature_c = -31.96 * math.log(voltage_mv) + 213.25
        values[f"temperature{number}"] = temperature_c
        values[f"adj_watermark{number}"] = _tension_kpa(frequency_hz) * (1 - 0.019 * (temperature_c - 24))


def _tension_kpa(frequency_hz: float) -> float:
    if frequency_hz > _WET_ABOVE_HZ:
        return 0.0
    if frequency_hz < _TENSION_KPA[0][0]:
        return _TENSION_KPA[0][1]
    ends = [*(start for start, _ in _TENSION_KPA[1:]), _WET_ABOVE_HZ]
    place = next(place for place, end in enumerate(ends) if frequency_hz <= end)
    start_hz, tension_kpa = _TENSION_KPA[place]
    return tension_kpa - (frequency_hz - start_hz) * _TENSION_SLOPE[place]


def _water_by_mass(frequency_khz: float) -> float | None:
    detuning_khz = abs(frequency_khz - _DRY_KHZ)
    return next((water for limit_khz, water in _WATER_BY_MASS if detuning_khz <= limit_khz), None)


CODECS: dict[str, Codec] = {"tektelic_agriculture": decode}
