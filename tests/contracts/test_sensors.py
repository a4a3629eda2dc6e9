import pytest

from pipelines.contracts import sensors as module
from pipelines.contracts.sensors import mapping, sensors
from pipelines.errors import ContractError


def test_the_mapping_has_a_row_for_each_name_and_key():
    rows = mapping().to_pylist()
    expected = sum(len(sensor.readings) * (1 + len(sensor.aliases)) for sensor in sensors().values())
    assert len(rows) == len({(row["alias"], row["payload_key"]) for row in rows}) == expected


@pytest.mark.parametrize(
    ("alias", "key", "property_name", "scale", "depth_cm"),
    [
        ("tower soil probe", "soil_moisture_2", "soil_moisture", 0.01, 45.0),
        ("tower_soil_probe", "soil_temperature_1", "soil_temperature", 1.0, 10.0),
        ("tower weather station", "air_pressure", "air_pressure", 10.0, None),
    ],
)
def test_a_key_means_a_quantity_at_a_depth_in_a_unit(alias, key, property_name, scale, depth_cm):
    (row,) = [row for row in mapping().to_pylist() if (row["alias"], row["payload_key"]) == (alias, key)]
    assert (row["property"], row["scale"], row["shift"], row["depth_cm"]) == (property_name, scale, 0.0, depth_cm)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"property": "hearsay", "unit": "Cel"}, "t: a property of schemas/quantities.yaml, got 'hearsay'"),
        ({"property": "air_temperature", "unit": "hPa"}, "t: a UCUM unit that converts to Cel"),
        ({"property": "air_temperature"}, "title, description and keys"),
    ],
)
def test_a_wrong_key_is_named(monkeypatch, line, sentence):
    content = {"title": "t", "description": "d", "keys": {"t": line}}
    monkeypatch.setattr(module, "read_mapping", lambda _: content)
    with pytest.raises(ContractError, match=sentence):
        module._sensor(module.SCHEMAS / "sensors" / "new.yaml")
