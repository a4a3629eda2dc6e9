"""The fields file: what is read of it, and where it is wrong by line and column."""

import json
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.reference.fields import read_fields, standard_utc_offset_h
from pipelines.simulate.tower import SAMPLE

GOOD = {
    "field_id": "north",
    "elevation_m": 120,
    "wind_height_m": 2,
    "time_zone": "Europe/Berlin",
    "crop": "maize",
    "irrigation_system": "drip",
    "wilting_point_m3_m3": 0.12,
    "field_capacity_m3_m3": 0.3,
    "saturation_m3_m3": 0.45,
}
OUTLINE = {"type": "Polygon", "coordinates": [[[10, 50], [10.01, 50], [10.01, 50.01], [10, 50.01], [10, 50]]]}


def written(folder: Path, *features: tuple[dict, dict], **top: object) -> Path:
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": shape, "properties": said} for shape, said in features],
        **top,
    }
    path = folder / "fields.geojson"
    path.write_text(json.dumps(collection, indent=1))
    return path


def test_a_field_is_read_whole(tmp_path):
    (row,) = read_fields(written(tmp_path, (OUTLINE, GOOD)))
    row = {name: value for name, value in row.items() if value is not None}
    assert row.pop("geometry_wkb")[:9].hex() == "01" + "03000000" + "01000000"
    assert row == pytest.approx(
        {
            **GOOD,
            "utc_offset_h": 1.0,
            "longitude_deg": 10.005,
            "latitude_deg": 50.005,
            "xmin_deg": 10.0,
            "ymin_deg": 50.0,
            "xmax_deg": 10.01,
            "ymax_deg": 50.01,
        }
    )


def test_the_sample_is_a_point_without_soil_limits():
    (row,) = read_fields(SAMPLE / "fields.geojson")
    assert (row["field_id"], row["utc_offset_h"], row["wilting_point_m3_m3"]) == ("twitchell-alfalfa", -8.0, None)
    assert (row["longitude_deg"], row["xmin_deg"], row["ymax_deg"]) == (-121.6467, -121.6467, 38.1159)


@pytest.mark.parametrize(
    ("zone", "offset_h"),
    [
        ("Europe/Berlin", 1),
        ("America/Los_Angeles", -8),
        ("Australia/Sydney", 10),
        ("Asia/Kolkata", 5.5),
        ("Europe/Dublin", 0),
        ("America/Phoenix", -7),
    ],
)
def test_standard_time_has_no_daylight_saving(zone, offset_h):
    assert standard_utc_offset_h(zone, 2026) == offset_h


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"field_id": None},
            r"features\[0\]\.properties\.field_id\): expected a value of field_id, got none",
        ),
        ({"field_id": 7}, r"properties\.field_id\): expected text, got 7"),
        ({"field_id": "a\x1b[31m"}, r"field_id\): expected text, got 'a\\x1b\[31m'"),
        ({"elevation_m": "low"}, r"elevation_m\): expected a number from -450 to 6000, got 'low'"),
        ({"elevation_m": True}, r"elevation_m\): expected a number from -450 to 6000, got True"),
        ({"time_zone": "Europe/Berln"}, r"time_zone\): expected one of the IANA time zones, perhaps Europe/Berlin"),
        ({"time_zone": "here"}, r"time_zone\): expected .*time zone"),
        ({"time_zone": None}, r"properties\): expected a time_zone, or at least utc_offset_h, got neither"),
        ({"utc_offset_h": 2}, r"utc_offset_h\): expected 1, the standard time of Europe/Berlin .*, got 2"),
        ({"irrigation_system": "drop"}, r"irrigation_system\): expected one of the irrigation systems, perhaps drip"),
        (
            {"field_capacity_m3_m3": 0.1},
            r"field_capacity_m3_m3\): expected more than wilting_point_m3_m3, 0\.12, got 0\.1",
        ),
        ({"saturation_m3_m3": 45}, r"saturation_m3_m3\): expected a number from 0 to 1, got 45"),
        ({"season_starts": "02-30"}, r"season_starts\): expected month and day, the 28th at the latest, like 03-15"),
        ({"curve_number": 20}, r"curve_number\): expected a number from 30 to 100, got 20"),
        ({"feild_capacity_m3_m3": 0.3}, r"expected one of the properties, perhaps field_capacity_m3_m3"),
        (
            {"time_zone": "America/New_York"},
            r"geometry\.coordinates\): expected a longitude where clocks can be at UTC-5 h",
        ),
    ],
)
def test_a_wrong_property_is_named_by_line_and_column(tmp_path, changed, sentence):
    with pytest.raises(DataRefused, match=r"fields\.geojson, line \d+, column \d+, .*" + sentence):
        read_fields(written(tmp_path, (OUTLINE, {**GOOD, **changed})))


def test_line_and_column_are_those_of_the_value(tmp_path):
    path = tmp_path / "fields.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [\n'
        ' {"type": "Feature", "geometry": {"type": "Point", "coordinates": [10, 50]},\n'
        '  "properties": {"field_id": "a", "utc_offset_h": 1, "wind_height_m": 2,\n'
        '                 "elevation_m": 9999}}]}'
    )
    with pytest.raises(DataRefused, match=r"line 4, column 33, features\[0\]\.properties\.elevation_m\)"):
        read_fields(path)


def test_others_may_add_properties_of_their_own(tmp_path):
    (row,) = read_fields(written(tmp_path, (OUTLINE, {**GOOD, "owner": "Ann"})))
    assert "owner" not in row


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{oops", r"line 1, column 2\): expected GeoJSON"),
        ("[1, NaN]", r"expected numbers that JSON has, got NaN"),
        ("[" * 100_000, r"expected a readable UTF-8 file"),
        ("[]", r"line 1, column 1, the top\): expected an object of type FeatureCollection, got \[\]"),
        ('{"type": "Feature"}', r"expected an object of type FeatureCollection, got 'Feature'"),
        ('{"type": "FeatureCollection"}', r"features\): expected an array of features, got None"),
        (
            '{"type": "FeatureCollection", "features": [3]}',
            r"features\[0\]\): expected an object of type Feature, got 3",
        ),
        (
            '{"type": "FeatureCollection", "features": [],\n "crs": {"properties": {"name": "EPSG:32632"}}}',
            r"line 2, column 9, crs\): expected WGS 84 without a crs member",
        ),
    ],
)
def test_what_is_no_collection_is_refused(tmp_path, text, sentence):
    path = tmp_path / "fields.geojson"
    path.write_text(text)
    with pytest.raises(DataRefused, match=sentence):
        read_fields(path)


def test_a_field_stands_in_the_file_once(tmp_path):
    with pytest.raises(
        DataRefused, match=r"features\[1\]\.properties\.field_id\): expected each field once, got north"
    ):
        read_fields(written(tmp_path, (OUTLINE, GOOD), (OUTLINE, GOOD)))
