"""Decentlab's published examples.

Source: TheThingsNetwork/lorawan-devices, vendor/decentlab/<model>-codec.yaml, `examples`; the same payloads stand in
decentlab/decentlab-decoders, <MODEL>/<MODEL>.js. Their decoder gives device_id and protocol_version too.
"""

import pytest

from pipelines.kernel.codecs import CodecError
from pipelines.kernel.codecs.decentlab import CODECS

PUBLISHED = {
    "decentlab_dl_trs12": [
        (
            "0210d3000346be813d00000c80",
            {
                "dielectric_permittivity.value": 1.1831248966814998,
                "volumetric_water_content.value": 0.006886900000000029,
                "soil_temperature.value": 31.7,
                "electrical_conductivity.value": 0,
                "battery_voltage.value": 3.2,
            },
        ),
        ("0210d300020c80", {"battery_voltage.value": 3.2}),
    ],
    "decentlab_dl_trs21": [
        (
            "0201920003007580a10c25",
            {"water_potential.value": -11.7, "soil_temperature.value": 16.1, "battery_voltage.value": 3.109},
        ),
        ("02019200020c25", {"battery_voltage.value": 3.109}),
    ],
    "decentlab_dl_lws": [
        (
            "0211110003409a00860c54",
            {"leaf_wetness_index.value": 0.04884648323059082, "battery_voltage.value": 3.156},
        ),
        ("02111100020c54", {"battery_voltage.value": 3.156}),
    ],
    "decentlab_dl_atm41": [
        (
            "02035a0003800a8000800080008009812b8014810880b4a57c820c810980027fe88056800880040bf5",
            {
                "solar_radiation.value": 10,
                "precipitation.value": 0,
                "lightning_strike_count.value": 0,
                "lightning_average_distance.value": 0,
                "wind_speed.value": 0.09,
                "wind_direction.value": 29.9,
                "maximum_wind_speed.value": 0.2,
                "air_temperature.value": 26.4,
                "vapor_pressure.value": 1.8,
                "atmospheric_pressure.value": 95.96,
                "relative_humidity.value": 52.4,
                "sensor_temperature_internal.value": 26.5,
                "x_orientation_angle.value": 0.2,
                "y_orientation_angle.value": -2.4,
                "compass_heading.value": 86,
                "north_wind_speed.value": 0.08,
                "east_wind_speed.value": 0.04,
                "battery_voltage.value": 3.061,
            },
        ),
        ("02035a00020bf5", {"battery_voltage.value": 3.061}),
    ],
    "decentlab_dl_atm41g2": [
        (
            "025ef80003805c000080008000803484b3803680e78086a60181d680ed81c9809f8000117000010adc",
            {
                "solar_radiation.value": 9.2,
                "precipitation.value": 0,
                "lightning_strike_count.value": 0,
                "lightning_average_distance.value": 0,
                "wind_speed.value": 0.52,
                "wind_direction.value": 120.3,
                "maximum_wind_speed.value": 0.54,
                "air_temperature.value": 23.1,
                "vapor_pressure.value": 1.34,
                "barometric_pressure.value": 97.29,
                "relative_humidity.value": 47,
                "internal_temperature.value": 23.7,
                "tilt_angle_x_orientation.value": 45.7,
                "tilt_angle_y_orientation.value": 15.9,
                "precipitation_electrical_conductivity.value": 0,
                "cumulative_precipitation.value": 70,
                "battery_voltage.value": 2.78,
            },
        ),
        ("025ef800020adc", {"battery_voltage.value": 2.78}),
    ],
    "decentlab_dl_smtp": [
        (
            "020b50000309018a8c09438a9809278a920b3c8aa50c9c8a8c11e08aa500000000000000000b3b",
            {
                "soil_moisture_at_depth_0.value": -0.39,
                "soil_moisture_at_depth_1.value": -0.258,
                "soil_moisture_at_depth_2.value": -0.314,
                "soil_moisture_at_depth_3.value": 0.752,
                "soil_moisture_at_depth_4.value": 1.456,
                "soil_moisture_at_depth_5.value": 4.152,
                "soil_temperature_at_depth_0.value": 27,
                "soil_temperature_at_depth_1.value": 27.12,
                "soil_temperature_at_depth_2.value": 27.06,
                "soil_temperature_at_depth_3.value": 27.25,
                "soil_temperature_at_depth_4.value": 27,
                "soil_temperature_at_depth_5.value": 27.25,
                # Published as -5 and -327.68: the probe has six sensors, not eight.
                "soil_moisture_at_depth_6.value": None,
                "soil_moisture_at_depth_7.value": None,
                "soil_temperature_at_depth_6.value": None,
                "soil_temperature_at_depth_7.value": None,
                "battery_voltage.value": 2.875,
            },
        ),
        ("020b5000020b3b", {"battery_voltage.value": 2.875}),
    ],
}


@pytest.mark.parametrize(
    ("model", "payload", "values"), [(model, *row) for model, rows in PUBLISHED.items() for row in rows]
)
def test_the_published_examples(model, payload, values):
    (frame,) = CODECS[model](bytes.fromhex(payload), 1)
    assert frame.values == values
    assert frame.epoch_s is None


def test_a_payload_without_sensors_has_no_frame():
    assert CODECS["decentlab_dl_trs12"](bytes.fromhex("0210d30000"), 1) == []


@pytest.mark.parametrize(
    ("payload", "at", "sentence"),
    [
        ("", 0, "A block is cut off (byte 0): expected 5 bytes, got 0"),
        ("0310d300020c80", 0, "The protocol is not known (byte 0): expected version 2, got 3"),
        ("0210d300040c80", 3, "A sensor is not the model's (byte 3): expected flags of 2 sensors, got 0x0004"),
        ("0210d3000346be81", 5, "A block is cut off (byte 5): expected 6 bytes, got 3"),
        ("0210d3000346be813d00000c", 11, "A block is cut off (byte 11): expected 2 bytes, got 1"),
        ("0210d300020c8000", 7, "Bytes are left over (byte 7): expected the end, got 1 bytes more"),
    ],
)
def test_what_is_wrong_is_named(payload, at, sentence):
    with pytest.raises(CodecError) as caught:
        CODECS["decentlab_dl_trs12"](bytes.fromhex(payload), 1)
    assert (caught.value.at, str(caught.value)) == (at, sentence)
