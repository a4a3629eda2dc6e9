"""What no contract explains, with the line to write for it."""

import pytest
import yaml

from pipelines.jobs.sensors import _guessed, list_sensors, missing_contracts
from pipelines.lake.tables import Lake
from tests.stream.test_batch import readings, take_in
from tests.uplinks import KAFKA_TIME, Topic, uplink


def test_every_sensor_with_a_contract_is_listed_with_what_it_measures():
    listed = {each.model: each for each in list_sensors()}
    assert listed["tower_soil_probe"].properties == ("soil_moisture", "soil_temperature")
    assert listed["tower_soil_probe"].known_as == ("Tower soil probe",)


@pytest.fixture
def missing(home_settings):
    new = [
        uplink({"air_temperature": 21.5, "soil_temp": 3}, sensor="ACME Probe/2", counter=11),
        uplink({"air_temperature": 22.5, 'a"b.c': "x" * 1000}, sensor="ACME Probe/2", counter=12),
        uplink({"air_temperature": None}, sensor="ACME Probe/2", counter=3, device="d2"),
    ]
    nameless = [uplink({}, sensor="", counter=5)]
    take_in(Lake(home_settings.lake), Topic([[*readings(2), *new, *nameless, b"{", None]]))
    return missing_contracts(home_settings)


def test_each_key_of_an_unknown_sensor_is_counted(missing):
    assert [(each.sensor, each.key, each.events, each.devices) for each in missing] == [
        ("ACME Probe/2", "air_temperature", 3, 2),
        ("ACME Probe/2", 'a"b.c', 1, 1),
        ("ACME Probe/2", "soil_temp", 1, 1),
        (None, None, 1, 1),
    ]
    assert {(each.first_seen, each.last_seen) for each in missing} == {(KAFKA_TIME, KAFKA_TIME)}
    assert [len(each.example or "") for each in missing[1:3]] == [40, 1]


def test_the_line_to_write_is_yaml_with_the_likeliest_property(missing):
    lines = [yaml.safe_load(each.contract_line) for each in missing[:3]]
    assert lines == [
        {"air_temperature": {"property": "air_temperature", "unit": "Cel"}},
        {'a"b.c': {"property": "?", "unit": "?"}},
        {"soil_temp": {"property": "soil_temperature", "unit": "Cel"}},
    ]
    assert missing[0].contract_file == "schemas/sensors/acme_probe_2.yaml"


@pytest.mark.parametrize(
    ("key", "property_"),
    [
        ("soilTemp", "soil_temperature"),
        ("soil_temperature_4", "soil_temperature"),
        ("temp", None),
        ("humidity", "relative_humidity"),
        ("CO2", "co2"),
        ("battery", None),
        ("vwc", "soil_moisture"),
        ("", None),
    ],
)
def test_a_property_is_guessed_only_where_one_fits(key, property_):
    assert _guessed(key) == property_


def test_a_message_that_names_no_sensor_needs_a_model_in_the_registry(missing):
    assert missing[-1].contract_file == "reference.devices"


def test_where_everything_is_explained_nothing_is_missing(home_settings):
    take_in(Lake(home_settings.lake), Topic([readings(2)]))
    assert missing_contracts(home_settings) == []
