"""Dragino's published examples, and what its manuals say of single fields.

The examples that TheThingsNetwork/lorawan-devices gives for lse01-121 and se01-lb are those of another model (LHT65:
their outputs are named Hum_SHT and TempC_SHT), so that for SE01-LB no payload of the vendor's with its values is
known. SE0X-LB has none either: its case here is arithmetic on the published layout.
"""

import pytest

from pipelines.kernel.codecs import CodecError
from pipelines.kernel.codecs.dragino import CODECS

CASES = [
    # TheThingsNetwork/lorawan-devices, vendor/dragino/lse01-codec.yaml
    (
        "dragino_lse01",
        2,
        "CE2900F107A5099B6E2890",
        {"Bat": 3.625, "TempC_DS18B20": 24.1, "water_SOIL": 19.57, "temp_SOIL": 24.59, "conduct_SOIL": 28200},
    ),
    # TheThingsNetwork/lorawan-devices, vendor/dragino/lse01-114-codec.yaml, where the soil is given as 0.00, 0.00 and
    # 0, though its Sensor_flag is 0: no sensor was identified.
    (
        "dragino_lse01",
        2,
        "0D3B0AEF00000000000001",
        {"Bat": 3.387, "TempC_DS18B20": 279.9, "water_SOIL": None, "temp_SOIL": None, "conduct_SOIL": None},
    ),
    # Di-KaZ/Humidr, data.ts: an uplink of The Things Stack with its decoded payload; the probe is in dry air.
    (
        "dragino_lse01",
        2,
        "0D38000000000BC3000010",
        {"Bat": 3.384, "TempC_DS18B20": 0.0, "water_SOIL": 0.0, "temp_SOIL": 30.11, "conduct_SOIL": 0},
    ),
    # tasmota/Tasmota-Extensions, raw/LoRaWan_Decoders/SE01-L.be: 0f5a 0ccc 0000 079d 0000 10; 0ccc is 327.6.
    (
        "dragino_se01",
        2,
        "0F5A0CCC0000079D000010",
        {"BatV": 3.93, "temp_DS18B20": None, "water_SOIL": 0.0, "temp_SOIL": 19.49, "conduct_SOIL": 0},
    ),
    # Raw values (bit 7); 0x0376 = 886, 0x010A = 266, 0xDD7F = 56703, by the layout of firmware 1.2.1
    (
        "dragino_se01",
        2,
        "CBF67FFF0376010ADD7F90",
        {
            "BatV": 3.062,
            "temp_DS18B20": None,
            "Soil_dielectric_constant": 88.6,
            "Raw_water_SOIL": 266,
            "Raw_conduct_SOIL": 56703,
        },
    ),
    # No sensor identified (bit 4)
    (
        "dragino_se01",
        2,
        "0F5AFF9C0000079D000000",
        {"BatV": 3.93, "temp_DS18B20": -10.0, "water_SOIL": None, "temp_SOIL": None, "conduct_SOIL": None},
    ),
    # Probes 1 and 3 of four (bits 3 and 1): 0x0E10 = 3600, 0x05DC = 1500, 0x0105 = 261, 0x00C8 = 200, 0x0A28 = 2600
    (
        "dragino_se0x",
        2,
        "0E1000F10A" + "05DC010500C8" + "000000000000" + "0A28FF7E0000",
        {
            "BatV": 3.6,
            "temp_DS18B20": 24.1,
            "water_SOIL1": 15.0,
            "temp_SOIL1": 2.61,
            "conduct_SOIL1": 200,
            "water_SOIL3": 26.0,
            "temp_SOIL3": -1.29,
            "conduct_SOIL3": 0,
        },
    ),
    # TheThingsNetwork/lorawan-devices, vendor/dragino/llms01-codec.yaml
    (
        "dragino_llms01",
        2,
        "0D230000025400F9000001",
        {"Bat": 3.363, "TempC_DS18B20": 0.0, "Leaf_Moisture": 59.6, "Leaf_Temperature": 24.9},
    ),
]


