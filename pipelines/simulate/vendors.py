"""What the sensors of a farm send, model by model.

Written from the vendors' layouts and decoders, not from our contracts and codecs: those are to be tested with it.
"""

from collections.abc import Callable
from struct import pack

from pipelines.simulate.instruments import Instrument, Part, Said


def _by(divisor: float = 1, zero: int = 0) -> Callable[[int], float]:
    return lambda raw: (raw - zero) / divisor


def _one(  # noqa: PLR0917 - columns of the tables below
    layout: str, low: int, high: int, key: str, prop: str, unit: str, divisor: float = 1, factor: float = 1, *,
    channel: int | None = None, zero: int = 0, before: str = "", missing: int | None = None, wild: int | None = None,
) -> Part:  # fmt: skip
    said = Said(key, prop, unit, _by(divisor, zero), factor, channel)
    return Part(layout, low, high, (said,), before, missing, wild)


# Dragino: https://github.com/dragino/dragino-end-node-decoder. Battery first, then a DS18B20 that may be absent.
def _dragino(battery: str, probe: str) -> tuple[Part, Part]:
    return (
        _one(">H", 3000, 3600, battery, "battery_voltage", "V", 1000),
        _one(">h", 10, 350, probe, "probe_temperature", "Cel", 10, missing=0x7FFF),
    )


def _dragino_soil(place: str = "", channel: int | None = None) -> tuple[Part, Part, Part]:
    return (
        _one(">H", 500, 5500, f"water_SOIL{place}", "soil_moisture", "m3/m3", 100, 0.01, channel=channel, wild=9000),
        _one(">H", 50, 3500, f"temp_SOIL{place}", "soil_temperature", "Cel", 100, channel=channel),
        _one(">H", 50, 3000, f"conduct_SOIL{place}", "soil_ec", "dS/m", 1, 0.001, channel=channel),
    )


# Milesight: https://github.com/Milesight-IoT/SensorDecoders. Channel, type, number, least significant byte first.
_CHARGE = _one("<B", 20, 100, "battery", "battery_level", "%", before="0175")
_AIR = _one("<h", -150, 380, "temperature", "air_temperature", "Cel", 10, before="0367", wild=900)
_HUMIDITY = _one("<B", 40, 190, "humidity", "relative_humidity", "%", 2, before="0468")
_PRESSURE = _one("<H", 9300, 10300, "pressure", "air_pressure", "hPa", 10, before="0673")


def _pulses(key: str, before: str, channel: int | None = None) -> Part:
    return _one("<I", 0, 2**31, key, "pulse_count", "1", channel=channel, before=before)


# Decentlab: https://github.com/decentlab/decentlab-decoders. Words above 32768, which is zero; 0 where there is none.
def _word(  # noqa: PLR0917 - columns of the tables below
    low: int, high: int, key: str, prop: str, unit: str, divisor: float = 1, factor: float = 1, *,
    channel: int | None = None, zero: int = 32768, before: str = "",
) -> Part:  # fmt: skip
    return _one(
        ">H", low + zero, high + zero, key, prop, unit, divisor, factor,
        channel=channel, zero=zero, before=before, missing=0,
    )  # fmt: skip


def _permittivity(raw: int) -> float:
    """By METER's TEROS 12 integrator guide."""
    counts = raw / 10
    return float((2.887e-9 * counts**3 - 2.08e-5 * counts**2 + 5.276e-2 * counts - 43.39) ** 2)


_CELL = _one(">H", 2400, 3300, "battery_voltage", "battery_voltage", "V", 1000)
_UNUSED = Part(">H", 32768, 32768, ())


def _atmos(  # noqa: PLR0917 - columns of the tables below
    sun: int, rain_zero: int, pressure: str, inside: str, tilt: tuple[str, str], before: str
) -> tuple[Part, ...]:
    rain = ("precipitation", "precipitation", "mm", 1000)
    return (
        _word(0, 1000 * sun, "solar_radiation", "solar_radiation", "W/m2", sun, before=before),
        _one(">H", rain_zero, rain_zero + 9000, *rain, zero=rain_zero),
        _word(0, 40, "lightning_strike_count", "lightning_strikes", "1"),
        _word(0, 40, "lightning_average_distance", "lightning_distance", "km"),
        _word(0, 1900, "wind_speed", "wind_speed", "m/s", 100),
        _word(0, 3599, "wind_direction", "wind_direction", "deg", 10),
        _word(0, 2900, "maximum_wind_speed", "wind_gust", "m/s", 100),
        _word(-200, 380, "air_temperature", "air_temperature", "Cel", 10),
        _word(30, 400, "vapor_pressure", "vapor_pressure", "kPa", 100),
        _word(8500, 10300, pressure, "air_pressure", "hPa", 100, 10),
        _word(150, 990, "relative_humidity", "relative_humidity", "%", 10),
        _word(-200, 500, inside, "device_temperature", "Cel", 10),
        _word(-90, 90, tilt[0], "tilt", "deg", 10, channel=1),
        _word(-90, 90, tilt[1], "tilt", "deg", 10, channel=2),
    )


