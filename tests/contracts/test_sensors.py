import pytest

from pipelines.contracts import sensors as module
from pipelines.contracts.sensors import MAPPING_SCHEMA, find, mapping, named, sensors
from pipelines.errors import ContractError, UsageError

PATH = module.SCHEMAS / "sensors" / "new.yaml"


def contract(line, **fields):
    return {"title": "t", "description": "d", "keys": {"t": line}, **fields}


def row(alias, key):
    (found,) = [each for each in mapping().to_pylist() if (each["alias"], each["payload_key"]) == (alias, key)]
    return found


def test_the_mapping_has_a_row_for_each_name_and_key():
    rows = mapping().to_pylist()
    expected = sum(len(sensor.readings) * len(sensor.names) for sensor in sensors().values())
    assert len(rows) == len({(row["alias"], row["payload_key"]) for row in rows}) == expected
    assert mapping().schema == MAPPING_SCHEMA


@pytest.mark.parametrize(
    ("alias", "key", "property_name", "scale", "depth_cm"),
    [
        ("tower soil probe", "soil_moisture_2", "soil_moisture", 0.01, 45.0),
        ("tower_soil_probe", "soil_temperature_1", "soil_temperature", 1.0, 10.0),
        ("tower weather station", "air_pressure", "air_pressure", 10.0, None),
        # By the vendors' units: percent, uS/cm, dS/m, Pa, kPa, cm, mm, L, mV; tension positive
        ("lse01", "water_SOIL", "soil_moisture", 0.01, None),
        ("lse01", "conduct_SOIL", "soil_ec", 0.001, None),
        ("em500-smtc", "ec", "soil_ec", 0.001, None),
        ("em500-smtc", "conductivity1", "soil_ec", 1.0, None),
        ("s2105", "4108", "soil_ec", 1.0, None),
        ("s2105", "4103", "soil_moisture", 0.01, None),
        ("s2120", "4101", "air_pressure", 0.01, None),
        ("dl-atm41", "atmospheric_pressure.value", "air_pressure", 10.0, None),
        ("dl-trs12", "volumetric_water_content.value", "soil_moisture", 1.0, None),
        ("dl-trs21", "water_potential.value", "soil_water_potential", 1.0, None),
        ("cube02", "Soil_moisture-0", "soil_water_potential", -1.0, None),
        ("kiwi", "adj_watermark2", "soil_water_potential", -1.0, None),
        ("em500-swl", "depth", "water_level", 0.01, None),
        ("em500-udl", "distance", "distance_to_surface", 0.001, None),
        ("sw3l", "Water_flow_value", "water_volume", 0.001, None),
        # 1 mile an hour is 0.44704 m/s
        ("vantage pro2", "wind_speed_avg_last_10_min", "wind_speed", 0.44704, None),
    ],
)
def test_a_key_means_a_quantity_at_a_depth_in_a_unit(alias, key, property_name, scale, depth_cm):
    found = row(alias, key)
    assert (found["property"], found["depth_cm"]) == (property_name, depth_cm)
    assert (found["scale"], found["shift"]) == (scale, 0.0)


def test_degrees_fahrenheit_have_another_zero():
    found = row("vantage pro2", "temp")
    assert 212 * found["scale"] + found["shift"] == pytest.approx(100, abs=1e-9)
    assert 32 * found["scale"] + found["shift"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("alias", "key", "field", "expected"),
    [
        ("se01-lb", "temp_DS18B20", "missing", [327.6, 327.67, 3276.7]),
        ("dl-smtp", "soil_temperature_at_depth_7.value", "missing", [-327.68]),
        ("dl-smtp", "soil_temperature_at_depth_7.value", "channel", 8),
        ("lse01", "water_SOIL", "missing", []),
        ("uc511", "valve_2", "labels", [("on", 1.0), ("off", 0.0), ("open", 1.0), ("close", 0.0)]),
        ("lse01", "water_SOIL", "labels", []),
        ("em300-di", "pulse", "increment_property", "pulses"),
        ("em300-di", "pulse", "rollover", 4294967296.0),
        ("wts506", "rainfall_total", "increment_property", "precipitation"),
        ("wts506", "rainfall_total", "rollover", None),
        ("lse01", "water_SOIL", "increment_property", None),
        ("lse01", "water_SOIL", "codec", "dragino_lse01"),
        ("vantage pro2", "temp", "codec", None),
        ("s2120", "4097", "items_at", "messages"),
        ("s2120", "4097", "items_key", "measurementId"),
        ("s2120", "4097", "items_value", "measurementValue"),
        ("lse01", "water_SOIL", "items_at", None),
    ],
)
def test_the_mapping_says_what_a_value_sent_stands_for(alias, key, field, expected):
    assert row(alias, key)[field] == expected


def test_a_sentinel_never_lies_where_readings_do():
    """In the canonical unit, every value that stands for no reading is outside the fail range, or is the least."""
    inside = {
        (sensor.model, reading.key, value)
        for sensor in sensors().values()
        for reading in sensor.readings
        for value in reading.missing
        if reading.quantity.fail[0] < value * reading.scale + reading.offset < reading.quantity.fail[1]
    }
    # A DS18B20's 327.6 is a temperature to a furnace, and a Watermark's 19 ohm a resistance: only the model tells.
    assert {key for _, key, _ in inside} == {
        *("TempC_DS18B20", "temp_DS18B20", "temperature_pro", "Resistance-0", "Resistance-1")
    }


