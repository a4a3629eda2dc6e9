"""Files that other programs read: every row and digit, and fields where they lie."""

import csv
import json
import struct
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from pipelines.contracts.tables import table
from pipelines.errors import UsageError
from pipelines.lake.export import export
from pipelines.lake.query import LATEST, Moment
from pipelines.lake.tables import Lake
from tests.lakes import observation, soil_lake

GOLD, FIELDS, SILVER = "gold.field_daily", "reference.fields", "silver.observations"
ABOUT = {"latitude_deg": 38.0, "longitude_deg": -121.0, "elevation_m": 1.0, "utc_offset_h": -8.0, "wind_height_m": 2.0}

# A triangle by hand: byte order, type 3 (polygon), one ring, four positions.
CORNERS = ((-121.5, 38.0), (-121.25, 38.0), (-121.5, 38.5), (-121.5, 38.0))
TRIANGLE = struct.pack("<BIII8d", 1, 3, 1, 4, *(number for corner in CORNERS for number in corner))
POINT = struct.pack("<BIdd", 1, 1, -120.0, 37.0)


def field(name: str, wkb: bytes | None, *bounds: float) -> dict[str, object]:
    sides = dict(zip(("xmin_deg", "ymin_deg", "xmax_deg", "ymax_deg"), bounds, strict=False))
    return {"field_id": name, "geometry_wkb": wkb} | ABOUT | sides


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three fields, of which `far` has no day in gold and `bare` no outline; `lost` is in no registry."""
    lake = Lake(tmp_path / "lake")
    lake.append(
        FIELDS,
        [
            field("north", TRIANGLE, -121.5, 38.0, -121.25, 38.5),
            field("far", POINT, -120.0, 37.0, -120.0, 37.0),
            field("bare", None),
        ],
    )
    days = [
        {"field_id": name, "date": date(2017, 6, 1), "eto_mm": 6.2, "eto_method": "m", "silver_version": 1}
        for name in ("north", "bare", "lost")
    ]
    schema = table(GOLD).arrow_schema
    write_deltalake(lake.create(GOLD), pa.Table.from_pylist(days, schema=schema), mode="append")
    return lake


def test_csv_keeps_every_row_digit_and_instant(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path / "lake")
    lake.append(SILVER, [{**observation(40), "value": 0.1 + 0.2, "reasons": ["a", "b"], "device_id": 'a "b", c'}])
    path = tmp_path / "out.csv"
    assert export(lake, SILVER, "csv", path, LATEST) == 41
    rows = list(csv.DictReader(path.open()))
    (last,) = (row for row in rows if row["offset"] == "40")
    assert float(last["value"]) == 0.1 + 0.2
    assert (last["device_id"], last["reasons"], last["session"]) == ('a "b", c', "[a, b]", "")
    assert last["phenomenon_time"] == "2026-06-01T20:00:00.000000Z"  # the 40th half-hour


def test_parquet_has_the_contracts_columns_at_the_moment_asked_for(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path / "lake")
    path = tmp_path / "out.parquet"
    assert export(lake, SILVER, "parquet", path, Moment({SILVER: 2})) == 20
    written = pq.ParquetFile(path).read()
    assert written.schema.names == list(table(SILVER).column_names)
    assert written.schema.field("phenomenon_time").type == pa.timestamp("us", tz="UTC")
    assert sorted(written["offset"].to_pylist()) == list(range(20))
    assert written["phenomenon_time"][0].as_py() >= datetime(2026, 6, 1, tzinfo=UTC)


def test_a_view_can_be_exported(tmp_path: Path) -> None:
    assert export(Lake(tmp_path), "bronze.events_current", "csv", tmp_path / "out.csv", LATEST) == 0


def test_geoparquet_says_where_and_in_what_way(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "days.parquet"
    assert export(lake, GOLD, "geoparquet", path, LATEST) == 3
    metadata = json.loads(pq.read_metadata(path).metadata[b"geo"])
    # https://geoparquet.org/releases/v1.1.0/ : no crs means OGC:CRS84, longitude first.
    assert metadata == {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Polygon"],
                "orientation": "counterclockwise",
                "bbox": [-121.5, 38.0, -121.25, 38.5],
                "covering": {
                    "bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")},
                },
            }
        },
    }
    rows = {row["field_id"]: row for row in pq.ParquetFile(path).read().to_pylist()}
    assert rows["north"]["geometry"] == TRIANGLE
    assert rows["north"]["bbox"] == {"xmin": -121.5, "ymin": 38.0, "xmax": -121.25, "ymax": 38.5}
    assert rows["north"]["eto_mm"] == 6.2
    assert [rows[name][column] for name in ("bare", "lost") for column in ("geometry", "bbox")] == [None] * 4


def test_another_program_reads_the_outlines(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "fields.parquet"
    export(lake, FIELDS, "geoparquet", path, LATEST)
    # DuckDB takes a column for a geometry only where the file's metadata say so.
    asked = "select field_id, typeof(geometry), st_astext(geometry) from read_parquet($path) order by 1"
    found = duckdb.execute(asked, {"path": str(path)}).fetchall()
    assert [(name, text) for name, _, text in found] == [
        ("bare", None),
        ("far", "POINT (-120 37)"),
        ("north", "POLYGON ((-121.5 38, -121.25 38, -121.5 38.5, -121.5 38))"),
    ]
    assert all(kind.startswith("GEOMETRY") for _, kind, _ in found)
    columns = pq.read_schema(path).names
    assert "geometry_wkb" not in columns
    assert json.loads(pq.read_metadata(path).metadata[b"geo"])["columns"]["geometry"]["geometry_types"] == [
        "Point",
        "Polygon",
    ]


@pytest.mark.parametrize("name", [SILVER, "bronze.events_current"])
def test_what_is_about_no_field_has_no_place_on_a_map(lake: Lake, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="The table has no place on a map"):
        export(lake, name, "geoparquet", tmp_path / "out.parquet", LATEST)
    assert not (tmp_path / "out.parquet").exists()


def test_a_table_that_is_not_there_is_told(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no such table"):
        export(lake, "gold.field", "csv", tmp_path / "out.csv", LATEST)
