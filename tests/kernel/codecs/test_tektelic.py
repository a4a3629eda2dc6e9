"""Tektelic's published example, and its tables at their corners."""

import math

import pytest

from pipelines.kernel.codecs import CodecError
from pipelines.kernel.codecs.tektelic import decode


def test_the_published_example():
    # TheThingsNetwork/lorawan-devices, vendor/tektelic/t00059xx-codec.yaml
    (frame,) = decode(bytes.fromhex("0104056E 0202035C 09650D57 0B6700AD 0B68A5"), 10)
    published = {
        "ambient_temperature": 17.3,
        "input1_frequency": 1390,
        "input2_voltage": 860,
        "light_intensity": 3415,
        "relative_humidity": 82.5,
    }
    assert {key: frame.values[key] for key in published} == published
    # An earlier decoder of theirs (commit 03ef638 of the same repository) gives these two besides: 1390 kHz is 23 kHz
    # from dry, so 0.5; -32.46 * ln(860) + 236.36
    assert frame.values.keys() - published.keys() == {"soil_gwc", "soil_temp"}
    assert frame.values["soil_gwc"] == 0.5
    assert frame.values["soil_temp"] == pytest.approx(17.03, abs=0.005)


@pytest.mark.parametrize(
    ("frequency_hz", "tension_kpa"),
    # Where the straight pieces of the vendor's decoder start, and beyond its ends.
    [
        (0x0001, 200),
        (293, 200),
        (485, 100),
        (600, 75),
        (770, 55),
        (1110, 35),
        (2820, 15),
        (4330, 9),
        (6430, 0),
        (6431, 0),
    ],
)
def test_a_watermark_by_its_frequency(frequency_hz, tension_kpa):
    # 371.97 mV is 24 degrees, where nothing is corrected; 372 mV is 23.997.
    voltage_mv = round(math.exp((213.25 - 24) / 31.96))
    payload = (
        bytes.fromhex("0302") + voltage_mv.to_bytes(2, "big") + bytes.fromhex("0504") + frequency_hz.to_bytes(2, "big")
    )
    (frame,) = decode(payload, 10)
    assert frame.values["temperature1"] == pytest.approx(24, abs=0.05)
    assert frame.values["adj_watermark1"] == pytest.approx(tension_kpa, abs=0.25)


def test_a_watermark_is_corrected_for_its_temperature():
    # 500 mV: -31.96 * ln(500) + 213.25 = 14.631; 1110 Hz: 55 - 340 * 0.05884 = 34.994 kPa,
    # and that, times 1 - 0.019 * (14.631 - 24), is 41.224.
    (frame,) = decode(bytes.fromhex("040201F4 06040456"), 10)
    assert frame.values["temperature2"] == pytest.approx(14.631, abs=0.001)
    assert frame.values["adj_watermark2"] == pytest.approx(41.224, abs=0.001)


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        # 0.01 V a step above 2.5 V, without the end-of-service bit: 0x6E = 110
        ("00BAEE", {"Battery Status.level": 3.6}),
        ("00FF015E", {"battery_voltage": 3.5}),
        # 0xFFF6 = -10
        ("0B67FFF6 0C6700FA", {"ambient_temperature": -1.0, "mcu_temperature": 25.0}),
        # Nothing on the inputs: no temperature of a logarithm of zero, no tension
        ("03020000 05040000", {"input3_voltage": 0, "input5_frequency": 0}),
        # Farther from dry than the table goes
        ("01040400", {"input1_frequency": 1024, "soil_gwc": None}),
    ],
)
def test_single_blocks(payload, values):
    (frame,) = decode(bytes.fromhex(payload), 10)
    assert frame.values == values


@pytest.mark.parametrize(("port", "payload"), [(100, "20000004B0"), (10, "090001"), (10, "")])
def test_settings_and_alarms_are_no_measurement(port, payload):
    assert decode(bytes.fromhex(payload), port) == []


@pytest.mark.parametrize(
    ("port", "payload", "sentence"),
    [
        (5, "00FF015E", "expected port 10 or 100, got port 5"),
        (10, "0B6700", "A block is cut off (byte 2): expected 2 bytes, got 1"),
        (10, "0D6700AD", "The block is not the model's (byte 0): expected a known header, got 0d67"),
    ],
)
def test_what_is_wrong_is_named(port, payload, sentence):
    with pytest.raises(CodecError) as caught:
        decode(bytes.fromhex(payload), port)
    assert sentence in str(caught.value)