def test_at_least_fifteen_models_of_every_kind_on_a_farm_have_contracts():
    kinds = {
        "soil_moisture": 8,
        "soil_water_potential": 4,
        "leaf_wetness": 1,
        "wind_speed": 5,
        "pulse_count": 4,
        "valve_state": 2,
        "water_level": 1,
        "distance_to_surface": 2,
        "line_pressure": 1,
    }
    for name, count in kinds.items():
        models = {
            sensor.model for sensor in sensors().values() for each in sensor.readings if each.quantity.name == name
        }
        assert len(models) >= count, name
    assert len({sensor.model for sensor in sensors().values() if sensor.vendor}) >= 15


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ("dragino_lse01", "dragino_lse01"),
        ("Dragino LSE01", "dragino_lse01"),
        ("vendor/dragino/lse01", "dragino_lse01"),
        ("vendor/dragino/lse01.js", "dragino_lse01"),
        ("LSE01", "dragino_lse01"),
        ("lse01", "dragino_lse01"),
        ("vendor/milesight-iot/em500-smtc", "milesight_em500_smtc"),
        ("Milesight EM500 SMTC", "milesight_em500_smtc"),
        ("ATM41", "decentlab_dl_atm41"),
        ("atm41g2", "decentlab_dl_atm41g2"),
        ("vendor/sensecap/sensecaps2120-8-in-1", "sensecap_s2120"),
        ("Tektelic Agriculture Sensor", "tektelic_agriculture"),
        ("tektelic kiwi", "tektelic_agriculture"),
        ("Sensefarm", "sensefarm_cube02"),
        ("Tower soil probe", "tower_soil_probe"),
    ],
)
def test_a_sensor_is_found_however_its_name_is_written(said, model):
    assert find(said).model == model
    assert find(said).model == model


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ("dragino/lse01", "dragino_lse01"),
        # brands as The Things Stack calls them, which are not the vendors' names
        ("milesight-iot/em500-smtc", "milesight_em500_smtc"),
        ("sensecap/sensecaps2120-8-in-1", "sensecap_s2120"),
        ("nobody/nothing", None),
        ("lse01/nothing", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_gateways_brand_and_model_are_one_sensor_or_none(said, model):
    found = named(said)
    assert (found and found.model) == model


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("S210", "Several sensors go by this name .*: sensecap_s2104, sensecap_s2105"),
        ("EM500", "Several sensors go by this name .*milesight_em500_co2, milesight_em500_lgt"),
        ("dl-trs13", "No sensor goes by this name .*: decentlab_dl_trs12, decentlab_dl_trs21"),
        ("", "No sensor goes by this name .*List them"),
        ("///", "No sensor goes by this name"),
        ("€", "No sensor goes by this name"),
    ],
)
def test_a_name_of_none_or_of_several_sensors_is_refused_with_those_near_it(said, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        find(said)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"property": "hearsay", "unit": "Cel"}, "t: a property of schemas/quantities.yaml, got 'hearsay'"),
        ({"property": "air_temperature", "unit": "hPa"}, "t: a UCUM unit that converts to Cel"),
        ({"property": "air_temperature"}, "title, description and keys"),
        ({"property": "air_temperature", "unit": "Cel", "mising": [0]}, "t: no other fields than .*, got mising"),
        ({"property": "precipitation_total", "unit": "mm"}, "t: cumulative: true where .*, got precipitation_total"),
        ({"property": "precipitation", "unit": "mm", "cumulative": True}, "t: cumulative: true where"),
    ],
)
def test_a_wrong_key_is_named(monkeypatch, line, sentence):
    monkeypatch.setattr(module, "read_mapping", lambda _: contract(line))
    with pytest.raises(ContractError, match=sentence):
        module._sensor(PATH)


def test_a_wrong_field_of_the_file_is_named(monkeypatch):
    line = {"property": "air_temperature", "unit": "Cel"}
    monkeypatch.setattr(module, "read_mapping", lambda _: contract(line, vender="Acme"))
    with pytest.raises(ContractError, match=r"the file: no other fields than .*, got vender"):
        module._sensor(PATH)


def test_a_name_belongs_to_one_sensor(monkeypatch):
    line = {"property": "air_temperature", "unit": "Cel"}
    monkeypatch.setattr(module, "read_mapping", lambda _: contract(line, aliases=["The probe"]))
    with pytest.raises(ContractError, match=r"names of its own, got 'The probe', which .* has"):
        module.sensors.__wrapped__()


def test_a_negated_zero_is_zero(monkeypatch):
    monkeypatch.setattr(
        module, "read_mapping", lambda _: contract({"property": "soil_water_potential", "unit": "kPa", "negate": True})
    )
    (reading,) = module._sensor(PATH).readings
    assert str(0.0 * reading.scale + reading.offset) == "0.0"


def test_a_rollover_is_kept_in_the_canonical_unit(monkeypatch):
    # A 16-bit counter of hundredths of an inch: 655.36 inches are 16646.144 mm.
    line = {"property": "precipitation_total", "unit": "[in_i]", "cumulative": True, "rollover": 655.36}
    monkeypatch.setattr(module, "read_mapping", lambda _: contract(line))
    (reading,) = module._sensor(PATH).readings
    assert reading.rollover == pytest.approx(16646.144)