@pytest.mark.parametrize(("model", "port", "payload", "values"), CASES)
def test_payloads(model, port, payload, values):
    (frame,) = CODECS[model](bytes.fromhex(payload), port)
    assert frame.values == values
    assert frame.epoch_s is None


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        # LSE01 user manual, 2.3.2 to 2.3.4
        ("05DC 0105 00C8", "water_SOIL", 15.0),
        ("05DC 0105 00C8", "temp_SOIL", 2.61),
        ("05DC FF7E 00C8", "temp_SOIL", -1.29),
        ("05DC 0105 00C8", "conduct_SOIL", 200),
    ],
)
def test_what_the_manual_of_lse01_says(field, key, value):
    (frame,) = CODECS["dragino_lse01"](bytes.fromhex(f"0B45 0000 {field} 10"), 2)
    assert frame.values[key] == value
    assert frame.values["Bat"] == 2.885


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        # By the layout of vendor/dragino/sw3l.js: 900 pulses at 450, 360 and 60 a litre, at 2022-10-12T08:02:38Z
        ("00 00000384 00 00 6346749E", {"Total_pulse": 900, "Water_flow_value": 2.0}),
        ("04 00000384 00 00 6346749E", {"Total_pulse": 900, "Water_flow_value": 2.5}),
        ("08 00000384 00 00 6346749E", {"Total_pulse": 900, "Water_flow_value": 15.0}),
        # Since the last uplink: no total
        ("00 00000384 01 00 6346749E", {"Last_pulse": 900}),
    ],
)
def test_the_flow_sensor_counts_at_its_own_time(payload, values):
    (frame,) = CODECS["dragino_sw3l"](bytes.fromhex(payload), 2)
    assert frame == (values, 1665561758)


@pytest.mark.parametrize(
    ("model", "port", "payload"),
    [
        # TheThingsNetwork/lorawan-devices, vendor/dragino/sw3l-codec.yaml: TDC, Stop_Timer, Alarm_Timer
        ("dragino_sw3l", 4, "0D00007300A44A"),
        ("dragino_sw3l", 5, "11010001FF0E10"),
        ("dragino_se01", 5, "26010001FF0E10"),
        ("dragino_se0x", 5, "F9010001FF0E10"),
    ],
)
def test_what_a_device_says_of_itself_is_no_measurement(model, port, payload):
    assert CODECS[model](bytes.fromhex(payload), port) == []


@pytest.mark.parametrize(
    ("model", "port", "payload", "sentence"),
    [
        # TheThingsNetwork/lorawan-devices, vendor/dragino/lse01-codec.yaml: unknown FPort
        ("dragino_lse01", 42, "CE2900F107A5099B6E2890", "expected port 2, got port 42"),
        ("dragino_lse01", 2, "CE2900F107A5099B6E28", "(byte 10): expected 11 bytes, got 10"),
        ("dragino_lse01", 2, "CE2900F107A5099B6E28900000", "(byte 11): expected 11 bytes, got 13"),
        ("dragino_se01", 3, "05DC010500C8406346749E", "the layout of the datalog on port 3 is not published"),
        ("dragino_se0x", 2, "0E1000F1", "(byte 0): expected 5 bytes, got 4"),
        ("dragino_se0x", 2, "0E1000F10805DC0105", "A probe is cut off (byte 9): expected 11 bytes, got 9"),
        ("dragino_llms01", 2, "", "(byte 0): expected 11 bytes, got 0"),
        ("dragino_sw3l", 3, "", "expected port 2, 4 or 5"),
    ],
)
def test_what_is_wrong_is_named(model, port, payload, sentence):
    with pytest.raises(CodecError) as caught:
        CODECS[model](bytes.fromhex(payload), port)
    assert sentence in str(caught.value)
