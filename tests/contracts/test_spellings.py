"""How messages write units and properties."""

import pytest

from pipelines.contracts.operations import operations
from pipelines.contracts.quantities import quantities
from pipelines.contracts.spellings import mentioned_property, named_property, unit_conversion, units
from pipelines.contracts.units import conversion


@pytest.mark.parametrize(
    ("said", "quantity", "value", "canonical"),
    [
        ("CEL", "air_temperature", 21.5, 21.5),
        ("ucum:Cel", "air_temperature", 21.5, 21.5),
        ("degree Celsius", "air_temperature", 21.5, 21.5),
        ("Degrees celsius", "air_temperature", 21.5, 21.5),
        ("http://www.qudt.org/qudt/owl/1.0.0/unit/Instances.html#DegreeCelsius", "air_temperature", 21.5, 21.5),
        ("FAH", "air_temperature", 212.0, 100.0),
        ("P1", "soil_moisture", 30.0, 0.3),
        ("%", "relative_humidity", 55.0, 55.0),
        ("C62", "relative_humidity", 0.55, 55.0),
        ("A97", "air_pressure", 1013.0, 1013.0),
        ("Pa", "air_pressure", 101300.0, 1013.0),
        ("cbar", "soil_water_potential", -30.0, -30.0),
        ("D10", "soil_ec", 0.12, 1.2),
        ("µS/cm", "soil_ec", 1200.0, 1.2),
        ("G42", "soil_ec", 1200.0, 1.2),
        ("kW/m2", "solar_radiation", 0.8, 800.0),
        ("knots", "wind_speed", 10.0, 5.144444444),
        ("KMH", "wind_speed", 36.0, 10.0),
        ("inch", "precipitation", 1.0, 25.4),
        ("2Z", "battery_voltage", 3600.0, 3.6),
        ("l/h", "water_flow", 60.0, 1.0),
    ],
)
def test_a_spelling_converts(said, quantity, value, canonical):
    scale, offset = unit_conversion(said, quantities()[quantity])
    assert value * scale + offset == pytest.approx(canonical)


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("D55", "solar_radiation"),  # a heat transfer coefficient, as published for radiation
        ("CEL", "solar_radiation"),
        ("%", "soil_ec"),
        ("furlong", "precipitation"),
        ("mg/L", "co2"),
        ("cel", "air_temperature"),
        ("'; DROP TABLE units; --", "co2"),
        ("x" * 100_000, "co2"),
    ],
)
def test_what_does_not_measure_the_property_is_none(said, quantity):
    assert unit_conversion(said, quantities()[quantity]) is None


def test_every_code_measures_something():
    canonical = {each.unit for each in quantities().values()}
    canonical |= {
        detail.column.unit
        for operation in operations().values()
        for detail in operation.details.values()
        if detail.is_number
    }

    def converts(code):
        for unit in canonical:
            try:
                conversion(code, unit)
            except ValueError:
                continue
            return True
        return False

    # Carbon dioxide by mass is no share of the air without its temperature and pressure.
    assert {code for code in units().values() if not converts(code)} == {"mg/L"}


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("soil_moisture", "soil_moisture"),
        ("Soil Moisture", "soil_moisture"),
        ("soilMoistureVwc", "soil_moisture"),
        ("Volumetric Water Content", "soil_moisture"),
        ("rainfall", "precipitation"),
        ("temperature", None),
        ("humidity", None),
        ("", None),
    ],
)
def test_a_property_is_named(said, quantity):
    found = named_property(said)
    assert (found and found.name) == quantity


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("Soil moisture at 20 cm", "soil_moisture"),
        ("Air temperature DS", "air_temperature"),
        ("oven temperature", None),
        ("air temperature and soil moisture", None),
        ("Soil temperature sensor: battery voltage", None),
        ("light", None),
        ("a " * 100_000, None),
    ],
)
def test_a_title_mentions_a_property(said, quantity):
    found = mentioned_property(said)
    assert (found and found.name) == quantity
