"""The reference pages say what the contracts and the settings say."""

import inspect
import re

import pytest

from pipelines import settings
from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import table, table_names
from pipelines.jobs.dictionary import dictionary


def cells(text: str) -> list[list[str]]:
    """Rows of every Markdown table, without the rules."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_column_of_every_table_is_described() -> None:
    page = dictionary()["data-dictionary.md"]
    for name in table_names():
        contract = table(name)
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        facts = cells(section)[1]
        assert (facts[0], facts[2:]) == (contract.grain, [contract.writer, contract.owner, contract.sensitivity])
        described = {row[0]: row[1:] for row in cells(section) if len(row) == 8}
        assert tuple(described)[1:] == contract.column_names
        for column in contract.columns:
            null = "never" if column.name in contract.required else "may be"
            said = described[column.name]
            assert (said[:2], said[3]) == ([column.type, column.unit or ""], null)


@pytest.mark.parametrize(
    ("table_name", "column", "bounds", "sensitivity"),
    [
        ("gold.field_daily", "soil_moisture_0_30cm_m3_m3", "0 to 0.7", ""),
        ("gold.field_daily", "air_temperature_min_c", "-80 to 60", ""),
        ("bronze.events", "offset", "from 0", ""),
        ("bronze.events", "raw", "", "confidential"),
        ("reference.fields", "longitude_deg", "-180 to 180", "location"),
    ],
)
def test_a_column_says_its_range_and_who_may_see_it(
    table_name: str, column: str, bounds: str, sensitivity: str
) -> None:
    section = dictionary()["data-dictionary.md"].partition(f"\n## {table_name}\n")[2].partition("\n## ")[0]
    said = next(row for row in cells(section) if row[0] == column)
    assert (said[3], said[7]) == (bounds, sensitivity)


def test_quantities_and_sensors_are_described() -> None:
    pages = dictionary()
    # schemas/quantities.yaml: soil_moisture: {unit: m3/m3, fail: [0, 0.70], suspect: [0.02, 0.60]}
    moisture = next(row for row in cells(pages["quantities.md"]) if row[0] == "soil_moisture")
    assert moisture[2:] == ["m3/m3", "0 to 0.7", "0.02 to 0.6"]
    assert {row[0] for row in cells(pages["quantities.md"])} == {"property", *quantities()}
    # percent to a fraction; kPa to hPa
    assert ["soil_moisture_1", "soil_moisture", "m3/m3", "0.01", "0", "1", "10", ""] in cells(pages["sensors.md"])
    assert ["air_pressure", "air_pressure", "hPa", "10", "0", "", "", ""] in cells(pages["sensors.md"])
    # tension sent positive; a total that goes back to 0; words for states; the probe that is not there
    tension = ["Soil_moisture-0", "soil_water_potential", "kPa", "-1", "0", "1", "", ""]
    rain = ["rainfall_total", "precipitation_total", "mm", "1", "0", "", "", "running total of precipitation"]
    probe = ["Bat", "battery_voltage", "V", "1", "0", "", "", ""]
    assert all(row in cells(pages["sensors.md"]) for row in (tension, rain, probe))
    assert "no reading at 327.6, 327.67, 3276.7" in pages["sensors.md"]
    assert "running total of pulse_count" not in pages["sensors.md"]
    assert "starts again at 4294967296" in pages["sensors.md"]
    assert "on is 1, off is 0, open is 1, close is 0" in pages["sensors.md"]
    assert "`messages`: the key is `measurementId`" in pages["sensors.md"]
    assert all(f"## {model}\n" in pages["sensors.md"] for model in sensors())


def test_limits_by_neighbours_are_described() -> None:
    # schemas/quality.yaml: soil_moisture: {spike: [0.05, 0.15], rate: {at_once: 0.15, per_hour: 0.3}, flat: [259200]}
    moisture = next(row for row in cells(dictionary()["neighbours.md"]) if row[0] == "soil_moisture")
    assert moisture[1:] == ["0.05 suspect, 0.15 fail", "0.15", "0.3", "72 h suspect", ""]
    air = next(row for row in cells(dictionary()["neighbours.md"]) if row[0] == "air_temperature")
    assert air[4:] == ["6 h suspect, 24 h fail", "0.5 in 24 h"]


def test_every_variable_that_the_settings_read_is_described() -> None:
    read = set(re.findall(r'"(FIELDSTREAM_[A-Z_]+|JAVA_HOME)"', inspect.getsource(settings.from_environment)))
    described = {row[0]: row[1:] for row in cells(dictionary()["settings.md"])}
    assert len(read) == 9
    assert set(described) == {"variable", *read}
    assert described["FIELDSTREAM_HOME"] == [
        "folder of the lake, the local broker and scratch data",
        ".fieldstream` where a command runs",
    ]
