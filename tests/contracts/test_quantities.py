import pytest

from pipelines.contracts import quantities as module
from pipelines.contracts.quantities import quantities
from pipelines.errors import ContractError

# Canonical units, as the project promises them to its users.
UNITS = {
    "soil_moisture": "m3/m3",
    "soil_temperature": "Cel",
    "soil_ec": "dS/m",
    "soil_water_potential": "kPa",
    "air_temperature": "Cel",
    "relative_humidity": "%",
    "air_pressure": "hPa",
    "solar_radiation": "W/m2",
    "wind_speed": "m/s",
    "wind_direction": "deg",
    "precipitation": "mm",
    "leaf_wetness": "%",
    "battery_voltage": "V",
    "co2": "ppm",
    "illuminance": "lx",
    "water_flow": "L/min",
    "water_volume": "m3",
}


def test_quantities_and_units_are_those_promised():
    assert {name: quantity.unit for name, quantity in quantities().items()} == UNITS


@pytest.mark.parametrize(
    ("name", "reading", "inside"),
    [
        # Observed in the field: see samples/us-tw3/README.md
        ("soil_moisture", 0.545, True),
        ("solar_radiation", -8.3, True),
        ("relative_humidity", 100.1, True),
        ("air_temperature", 85.0, False),
        ("soil_water_potential", 33.0, False),
    ],
)
def test_the_fail_range_holds_what_the_field_gives_and_not_what_it_cannot(name, reading, inside):
    low, high = quantities()[name].fail
    assert (low <= reading <= high) is inside


@pytest.mark.parametrize(
    "line",
    [
        {"unit": "Cel", "fail": [0, 1], "description": "no suspect range"},
        {"unit": "Cel", "fail": [0, 1], "suspect": [0, 2], "description": "suspect beyond fail"},
        {"unit": "Cel", "fail": [0, 1], "suspect": [1, 0], "description": "turned round"},
        {"unit": "Cel", "fail": [0, "1e9"], "suspect": [0, 1], "description": "text"},
        {"unit": "Cel", "fail": 3, "suspect": [0, 1], "description": "no range"},
    ],
)
def test_a_wrong_line_is_named(monkeypatch, line):
    monkeypatch.setattr(module, "read_mapping", lambda _: {"heat": line})
    with pytest.raises(ContractError, match=r"schemas/quantities\.yaml.*heat"):
        module.quantities.__wrapped__()
