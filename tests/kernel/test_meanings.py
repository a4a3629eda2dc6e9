"""What a key and a unit mean, said by whom: a line a case, the conversion checked by one value."""

import pytest

from pipelines.contracts.sensors import sensors
from pipelines.kernel.meanings import LABEL_SCHEMA, MEANING_SCHEMA, SEPARATOR, Meanings, shortened

BOTH = SEPARATOR.join


def said(message_format, names, key, unit, *, is_payload=False, default=None):
    """The reason, or the meaning's row."""
    meanings = Meanings(default)
    found = meanings.said(message_format, names, is_payload, key, unit)
    return found if isinstance(found, str) else meanings.table().slice(found, 1).to_pylist()[0]


# format, sensor, key, unit, a value as said: model, property, value in the canonical unit
UNDERSTOOD = [
    # the sensor's contract knows the key and its unit
    ("chirpstack_v4", "LSE01", "conduct_SOIL", "", 1500, "dragino_lse01", "soil_ec", 1500 / 1000),
    ("fieldstream_json", "LSE01", "temp_SOIL", "", 21.5, "dragino_lse01", "soil_temperature", 21.5),
    # a unit behind the number counts, even one the contract does not expect
    ("chirpstack_v4", "LSE01", "conduct_SOIL", "mS/cm", 1.5, "dragino_lse01", "soil_ec", 1.5),
    ("chirpstack_v4", "LSE01", "temp_SOIL", "°F", 68, "dragino_lse01", "soil_temperature", (68 - 32) * 5 / 9),
    # a vendor that counts the other way round does so in every unit
    ("chirpstack_v4", "CUBE02", "Soil_moisture-0", "", 30, "sensefarm_cube02", "soil_water_potential", -30),
    ("chirpstack_v4", "CUBE02", "Soil_moisture-0", "bar", 0.3, "sensefarm_cube02", "soil_water_potential", -30),
    # the message's own words
    ("fieldstream_json", "", "air_temperature", "K", 300, None, "air_temperature", 300 - 273.15),
    ("fieldstream_json", "", "Air Temperature", "", 21.5, None, "air_temperature", 21.5),
    ("fieldstream_json", "LSE01", "co2", "ppm", 400, "dragino_lse01", "co2", 400),
    # the format fixes key and unit
    ("ngsi", "", "soilMoistureEc", "", 0.2, None, "soil_ec", 0.2 * 10),
    ("ngsi", "", "WeatherObserved/solarRadiation", "", 800, None, "solar_radiation", 800),
    ("ngsi", "", "AgriParcelRecord/solarRadiation", "", 0.8, None, "solar_radiation", 800),
    ("the_things_stack_v3", "", "soil.moisture", "", 30, None, "soil_moisture", 0.3),
    # several spellings of one unit, of which the unknown ones say nothing
    ("sensorthings_1_1", "", "Air temperature", BOTH(["ucum:Cel", "°C", "degree Celsius"]), 20, None,
     "air_temperature", 20),
    ("sensorthings_1_1", "", "Air temperature", BOTH(["ucum:Cel", "Grad"]), 20, None, "air_temperature", 20),
    # the observed property first, then what the datastream is called
    ("sensorthings_1_1", "", BOTH(["Relative humidity", "Air temperature in shelter"]), "%", 55, None,
     "relative_humidity", 55),
    ("sensorthings_1_1", "", BOTH(["http://example.org/def/7", "Soil moisture at 20 cm"]), "%", 25, None,
     "soil_moisture", 0.25),
]  # fmt: skip


