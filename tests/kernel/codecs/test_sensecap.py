"""SenseCAP's published examples."""

import pytest

from pipelines.kernel.codecs import CodecError
from pipelines.kernel.codecs.sensecap import CODECS

PUBLISHED = [
    # S210X user guide (Seeed 114992867), 9.3.3
    ("sensecap_s210x", "01061024 5E0000 010710BCB10000 A3D9", {"4102": 24.1, "4103": 45.5}),
    # The same, 9.3.4. It explains 48A30000 as 0x0000B1BC, 45.5 %, which it is not: 0xA348 is 41.8. The checksum says
    # that the bytes are misprinted, too.
    (
        "sensecap_s210x",
        "0106105C5D0000 01071048A30000 010C10B4000000 DD0A",
        {"4102": 23.9, "4103": 41.8, "4108": 0.18},
    ),
    # The same, 9.4: battery and readings
    (
        "sensecap_s210x",
        "00070064000500 010610B45F0000 010710A41F0000 3259",
        {"battery": 100, "4102": 24.5, "4103": 8.1},
    ),
    # TheThingsNetwork/lorawan-devices, vendor/sensecap/sensecap210x-codec.yaml: telemetry
    ("sensecap_s210x", "01011098530000 010210A87A0000 AF51", {"4097": 21.4, "4098": 31.4}),
    # The same: the device's properties
    ("sensecap_s210x", "00000001010001 00070064003C00 01200100000000 2890", {"battery": 100}),
    # S2120 user manual, 10.3.1: its second part
    ("sensecap_s2120", "02 0156 000000FE 2703", {"4104": 342, "4113": 0.254, "4101": 99870}),
    # The same, 10.3.2: battery and readings. The manual explains the battery; the rest is by the rules of 10.3.1:
    # 0x0110 = 272, 0x43 = 67, 0x011A = 282, 0x2702 = 9986.
    (
        "sensecap_s2120",
        "04 64 01010103 000A 05A0 01 0110 43 00000000 00 0000 02 011A 00000000 2702",
        {
            "Battery(%)": 100,
            "4097": 27.2,
            "4098": 67,
            "4099": 0,
            "4190": 0,
            "4105": 0,
            "4104": 282,
            "4113": 0,
            "4101": 99860,
        },
    ),
]


@pytest.mark.parametrize(("model", "payload", "values"), PUBLISHED)
def test_the_published_examples(model, payload, values):
    (frame,) = CODECS[model](bytes.fromhex(payload), 2)
    assert frame.values == values
    assert frame.epoch_s is None


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        # By the layout of Seeed-Solution/SenseCAP-Decoder, S2120: 0xFFCE = -50, 0x0001D4C0 = 120000, UV index 0.5 and
        # wind 1.7 m/s as in the manual; gusts 0x0046 = 70, rain 0x0000C350 = 50000
        (
            "4A FFCE 5A 0001D4C0 05 0011 4C 0046 0000C350",
            {"4097": -5, "4098": 90, "4099": 120000, "4190": 0.5, "4105": 1.7, "4191": 7, "4213": 50},
        ),
        ("03 00", {"Battery(%)": 0}),
    ],
)
def test_the_weather_station(payload, values):
    (frame,) = CODECS["sensecap_s2120"](bytes.fromhex(payload), 2)
    assert frame.values == values


@pytest.mark.parametrize(
    ("model", "payload"),
    [
        # vendor/sensecap/sensecap210x-codec.yaml: the sensor's metadata
        (
            "sensecap_s210x",
            "01010001010001 0102006A010015 01030030F1F72C 010400090C1314 0105007F4D0000 01060000000000 4CBE",
        ),
        ("sensecap_s2120", "05 000A 05A0"),
        ("sensecap_s2120", "06 01"),
        ("sensecap_s2120", "10 00 2CF7F1C04340004A"),
        ("sensecap_s2120", ""),
    ],
)
def test_what_a_device_says_of_itself_is_no_measurement(model, payload):
    assert CODECS[model](bytes.fromhex(payload), 2) == []


def test_a_negative_reading():
    # -2500 is 0xFFFFF63C
    (frame,) = CODECS["sensecap_s210x"](bytes.fromhex("010610 3CF6FFFF 0000"), 2)
    assert frame.values == {"4102": -2.5}


@pytest.mark.parametrize(
    ("model", "payload", "sentence"),
    [
        ("sensecap_s2120", "07 00", "The part is not the model's (byte 0): expected 01 to 06, 10 or 4a to 4c, got 07"),
        ("sensecap_s2120", "03 64 02 0156", "A block is cut off (byte 3): expected 8 bytes, got 2"),
        ("sensecap_s210x", "010610245E0000 A3", "expected records of 7 bytes and 2 of checksum, got 8"),
        ("sensecap_s210x", "A3D9", "expected records of 7 bytes and 2 of checksum, got 2"),
        ("sensecap_s210x", "01080024 5E0000 A3D9", "The record is not the model's (byte 1)"),
    ],
)
def test_what_is_wrong_is_named(model, payload, sentence):
    with pytest.raises(CodecError) as caught:
        CODECS[model](bytes.fromhex(payload), 2)
    assert sentence in str(caught.value)
