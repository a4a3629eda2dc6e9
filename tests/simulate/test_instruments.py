"""A reading's three faces: what a decoder says, the bytes, and what it means."""

from collections import Counter
from random import Random

import pytest

from pipelines.simulate.instruments import FAIL, GOOD, MISSING, Instrument, Part, Said, Value, read

TEMPERATURE = Said("temp", "soil_temperature", "Cel", lambda raw: raw / 10, channel=1)
MOISTURE = Said("water", "soil_moisture", "m3/m3", lambda raw: raw / 100, 0.01)
PARTS = (
    Part(">h", -12, -12, (TEMPERATURE,), before="0A"),
    Part("<H", 3050, 3050, (MOISTURE,)),
)


def chance():
    return Random(0)  # noqa: S311 - chance that can be had again


def instrument(parts=PARTS, **about):
    return Instrument("model", "profile", "brand", "model-id", parts, **about)


def test_the_same_numbers_are_said_laid_out_and_meant():
    reading = read(instrument(after="FF", averaging_interval_s=1800, depths_cm={1: 15.0}), chance())
    assert reading.decoded == {"temp": -1.2, "water": 30.5}
    assert reading.payload.hex() == "0a" + "fff4" + "ea0b" + "ff"  # 0xfff4 is -12, 0x0bea 3050
    assert reading.values == (
        Value("soil_temperature", "Cel", -1.2, GOOD, 1, 15.0, 1800),
        Value("soil_moisture", "m3/m3", 30.5 * 0.01, GOOD, None, None, 1800),
    )


@pytest.mark.parametrize(
    ("style", "decoded"),
    [
        ("flat", {"temp": -1.2}),
        ("nested", {"temp": {"value": -1.2, "unit": "as the vendor says"}}),
        ("items", {"messages": [[{"measurementId": "temp", "measurementValue": -1.2}]]}),
        ("none", None),
    ],
)
def test_decoders_nest_in_their_own_ways(style, decoded):
    assert read(instrument(PARTS[:1], style=style), chance()).decoded == decoded


def test_some_sensors_are_decoded_by_the_gateway_only():
    assert read(instrument(has_payload=False), chance()).payload is None


def test_a_fahrenheit_is_a_line():
    part = Part("<h", 212, 212, (Said("temp", "air_temperature", "Cel", float, 5 / 9, shift=-32 * 5 / 9),))
    (value,) = read(instrument((part,)), chance()).values
    assert value.value == pytest.approx(100)


def test_now_and_then_there_is_no_reading_or_one_that_cannot_be():
    part = Part("<H", 100, 200, (MOISTURE,), missing=0xFFFF, wild=9000)
    same = chance()
    drawn = [read(instrument((part,)), same).values[0] for _ in range(3000)]
    values = {GOOD: range(100, 201), FAIL: [9000], MISSING: [None]}
    for value in drawn:
        assert (None if value.value is None else round(value.value * 10_000)) in values[value.flag]
    counts = Counter(value.flag for value in drawn)
    assert (counts[MISSING], counts[FAIL]) == (pytest.approx(60, abs=25), pytest.approx(30, abs=20))