# SenseCAP: https://github.com/Seeed-Solution/SenseCAP-Decoder and the S210x user guide, 9.3.
def _record(  # noqa: PLR0917 - columns of the tables below
    low: int, high: int, key: int, prop: str, unit: str, factor: float = 1
) -> Part:
    return _one("<i", low, high, str(key), prop, unit, 1000, factor, before=f"01{pack('<H', key).hex()}")


_S210X = (
    _record(1000, 35_000, 4102, "soil_temperature", "Cel"),
    _record(5000, 55_000, 4103, "soil_moisture", "m3/m3", 0.01),
)


# Sensefarm: https://github.com/Sensefarm/protocols, Sensefarm-LPP.md. Type and number in a byte, then the value.
def _watermark(number: int) -> tuple[Part, Part]:
    return (
        _one(">I", 600, 27_000, f"Resistance-{number}", "probe_resistance", "Ohm", channel=number + 1,
             before=f"{0x13 << 3 | number:02x}", missing=10_230_005),
        _one(">H", 5, 190, f"Soil_moisture-{number}", "soil_water_potential", "kPa", 1, -1, channel=number + 1,
             before=f"{0x15 << 3 | number:02x}"),
    )  # fmt: skip


_CUBE = (
    _one(">H", 2200, 3300, "Voltage-0", "battery_voltage", "V", 1000, before="30"),
    *_watermark(0),
    *_watermark(1),
    _one(">H", 2000, 9900, "Relative_Humidity-0", "relative_humidity", "%", 100, before="10"),
)

_SMTC = (
    _CHARGE,
    _one("<h", 0, 350, "temperature", "soil_temperature", "Cel", 10, before="0367"),
    _one("<H", 500, 5500, "moisture", "soil_moisture", "m3/m3", 100, 0.01, before="04CA", missing=0xFFFF, wild=9000),
    _one("<H", 50, 3000, "ec", "soil_ec", "dS/m", 1, 0.001, before="057F", missing=0xFFFF),
)
_PROFILE = tuple(
    part
    for place in range(8)
    for part in (
        _word(5 * 500, 50 * 500, f"soil_moisture_at_depth_{place}", "soil_moisture", "m3/m3", 500, 0.01,
              channel=place + 1, zero=2500, before="" if place else "020b500003"),
        _word(100, 3000, f"soil_temperature_at_depth_{place}", "soil_temperature", "Cel", 100, channel=place + 1),
    )
)  # fmt: skip

