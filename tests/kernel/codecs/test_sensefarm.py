"""Sensefarm's published examples.

Source: Sensefarm/protocols, decode-examples.md. Resistances of 19 ohm (shorted or not connected) and 10 230 005 ohm
(open) are published as they are; here they are no readings.
"""

import struct

import pytest

from pipelines.kernel.codecs import CodecError
from pipelines.kernel.codecs.sensefarm import CODECS

PUBLISHED = [
    (
        "sensefarm_cube02",
        "b006b800013009079800005457a800959900000013084118000009410c2773",
        {
            "Voltage-0": 2.311,
            "Resistance-0": 21591,
            "Soil_moisture-0": 149,
            "Resistance-1": None,
            "Temperature-0": 9.5,
            "Temperature-1": 8.759631156921387,
        },
    ),
    (
        "sensefarm_cube02",
        "b006b8000130098f980000001399000000130840ac00000940e37476",
        {
            "Voltage-0": 2.447,
            "Resistance-0": None,
            "Resistance-1": None,
            "Temperature-0": 5.375,
            "Temperature-1": 7.107966423034668,
        },
    ),
    (
        "sensefarm_cube02",
        "b006b8000130097098009c18f599009c18f50841abaa49",
        {"Voltage-0": 2.416, "Resistance-0": None, "Resistance-1": None, "Temperature-0": 21.458147048950195},
    ),
    (
        "sensefarm_cube02",
        "b006b800013009159800005465a8009599000000130841240000094122a248",
        {
            "Voltage-0": 2.325,
            "Resistance-0": 21605,
            "Soil_moisture-0": 149,
            "Resistance-1": None,
            "Temperature-0": 10.25,
            "Temperature-1": 10.164619445800781,
        },
    ),
    (
        "sensefarm_cube02",
        "b006b800013009179800005989a8009f99000000130840de00000940e47c0a",
        {
            "Voltage-0": 2.327,
            "Resistance-0": 22921,
            "Soil_moisture-0": 159,
            "Resistance-1": None,
            "Temperature-0": 6.9375,
            "Temperature-1": 7.140141487121582,
        },
    ),
    ("sensefarm_cube01", "300dac0841ac0000", {"Voltage-0": 3.5, "Temperature-0": 21.5}),
    # Raw data of the same page, "from filtered log, 2019-dec-19": 0x352 = 850, 0x2A2 = 674, by Sensefarm-LPP.md
    ("sensefarm_cube01", "300da3980000035299000002a2", {"Voltage-0": 3.491, "Resistance-0": 850, "Resistance-1": 674}),
]


@pytest.mark.parametrize(("model", "payload", "values"), PUBLISHED)
def test_the_published_examples(model, payload, values):
    (frame,) = CODECS[model](bytes.fromhex(payload), 2)
    assert frame.values == values
    assert frame.epoch_s is None


def test_each_type_of_the_protocol():
    # Types and formats by Sensefarm-LPP.md; the header is type << 3 | number.
    fields = [
        (0x02, 1, struct.pack(">H", 6543), {"Relative_Humidity-1": 65.43}),
        (0x03, 0, bytes(6), {}),
        (0x04, 0, struct.pack(">f", 1200.5), {"Illuminance-0": 1200.5}),
        (0x05, 7, struct.pack(">H", 250), {"Analog-7": 250}),
        (0x08, 0, struct.pack(">H", 12), {"Pulse-0": 12}),
        (0x09, 0, struct.pack(">I", 4294967295), {"Pulse_ABS-0": 4294967295}),
        (0x0D, 0, bytes(8), {}),
        (0x0F, 0, struct.pack(">H", 345), {"Wind_Speed-0": 3.45}),
        (0x10, 0, struct.pack(">H", 27000), {"Wind_Direction-0": 270.0}),
        (0x11, 0, bytes(1), {}),
        (0x01, 2, struct.pack(">f", float("nan")), {"Temperature-2": None}),
    ]
    payload = bytes.fromhex("b80001") + b"".join(bytes([kind << 3 | number]) + raw for kind, number, raw, _ in fields)
    # What follows a proprietary header is nobody else's business.
    (frame,) = CODECS["sensefarm_cube02"](payload + b"\x00\xff\xff", 2)
    assert frame.values == {key: value for *_, values in fields for key, value in values.items()}


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        # decode-examples.md: "Unknown protocol. Decoding failed."
        ("300dac0841ac0000", "The protocol is not known (byte 0): expected version 1, got none"),
        ("b80002300907", "expected version 1, got version 2"),
        ("b80001c007", "The type is not the protocol's (byte 3): expected 00 to 17, got 18"),
        ("b8000108411800", "A block is cut off (byte 4): expected 4 bytes, got 3"),
    ],
)
def test_what_is_wrong_is_named(payload, sentence):
    with pytest.raises(CodecError) as caught:
        CODECS["sensefarm_cube02"](bytes.fromhex(payload), 2)
    assert sentence in str(caught.value)


def test_a_transmission_reason_alone_is_no_measurement():
    assert CODECS["sensefarm_cube02"](bytes.fromhex("b006b80001"), 2) == []
