"""Which days must be judged anew, drawn as days; and which files hold them."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.contracts.quality import quality
from pipelines.lake.tables import Lake
from pipelines.quality.touched import files_of_days, find_touched, register_places, versions
from tests.quality.world import DEVICES, START, lake_of, row

SILVER = "silver.observations"
FIRST = int(START.timestamp()) // 86_400


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A probe with a day of soil moisture, ten days in."""
    lake = lake_of(tmp_path)
    lake.append(SILVER, [row("probe", "soil_moisture", 240 + hour, 0.2) for hour in range(24)])
    return lake


def days(connection: duckdb.DuckDBPyConnection, table: str) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for device, name, day in connection.execute(f"select * from {table} order by all").fetchall():  # noqa: S608 - a name of ours
        found.setdefault((device, name), []).append(day - FIRST)
    return found


def test_days_around_a_new_value_are_affected_and_as_many_more_read(
    lake: Lake, connection: duckdb.DuckDBPyConnection
) -> None:
    since = versions(lake)
    lake.append(SILVER, [row("station", "air_temperature", 100, 20.0)])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    assert days(connection, "affected") == {("station", "air_temperature"): [2, 3, 4, 5, 6]}
    assert days(connection, "context") == {("station", "air_temperature"): list(range(9))}


def test_water_touches_the_soil_of_its_field(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    since = versions(lake)
    lake.append(SILVER, [row("station", "precipitation", 100, 2.0), row("stranger", "precipitation", 500, 2.0)])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    assert days(connection, "touched") == {
        ("station", "precipitation"): [4],
        ("stranger", "precipitation"): [20],
        **{(each["device_id"], "soil_moisture"): [4] for each in DEVICES},
    }


def test_a_moved_device_touches_what_is_judged_by_its_place(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    lake.append(SILVER, [row("probe", "soil_temperature", 30, 20.0), row("elsewhere", "soil_moisture", 30, 0.2)])
    since = versions(lake)
    lake.append("reference.devices", [{**DEVICES[0], "device_id": "new station"}])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    # A station that might have known of rain has come to the probe's field.
    assert days(connection, "touched") == {("probe", "soil_moisture"): [10]}


def test_files_of_other_days_are_not_read(lake: Lake) -> None:
    lake.append(SILVER, [row("station", "air_temperature", 100, 20.0)])
    snapshot = lake.open(SILVER)
    by_day = {day: len(files_of_days(snapshot, [FIRST + day])) for day in (3, 4, 5, 9, 10, 11)}
    assert by_day == {3: 0, 4: 1, 5: 0, 9: 0, 10: 1, 11: 0}
    assert len(files_of_days(snapshot, [FIRST + 4, FIRST + 10])) == 2
    assert files_of_days(snapshot, []) == []