INSTRUMENTS = (
    Instrument("dragino_lse01", "LSE01", "dragino", "lse01", (*_dragino("Bat", "TempC_DS18B20"), *_dragino_soil()),
               after="10"),
    Instrument("dragino_se01_lb", "SE01-LB", "dragino", "se01-lb", (
        *_dragino("BatV", "temp_DS18B20"), *_dragino_soil(),
    ), after="10"),
    Instrument("dragino_se0x_lb", "SE0X-LB", "dragino", "se0x-lb", (
        *_dragino("BatV", "temp_DS18B20"),
        _one(">H", 500, 5500, "water_SOIL1", "soil_moisture", "m3/m3", 100, 0.01, channel=1, before="0C"),
        *_dragino_soil("1", 1)[1:],
        *_dragino_soil("2", 2),
    )),
    Instrument("dragino_llms01", "LLMS01", "dragino", "llms01", (
        *_dragino("Bat", "TempC_DS18B20"),
        _one(">H", 0, 999, "Leaf_Moisture", "leaf_wetness", "%", 10),
        _one(">H", 10, 380, "Leaf_Temperature", "leaf_temperature", "Cel", 10),
    ), after="000001"),
    Instrument("dragino_sw3l", "SW3L", "dragino", "sw3l", (
        _one(">I", 0, 2**31, "Total_pulse", "pulse_count", "1"),
    ), has_payload=False),
    Instrument("dragino_ldds75", "LDDS75", "dragino", "ldds75", (
        _one(">H", 300, 5000, "distance", "distance_to_surface", "m", 1, 0.001, missing=0),
        _one(">H", 3000, 3600, "BatV", "battery_voltage", "V", 1000),
    ), has_payload=False),
    Instrument("milesight_em500_smtc", "EM500-SMTC", "milesight-iot", "em500-smtc", _SMTC, 85),
    Instrument("milesight_em500_co2", "EM500-CO2", "milesight-iot", "em500-co2", (
        _CHARGE, _AIR, _HUMIDITY, _one("<H", 380, 2500, "co2", "co2", "ppm", before="057D"), _PRESSURE,
    ), 85),
    Instrument("milesight_em500_lgt", "EM500-LGT", "milesight-iot", "em500-lgt", (
        _CHARGE, _one("<I", 0, 110_000, "illumination", "illuminance", "lx", before="0394", wild=300_000),
    ), 85),
    Instrument("milesight_em500_pp", "EM500-PP", "milesight-iot", "em500-pp", (
        _CHARGE, _one("<H", 0, 900, "pressure", "line_pressure", "kPa", before="037B", wild=9000),
    ), 85),
    Instrument("milesight_em500_pt100", "EM500-PT100", "milesight-iot", "em500-pt100", (
        _CHARGE, _one("<h", -200, 800, "temperature", "probe_temperature", "Cel", 10, before="0367"),
    ), 85),
    Instrument("milesight_em500_swl", "EM500-SWL", "milesight-iot", "em500-swl", (
        _CHARGE, _one("<H", 0, 900, "depth", "water_level", "m", 1, 0.01, before="0377"),
    ), 85),
    Instrument("milesight_em500_udl", "EM500-UDL", "milesight-iot", "em500-udl", (
        _CHARGE, _one("<H", 250, 9000, "distance", "distance_to_surface", "m", 1, 0.001, before="0382"),
    ), 85),
    Instrument("milesight_em300_di", "EM300-DI", "milesight-iot", "em300-di", (
        _CHARGE, _AIR, _HUMIDITY, _pulses("pulse", "05C8"),
    ), 85),
    Instrument("milesight_uc511", "UC511", "milesight-iot", "uc511", (
        _CHARGE,
        _one("<B", 0, 1, "valve_1", "valve_state", "1", channel=1, before="0301"),
        _pulses("valve_1_pulse", "04C8", 1),
        _one("<B", 0, 1, "valve_2", "valve_state", "1", channel=2, before="0501"),
        _pulses("valve_2_pulse", "06C8", 2),
    ), 85),
    Instrument("milesight_wts506", "WTS506", "milesight-iot", "wts506", (
        _CHARGE, _AIR, _HUMIDITY, _PRESSURE,
        _one("<H", 0, 3599, "wind_direction", "wind_direction", "deg", 10, before="0584"),
        _one("<H", 0, 190, "wind_speed", "wind_speed", "m/s", 10, before="0792"),
        _one("<I", 0, 90_000, "rainfall_total", "precipitation_total", "mm", 100, before="08EC"),
    ), 85, after="00"),
    Instrument("decentlab_dl_trs21", "DL-TRS21", "decentlab", "dl-trs21", (
        _one(">H", 90, 1900, "water_potential", "soil_water_potential", "kPa", -10, before="0201920003"),
        _word(10, 350, "soil_temperature", "soil_temperature", "Cel", 10),
        _CELL,
    ), 1, style="nested"),
    Instrument("decentlab_dl_trs12", "DL-TRS12", "decentlab", "dl-trs12", (
        # METER's calibration for mineral soil.
        Part(">H", 19_500, 32_000, (
            Said("volumetric_water_content", "soil_moisture", "m3/m3", lambda raw: raw / 10 * 0.0003879 - 0.6956),
            Said("dielectric_permittivity", "soil_permittivity", "1", _permittivity),
        ), "0210d30003"),
        _word(10, 350, "soil_temperature", "soil_temperature", "Cel", 10),
        _one(">H", 50, 3000, "electrical_conductivity", "soil_ec", "dS/m", 1, 0.001),
        _CELL,
    ), 1, style="nested"),
    Instrument("decentlab_dl_lws", "DL-LWS", "decentlab", "dl-lws", (
        # Two words, the low one first, over 2^23: the second alone is drawn.
        Part(">I", 0x0000_0081, 0x0000_00B0, (
            Said("leaf_wetness_index", "leaf_wetness_index", "1", lambda raw: raw * 65536 / 8388608 - 1),
        ), "0211110003"),
        _CELL,
    ), 1, style="nested"),
    Instrument("decentlab_dl_smtp", "DL-SMTP", "decentlab", "dl-smtp", (*_PROFILE, _CELL), 1, style="nested"),
    Instrument("decentlab_dl_atm41", "DL-ATM41", "decentlab", "dl-atm41", (
        *_atmos(1, 32768, "atmospheric_pressure", "sensor_temperature_internal",
                ("x_orientation_angle", "y_orientation_angle"), "02035a0003"),
        _UNUSED, _UNUSED, _UNUSED, _CELL,
    ), 1, style="nested"),
    Instrument("decentlab_dl_atm41g2", "DL-ATM41G2", "decentlab", "dl-atm41g2", (
        *_atmos(10, 0, "barometric_pressure", "internal_temperature",
                ("tilt_angle_x_orientation", "tilt_angle_y_orientation"), "025ef80003"),
        _word(0, 900, "precipitation_electrical_conductivity", "precipitation_ec", "dS/m", 1, 0.001),
        _one(">H", 0, 65_535, "cumulative_precipitation", "precipitation_total", "mm", 1000),
        Part(">H", 0, 0, ()), _CELL,
    ), 1, style="nested"),
    Instrument("sensecap_s2104", "S2104", "sensecap", "sensecaps2104-soil-moisture-temp", _S210X, after="0000",
               style="items"),
    Instrument("sensecap_s2105", "S2105", "sensecap", "sensecaps2105-soll-moisture-temp-ec", (
        *_S210X, _record(50, 3000, 4108, "soil_ec", "dS/m"),
    ), after="0000", style="items"),
    Instrument("sensecap_s2120", "S2120", "sensecap", "sensecaps2120-8-in-1", (
        _one(">h", -150, 380, "4097", "air_temperature", "Cel", 10, before="4A"),
        _one(">B", 20, 95, "4098", "relative_humidity", "%"),
        _one(">I", 0, 110_000, "4099", "illuminance", "lx"),
        _one(">B", 0, 110, "4190", "uv_index", "1", 10),
        _one(">H", 0, 190, "4105", "wind_speed", "m/s", 10),
        _one(">H", 0, 359, "4104", "wind_direction", "deg", before="4B"),
        _one(">I", 0, 90_000, "4113", "precipitation_rate", "mm/h", 1000),
        _one(">H", 9300, 10_300, "4101", "air_pressure", "hPa", 0.1, 0.01),
        _one(">H", 0, 290, "4191", "wind_gust", "m/s", 10, before="4C"),
        _one(">I", 0, 900_000, "4213", "precipitation_total", "mm", 1000),
    ), style="items"),
    Instrument("sensefarm_cube01", "CUBE01", "sensefarm", "cube01", _CUBE, style="none"),
    Instrument("sensefarm_cube02", "CUBE02", "sensefarm", "cube02", _CUBE, after="b80001", style="none"),
    Instrument("tektelic_agriculture", "KIWI", "tektelic", "t00059xx-kiwi", (
        _one(">h", -150, 380, "ambient_temperature", "air_temperature", "Cel", 10, before="0B67"),
        _one(">B", 40, 190, "relative_humidity", "relative_humidity", "%", 2, before="0B68"),
        _one(">H", 0, 60_000, "light_intensity", "illuminance", "lx", before="0965"),
    ), 10),
    Instrument("strega_smart_valve", "Smart Valve", "strega", "smart-valve", (
        _one("<B", 0, 1, "Valve", "valve_state", "1"),
        _one("<B", 10, 100, "Battery", "battery_level", "%"),
    ), has_payload=False),
    Instrument("davis_vantage", "Vantage Pro2", "davis", "vantage-pro2", (
        Part("<h", 10, 100, (Said("temp", "air_temperature", "Cel", _by(), 5 / 9, shift=-32 * 5 / 9),)),
        _one("<B", 20, 95, "hum", "relative_humidity", "%"),
        _one("<H", 0, 359, "wind_dir_scalar_avg_last_10_min", "wind_direction", "deg"),
        # A mile is 1609.344 m; mercury weighs 13595.1 kg/m3.
        _one("<H", 0, 40, "wind_speed_avg_last_10_min", "wind_speed", "m/s", 1, 1609.344 / 3600),
        _one("<H", 2700, 3050, "bar_absolute", "air_pressure", "hPa", 100, 13595.1 * 9.80665 * 0.0254 / 100),
    ), has_payload=False),
    Instrument("tower_weather_station", "Tower weather station", "tower", "weather-station", (
        _one("<h", -150, 380, "air_temperature", "air_temperature", "Cel", 10, wild=900),
        _one("<B", 20, 95, "relative_humidity", "relative_humidity", "%"),
        _one("<H", 930, 1030, "air_pressure", "air_pressure", "hPa", 10, 10),
        _one("<H", 0, 90, "precipitation", "precipitation", "mm", 10),
    ), has_payload=False, averaging_interval_s=1800),
    Instrument("tower_soil_probe", "Tower soil probe", "tower", "soil-probe", (
        _one("<H", 50, 550, "soil_moisture_1", "soil_moisture", "m3/m3", 10, 0.01, channel=1),
        _one("<H", 50, 550, "soil_moisture_2", "soil_moisture", "m3/m3", 10, 0.01, channel=2),
        _one("<H", 10, 350, "soil_temperature_1", "soil_temperature", "Cel", 10, channel=1),
    ), has_payload=False, averaging_interval_s=1800, depths_cm={1: 10.0, 2: 45.0}),
)  # fmt: skip
