"""Milesight's published examples."""

import pytest

from pipelines.kernel.codecs import CodecError, Frame
from pipelines.kernel.codecs.milesight import CODECS

PUBLISHED = [
    # Milesight-IoT/SensorDecoders, em-series/<model>/README.md
    (
        "milesight_em500_smtc",
        "017564 03671901 046873 057FF000",
        [Frame({"battery": 100, "temperature": 28.1, "moisture": 57.5, "ec": 240})],
    ),
    (
        "milesight_em500_co2",
        "01756403671901 046873 057D6704 06736827",
        [Frame({"battery": 100, "temperature": 28.1, "humidity": 57.5, "co2": 1127, "pressure": 1008.8})],
    ),
    ("milesight_em500_lgt", "017564 039450000000", [Frame({"battery": 100, "illumination": 80})]),
    ("milesight_em500_pp", "017564 037B0A00", [Frame({"battery": 100, "pressure": 10})]),
    ("milesight_em500_pt100", "017564 03671901", [Frame({"battery": 100, "temperature": 28.1})]),
    ("milesight_em500_swl", "017564 03770200", [Frame({"battery": 100, "depth": 2})]),
    ("milesight_em500_udl", "017564 03821E00", [Frame({"battery": 100, "distance": 30})]),
    (
        "milesight_em300_di",
        "01755C 03673401 046865 20CE9E74466310015D020000010000",
        [
            Frame({"battery": 92, "temperature": 30.8, "humidity": 50.5}),
            Frame({"temperature": 27.2, "humidity": 46.5, "pulse": 256}, 1665561758),
        ],
    ),
    # Milesight-IoT/SensorDecoders, wts-series/wts506/README.md
    ("milesight_wts506", "017564 0367FF00 046879", [Frame({"battery": 100, "temperature": 25.5, "humidity": 60.5})]),
    (
        "milesight_wts506",
        "0584BA04 06734F27 07920100 08777B0001",
        [Frame({"wind_direction": 121, "pressure": 1006.3, "wind_speed": 0.1, "rainfall_total": 1.23})],
    ),
    (
        "milesight_wts506",
        "0584BA04 06734F27 07920100 08EC7B00000001",
        [Frame({"wind_direction": 121, "pressure": 1006.3, "wind_speed": 0.1, "rainfall_total": 1.23})],
    ),
    ("milesight_wts506", "8367FF0001", [Frame({"temperature": 25.5})]),
    ("milesight_wts506", "86734F2701", [Frame({"pressure": 1006.3})]),
    ("milesight_wts506", "8792320001", [Frame({"wind_speed": 5})]),
    ("milesight_wts506", "88EC8D1300000201", [Frame({"rainfall_total": 50.05})]),
    (
        "milesight_wts506",
        "20CEE59BE164FF00794F27BA0432008D13",
        [
            Frame(
                {
                    "temperature": 25.5,
                    "humidity": 60.5,
                    "pressure": 1006.3,
                    "wind_direction": 121,
                    "wind_speed": 5,
                    "rainfall_total": 50.05,
                },
                1692507109,
            )
        ],
    ),
    (
        "milesight_wts506",
        "21CEE59BE164FF00794F27BA043200EA840100",
        [
            Frame(
                {
                    "temperature": 25.5,
                    "humidity": 60.5,
                    "pressure": 1006.3,
                    "wind_direction": 121,
                    "wind_speed": 5,
                    "rainfall_total": 995.62,
                },
                1692507109,
            )
        ],
    ),
    # TheThingsNetwork/lorawan-devices, vendor/milesight-iot/<model>-codec.yaml; its decoders call depth `level`,
    # illumination `light`, and give the valve as on or off.
    (
        "milesight_em500_co2",
        "0367100104687105 7d6704 06736827",
        [Frame({"temperature": 27.2, "humidity": 56.5, "co2": 1127, "pressure": 1008.8})],
    ),
    ("milesight_em500_swl", "01755C 03770200", [Frame({"battery": 92, "depth": 2})]),
    ("milesight_em500_udl", "01755C 03821e00", [Frame({"battery": 92, "distance": 30})]),
    ("milesight_em500_lgt", "01755C 039450000000", [Frame({"battery": 92, "illumination": 80})]),
    ("milesight_em500_pt100", "01755C 03671901", [Frame({"battery": 92, "temperature": 28.1})]),
    ("milesight_uc511", "030101", [Frame({"valve_1": 1})]),
]


