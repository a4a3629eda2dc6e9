"""Decentlab: a flag for each sensor that is in the payload, then its 16-bit words.

Source: decentlab/decentlab-decoders, the decoder of each model.
"""

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from pipelines.kernel.codecs.frame import Codec, CodecError, Frame, check_application_port, cut_off

_VERSION = 2
_HEADER = Struct(">BHH")

Words = tuple[int, ...]
Convert = Callable[[Words], float | None]


class _Sensor(NamedTuple):
    """One flag's sensor: its words, and what they mean."""

    words: Struct
    values: tuple[tuple[str, Convert], ...]


def _sensor(count: int, **values: Convert) -> _Sensor:
    # Their decoder nests each value beside its unit: {"soil_temperature": {"value": 31.7, "unit": "°C"}}.
    return _Sensor(Struct(f">{count}H"), tuple((f"{name}.value", convert) for name, convert in values.items()))


def _scaled(index: int, divisor: float = 1) -> Convert:
    return lambda words: words[index] / divisor


def _signed(index: int, divisor: float = 1, zero: int = 32768) -> Convert:
    # The least word there is: far outside what any of the sensors measures, and what an absent one leaves.
    return lambda words: (words[index] - zero) / divisor if words[index] else None


_BATTERY = _sensor(1, battery_voltage=_scaled(0, 1000))

_TRS12 = (
    _sensor(
        3,
        dielectric_permittivity=lambda words: _permittivity(words[0] / 10),
        volumetric_water_content=lambda words: words[0] / 10 * 0.0003879 - 0.6956,
        soil_temperature=_signed(1, 10),
        electrical_conductivity=_scaled(2),
    ),
    _BATTERY,
)
_TRS21 = (
    _sensor(2, water_potential=lambda words: -(words[0] / 10), soil_temperature=_signed(1, 10)),
    _BATTERY,
)
_LWS = (
    _sensor(2, leaf_wetness_index=lambda words: (words[0] + words[1] * 65536) / 8388608 - 1),
    _BATTERY,
)
_ATM41 = (
    _sensor(
        17,
        solar_radiation=_signed(0),
        precipitation=_signed(1, 1000),
        lightning_strike_count=_signed(2),
        lightning_average_distance=_signed(3),
        wind_speed=_signed(4, 100),
        wind_direction=_signed(5, 10),
        maximum_wind_speed=_signed(6, 100),
        air_temperature=_signed(7, 10),
        vapor_pressure=_signed(8, 100),
        atmospheric_pressure=_signed(9, 100),
        relative_humidity=_signed(10, 10),
        sensor_temperature_internal=_signed(11, 10),
        x_orientation_angle=_signed(12, 10),
        y_orientation_angle=_signed(13, 10),
        compass_heading=_signed(14),
        north_wind_speed=_signed(15, 100),
        east_wind_speed=_signed(16, 100),
    ),
    _BATTERY,
)
_ATM41G2 = (
    _sensor(
        17,
        solar_radiation=_signed(0, 10),
        precipitation=_scaled(1, 1000),
        lightning_strike_count=_signed(2),
        lightning_average_distance=_signed(3),
        wind_speed=_signed(4, 100),
        wind_direction=_signed(5, 10),
        maximum_wind_speed=_signed(6, 100),
        air_temperature=_signed(7, 10),
        vapor_pressure=_signed(8, 100),
        barometric_pressure=_signed(9, 100),
        relative_humidity=_signed(10, 10),
        internal_temperature=_signed(11, 10),
        tilt_angle_x_orientation=_signed(12, 10),
        tilt_angle_y_orientation=_signed(13, 10),
        precipitation_electrical_conductivity=_signed(14),
        cumulative_precipitation=lambda words: (words[15] + words[16] * 65536) / 1000,
    ),
    _BATTERY,
)
_SMTP = (
    _sensor(
        16,
        **{f"soil_moisture_at_depth_{depth}": _signed(2 * depth, 500, 2500) for depth in range(8)},
        **{f"soil_temperature_at_depth_{depth}": _signed(2 * depth + 1, 100) for depth in range(8)},
    ),
    _BATTERY,
)


def _permittivity(raw: float) -> float:
    return float((0.000000002887 * raw**3 - 0.0000208 * raw**2 + 0.05276 * raw - 43.39) ** 2)


def _codec(sensors: tuple[_Sensor, ...]) -> Codec:
    def decode(payload: bytes, f_port: int) -> list[Frame]:
        check_application_port(f_port)
        if len(payload) < _HEADER.size:
            raise cut_off(0, _HEADER.size, payload)
        version, _, flags = _HEADER.unpack_from(payload)
        if version != _VERSION:
            raise CodecError("The protocol is not known", at=0, expected=f"version {_VERSION}", got=f"{version}")
        if flags >> len(sensors):
            expected = f"flags of {len(sensors)} sensors"
            raise CodecError("A sensor is not the model's", at=3, expected=expected, got=f"{flags:#06x}")
        return _frames(payload, flags, sensors)

    return decode


def _frames(payload: bytes, flags: int, sensors: tuple[_Sensor, ...]) -> list[Frame]:
    values: dict[str, float | None] = {}
    at = _HEADER.size
    for position, sensor in enumerate(sensors):
        if flags >> position & 1:
            if len(payload) - at < sensor.words.size:
                raise cut_off(at, sensor.words.size, payload)
            words = sensor.words.unpack_from(payload, at)
            at += sensor.words.size
            for key, convert in sensor.values:
                values[key] = convert(words)
    if at != len(payload):
        raise CodecError("Bytes are left over", at=at, expected="the end", got=f"{len(payload) - at} bytes more")
    return [Frame(values)] if values else []


CODECS: dict[str, Codec] = {
    "decentlab_dl_atm41": _codec(_ATM41),
    "decentlab_dl_atm41g2": _codec(_ATM41G2),
    "decentlab_dl_lws": _codec(_LWS),
    "decentlab_dl_smtp": _codec(_SMTP),
    "decentlab_dl_trs12": _codec(_TRS12),
    "decentlab_dl_trs21": _codec(_TRS21),
}
