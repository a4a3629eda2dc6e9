"""Which spans must be judged anew, in hours; and which files hold days."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.contracts.quality import quality
from pipelines.lake.tables import Lake
from pipelines.quality.touched import days_of_context, files_of_days, find_touched, register_places, versions
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


Span = tuple[int, int]
Spans = dict[tuple[str, str], list[Span]]


def spans(connection: duckdb.DuckDBPyConnection, table: str) -> Spans:
    """The spans of a table by series, in hours after the start."""
    found: Spans = {}
    for device, name, *span in connection.execute(f"select * from {table} order by all").fetchall():  # noqa: S608 - a name of ours
        first, last = (each / 3_600_000_000 - FIRST * 24 for each in span)
        found.setdefault((device, name), []).append((first, last))
    return found


@pytest.mark.parametrize(
    ("hours", "affected", "context"),
    [
        ([100], [(73, 127)], [(46, 154)]),
        ([100, 102, 110], [(73, 137)], [(46, 164)]),
        ([100, 150], [(73, 177)], [(46, 204)]),  # within 54 hours of each other
        ([100, 160], [(73, 127), (133, 187)], [(46, 214)]),
        ([100, 160, 300], [(73, 127), (133, 187), (273, 327)], [(46, 214), (246, 354)]),
    ],
)
def test_as_far_as_a_test_looks_values_are_affected_and_as_far_again_read(
    lake: Lake, connection: duckdb.DuckDBPyConnection, hours: list[int], affected: list[Span], context: list[Span]
) -> None:
    """Nothing looks further at an air temperature than 27 hours."""
    since = versions(lake)
    lake.append(SILVER, [row("station", "air_temperature", hour, 20.0) for hour in hours])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    assert spans(connection, "affected") == {("station", "air_temperature"): affected}
    assert spans(connection, "context") == {("station", "air_temperature"): context}
    days = {day for first, last in context for day in range(first // 24, last // 24 + 1)}
    assert {day - FIRST for day in days_of_context(connection)} == days


def test_water_touches_the_soil_of_its_field(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    since = versions(lake)
    lake.append(SILVER, [row("station", "precipitation", 100, 2.0), row("stranger", "precipitation", 500, 2.0)])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    assert spans(connection, "touched") == {
        ("station", "precipitation"): [(100, 100)],
        ("stranger", "precipitation"): [(500, 500)],
        **{(each["device_id"], "soil_moisture"): [(100, 100)] for each in DEVICES},
    }


def test_a_moved_device_touches_what_is_judged_by_its_place(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    lake.append(SILVER, [row("probe", "soil_temperature", 30, 20.0), row("elsewhere", "soil_moisture", 30, 0.2)])
    since = versions(lake)
    lake.append("reference.devices", [{**DEVICES[0], "device_id": "new station"}])
    register_places(connection, lake, versions(lake))
    assert find_touched(connection, lake, since, versions(lake), quality())
    # A station that might have known of rain has come to the probe's field.
    assert spans(connection, "touched") == {("probe", "soil_moisture"): [(240, 263)]}


def test_files_of_other_days_are_not_read(lake: Lake) -> None:
    lake.append(SILVER, [row("station", "air_temperature", 100, 20.0)])
    snapshot = lake.open(SILVER)
    by_day = {day: len(files_of_days(snapshot, [FIRST + day])) for day in (3, 4, 5, 9, 10, 11)}
    assert by_day == {3: 0, 4: 1, 5: 0, 9: 0, 10: 1, 11: 0}
    assert len(files_of_days(snapshot, [FIRST + 4, FIRST + 10])) == 2
    assert files_of_days(snapshot, []) == []
