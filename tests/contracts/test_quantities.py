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
    assert {name: quantities()[name].unit for name in UNITS} == UNITS


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
    ("total", "increment"),
    [("precipitation_total", "precipitation"), ("pulse_count", "pulses"), ("water_volume", "water_use")],
)
def test_the_difference_of_two_running_totals_is_a_quantity_of_its_own(total, increment):
    assert quantities()[total].increment == increment
    assert quantities()[increment].increment is None


@pytest.mark.parametrize("increment", ["nothing", "soil_temperature"])
def test_an_increment_in_another_unit_is_refused(monkeypatch, increment):
    rain = {"unit": "mm", "fail": [0, 9], "suspect": [0, 1], "increment": increment, "description": "rain"}
    soil = {"unit": "Cel", "fail": [0, 9], "suspect": [0, 1], "description": "soil"}
    monkeypatch.setattr(module, "read_mapping", lambda _: {"rain": rain, "soil_temperature": soil})
    with pytest.raises(ContractError, match=f"rain: an increment that is a quantity in mm, got {increment}"):
        module.quantities.__wrapped__()


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