@pytest.mark.parametrize(("model", "payload", "frames"), PUBLISHED)
def test_the_published_examples(model, payload, frames):
    assert CODECS[model](bytes.fromhex(payload), 85) == frames


@pytest.mark.parametrize(
    ("payload", "frames"),
    [
        # By the layout of em500-smtc/README.md. 0xFFFF: collection failed; 0xFFFD: out of range.
        ("0367FFFF 04CAFDFF 057FFFFF", [Frame({"temperature": None, "moisture": None, "ec": None})]),
        # 0xFFFE is -0.2 degrees; 0x1CE8 = 7400
        ("0367FEFF 04CAE81C", [Frame({"temperature": -0.2, "moisture": 74.0})]),
        # The temperature's alarm repeats it
        ("83D71901 0A00 02", [Frame({"temperature": 28.1})]),
        # Two records of the past, and nothing of now; 0x0B4A = 2890
        (
            "20CE E59BE164 F000 1901 4A0B 20CE E89BE164 FFFF FDFF FFFF",
            [
                Frame({"ec": 240, "temperature": 28.1, "moisture": 28.9}, 1692507109),
                Frame({"ec": None, "temperature": None, "moisture": None}, 1692507112),
            ],
        ),
        # Powered on: versions, serial number, class; then the answer to a setting
        ("FF0BFF FF0101 FF166127C0CC0A000000 FF090310 FF0A0102 FF0F00", []),
        ("FE02 3C00", []),
        ("", []),
    ],
)
def test_sentinels_records_and_silence(payload, frames):
    assert CODECS["milesight_em500_smtc"](bytes.fromhex(payload), 85) == frames


@pytest.mark.parametrize(
    ("payload", "frames"),
    [
        # By the layout of em300-di/README.md: the pin's level; 0x41BC0000 is 23.5
        ("0500 01 05C8 FFFFFFFF", [Frame({"gpio": 1, "pulse": 4294967295})]),
        ("05E1 0A00 6400 0000BC41", [Frame({"water": 23.5})]),
        ("85E1 0A00 6400 0000C07F 01", [Frame({"water": None})]),
        (
            "20CE 9E744663 1001 5D 01 01 00010000",
            [Frame({"temperature": 27.2, "humidity": 46.5, "gpio": 1}, 1665561758)],
        ),
        (
            "21CE 9E744663 1001 5D 00 02 00 0A00 6400 0000BC41",
            [Frame({"temperature": 27.2, "humidity": 46.5, "water": 23.5}, 1665561758)],
        ),
    ],
)
def test_the_pulse_counter(payload, frames):
    assert CODECS["milesight_em300_di"](bytes.fromhex(payload), 85) == frames


@pytest.mark.parametrize(
    ("port", "payload", "sentence"),
    [
        (0, "017564", "expected port 1 to 223, got port 0"),
        (85, "017564 03", "A block is cut off (byte 3): expected 2 bytes, got 1"),
        (85, "017564 0367 19", "A block is cut off (byte 5): expected 2 bytes, got 1"),
        (85, "017564 0777 1901", "The block is not the model's (byte 3): expected a known header, got 0777"),
        (85, "017564 FE77 01", "The block is not the model's (byte 3): expected a known header, got fe77"),
    ],
)
def test_what_is_wrong_is_named(port, payload, sentence):
    with pytest.raises(CodecError) as caught:
        CODECS["milesight_em500_smtc"](bytes.fromhex(payload), port)
    assert sentence in str(caught.value)
