from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.jobs.reference import load_reference, read_devices, read_fields
from pipelines.lake.tables import Lake
from pipelines.settings import Settings, from_environment
from pipelines.simulate.tower import SAMPLE

HEADER = "device_id,field_id,valid_from,valid_to\n"


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    return replace(from_environment({}), home=tmp_path)


def test_sample_is_loaded_once(demo: Settings) -> None:
    lake = Lake(demo.lake)
    first = load_reference(demo, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")
    versions = {name: lake.version(name) for name in first.written}
    second = load_reference(demo, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")
    assert (first.devices, first.fields, first.written) == (3, 1, ("reference.fields", "reference.devices"))
    assert (second.devices, second.fields, second.written) == (3, 1, ())
    assert {name: lake.version(name) for name in first.written} == versions
    assert lake.read("reference.fields").to_pylist() == [
        {
            "field_id": "twitchell-alfalfa",
            "latitude_deg": 38.1159,
            "longitude_deg": -121.6467,
            "elevation_m": -9.0,
            "utc_offset_h": -8.0,
            "wind_height_m": 2.8,
            "crop": "alfalfa",
        }
    ]


def test_only_a_changed_table_is_written_again(demo: Settings, tmp_path: Path) -> None:
    load_reference(demo, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")
    moved = tmp_path / "devices.csv"
    moved.write_text(HEADER + "a,twitchell-alfalfa,2016-01-01T00:00:00-08:00,\n")
    assert load_reference(demo, moved, SAMPLE / "fields.geojson").written == ("reference.devices",)
    assert Lake(demo.lake).read("reference.devices").to_pylist() == [
        {
            "device_id": "a",
            "field_id": "twitchell-alfalfa",
            "valid_from": datetime(2016, 1, 1, 8, tzinfo=UTC),
            "valid_to": None,
        }
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("device,field\n", r"line 1\): expected device_id,field_id,valid_from,valid_to, got device,field"),
        ("", r"line 1\): .* got nothing"),
        (HEADER + "a,f,2017-01-01T00:00:00Z\n", r"line 2\): expected four values, got 3"),
        (HEADER + "a,f,2017-01-01T00:00:00Z,,x\n", r"line 2\): expected four values, got 5"),
        (HEADER + " ,f,2017-01-01T00:00:00Z,\n", r"line 2, column device_id\)"),
        (HEADER + "a,g,2017-01-01T00:00:00Z,\n", r"line 2, column field_id\): expected one of the fields f, got 'g'"),
        (HEADER + "a,f,yesterday,\n", r"line 2, column valid_from\): .* got 'yesterday'"),
        (HEADER + "a,f,2017-01-01T00:00:00,\n", r"line 2, column valid_from\): expected a time with its offset"),
        (
            HEADER + "a,f,2017-01-02T00:00:00Z,2017-01-01T00:00:00Z\n",
            r"line 2, column valid_to\): expected a time after",
        ),
        (
            HEADER + "a,f,2017-01-01T00:00:00Z,\nb,f,2017-01-01T00:00:00Z,\na,f,2018-01-01T00:00:00Z,\n",
            r"line 4, column valid_from\): expected one place at a time, got device a, which stands in f without end",
        ),
    ],
)
def test_wrong_devices_file_is_named_by_line_and_column(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "devices.csv"
    path.write_text(content)
    with pytest.raises(DataRefused, match=sentence):
        read_devices(path, {"f"})


FIELD = """{{"features": [{{"geometry": {{"type": "{kind}", "coordinates": [{lon}, {lat}]}},
 "properties": {{"field_id": {field_id}, "elevation_m": {elevation}, "utc_offset_h": -8, "wind_height_m": 2}}}}]}}"""
GOOD = {"kind": "Point", "lon": "1", "lat": "2", "field_id": '"f"', "elevation": "-9"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": "Polygon"}, r"features\[0\], geometry\): expected a Point, got Polygon"),
        ({"lat": "91"}, r"features\[0\], latitude_deg\): expected a number from -90 to 90, got 91"),
        ({"elevation": '"low"'}, r"features\[0\], elevation_m\): expected a number from -450 to 6000, got 'low'"),
        ({"elevation": "null"}, r"features\[0\], elevation_m\): .* got None"),
        ({"field_id": "7"}, r"features\[0\], field_id\): expected text, got 7"),
        ({"lon": "oops"}, r"line 1, column 62\): expected GeoJSON"),
    ],
)
def test_wrong_fields_file_is_named_by_feature_and_property(
    tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    path = tmp_path / "fields.geojson"
    path.write_text(FIELD.format(**GOOD | changed))
    with pytest.raises(DataRefused, match=sentence):
        read_fields(path)


def test_nothing_is_written_when_either_file_is_wrong(demo: Settings, tmp_path: Path) -> None:
    bad = tmp_path / "devices.csv"
    bad.write_text(HEADER + "a,elsewhere,2017-01-01T00:00:00Z,\n")
    with pytest.raises(DataRefused):
        load_reference(demo, bad, SAMPLE / "fields.geojson")
    assert Lake(demo.lake).version("reference.fields") == -1