@pytest.mark.parametrize(("message_format", "names", "key", "unit", "amount", "model", "prop", "value"), UNDERSTOOD)
def test_a_value_is_understood(message_format, names, key, unit, amount, model, prop, value):
    row = said(message_format, names, key, unit)
    assert (row["sensor_model"], row["property"]) == (model, prop)
    assert amount * row["scale"] + row["shift"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("message_format", "names", "key", "unit", "is_payload", "reason"),
    [
        ("fieldstream_json", "", "magic", "", False, "unknown_key:magic"),
        ("fieldstream_json", "", "temperature", "Cel", False, "unknown_key:temperature"),  # of what?
        ("fieldstream_json", "", "co2", "furlong", False, "unknown_unit:furlong"),
        ("fieldstream_json", "", "co2", "Cel", False, "unknown_unit:Cel"),  # does not measure it
        ("chirpstack_v4", "LSE01", "temp_SOIL", "furlong", True, "unknown_unit:furlong"),
        ("sensorthings_1_1", "", "Air temperature", "", False, "no_unit"),
        ("sensorthings_1_1", "", "Soil moisture", BOTH(["%", "m3/m3"]), False, "unknown_unit:% / m3/m3"),
        ("sensorthings_1_1", "", "Air temperature", BOTH(["Grad", "Grad"]), False, "unknown_unit:Grad"),
        ("ngsi", "", "AgriParcelRecord/soilSalinity", "", False, "unknown_key:soilSalinity"),
        ("fieldstream_json", "", "k" * 65, "", False, "unknown_key:" + "k" * 63 + "…"),
        # nothing to say: the signature has said it, or nobody asks
        ("chirpstack_v4", "LSE01", "magic", "", True, ""),
        ("fieldstream_json", "LSE01", "Mod", "", False, ""),
        ("ngsi", "", "WeatherObserved/rssi", "", False, ""),
    ],
)
def test_what_is_not_understood_has_its_reason(message_format, names, key, unit, is_payload, reason):
    assert said(message_format, names, key, unit, is_payload=is_payload) == reason


@pytest.mark.parametrize(
    ("key", "unit", "limit"),
    [
        ("relativeHumidity", "", None),
        ("relativeHumidity", "C62", None),
        ("relativeHumidity", "P1", 1.0),
        ("soilMoistureVwc", "%", 1.0),
        ("soilTemperature", "CEL", None),
    ],
)
def test_a_share_that_is_called_percent_is_looked_at_twice(key, unit, limit):
    assert said("ngsi", "", key, unit)["contradicts_up_to"] == limit


@pytest.mark.parametrize(
    ("names", "default", "model"),
    [
        ("LSE01", None, "dragino_lse01"),
        ("lse-01", None, "dragino_lse01"),
        ("Dragino LSE01", None, "dragino_lse01"),
        (BOTH(["nobody's", "LSE01"]), None, "dragino_lse01"),
        (BOTH(["EM500-SMTC", "LSE01"]), None, "milesight_em500_smtc"),
        (BOTH(["", "LSE01"]), None, "dragino_lse01"),
        ("nobody's", None, None),
        ("", None, None),
        (None, None, None),
        ("nobody's", "dragino_lse01", "dragino_lse01"),
        (None, "dragino_lse01", "dragino_lse01"),
        ("EM500-SMTC", "dragino_lse01", "milesight_em500_smtc"),
    ],
)
def test_the_first_name_that_has_a_contract_names_the_sensor(names, default, model):
    found = Meanings(default).sensor(names)
    assert (found and found.model) == model


def test_meanings_are_numbered_as_they_are_met_and_a_contracts_reading_once():
    meanings, probe = Meanings(), sensors()["tower_soil_probe"]
    deep, shallow = probe.readings[1], probe.readings[0]
    assert [meanings.reading(probe, deep), meanings.reading(probe, shallow), meanings.reading(probe, deep)] == [0, 1, 0]
    assert meanings.consecutive(probe, [shallow, deep]) == 2
    table = meanings.table()
    assert table.schema == MEANING_SCHEMA
    assert table.select(["meaning_id", "depth_cm", "channel", "averaging_interval_s"]).to_pylist() == [
        {"meaning_id": number, "depth_cm": depth, "channel": channel, "averaging_interval_s": 1800}
        for number, (depth, channel) in enumerate([(45.0, 2), (10.0, 1), (10.0, 1), (45.0, 2)])
    ]


def test_the_words_of_a_contract_stand_for_their_numbers():
    meanings = Meanings()
    valve = meanings.said("chirpstack_v4", "Smart Valve", True, "Valve", "")
    meanings.said("chirpstack_v4", "Smart Valve", True, "Bat", "")
    assert meanings.labels().schema == LABEL_SCHEMA
    assert meanings.labels().to_pylist() == [
        {"meaning_id": valve, "word": word, "stands_for": value} for word, value in [("1", 1.0), ("0", 0.0)]
    ]


@pytest.mark.parametrize(
    ("text", "short"), [("", ""), ("k" * 64, "k" * 64), ("k" * 65, "k" * 63 + "…"), ("ü" * 70, "ü" * 63 + "…")]
)
def test_a_reason_carries_no_more_than_it_must(text, short):
    assert shortened(text) == short
