"""The fields file: an RFC 7946 FeatureCollection, one feature a field."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pipelines.contracts import tables
from pipelines.errors import DataRefused
from pipelines.reference.geometry import geometry
from pipelines.reference.json_places import place
from pipelines.reference.refusal import Misfit, one_of, refused

Row = dict[str, Any]

IRRIGATION_SYSTEMS = (
    "none",
    "surface",
    "sprinkler",
    "centre_pivot",
    "micro_sprinkler",
    "drip",
    "subsurface_drip",
    "subirrigation",
)
_RANGES = {
    "elevation_m": (-450.0, 6000.0),
    "utc_offset_h": (-12.0, 14.0),
    "wind_height_m": (0.5, 100.0),
    "wilting_point_m3_m3": (0.0, 1.0),
    "field_capacity_m3_m3": (0.0, 1.0),
    "saturation_m3_m3": (0.0, 1.0),
    "kcb_initial": (0.0, 1.5),
    "kcb_mid": (0.0, 1.5),
    "kcb_end": (0.0, 1.5),
    "stage_initial_d": (1.0, 366.0),
    "stage_development_d": (1.0, 366.0),
    "stage_mid_d": (1.0, 366.0),
    "stage_late_d": (1.0, 366.0),
    "crop_height_max_m": (0.05, 20.0),
    "root_depth_max_m": (0.1, 5.0),
    "depletion_fraction": (0.1, 0.8),
    "evaporation_depth_m": (0.05, 0.3),
    "readily_evaporable_mm": (1.0, 20.0),
    "curve_number": (30.0, 100.0),
}
_SOIL_LIMITS = ("wilting_point_m3_m3", "field_capacity_m3_m3", "saturation_m3_m3")
_TEXTS = ("field_id", "crop", "time_zone", "irrigation_system", "season_starts")
_MONTH_AND_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])")
_NEEDED = ("field_id", "elevation_m", "wind_height_m")
_CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"

# Clocks keep within about three hours of the sun (western China, the widest, 3.1 h).
_MOST_OFF_SUN_H = 3.6


def read_fields(path: Path) -> list[Row]:
    """Read the fields file into rows of reference.fields.

    Raises:
        DataRefused: The file is wrong; the error names file, line and column.
    """
    text, collection = _read(path)
    try:
        rows = [_field(feature, ("features", number)) for number, feature in enumerate(_features(collection))]
        _each_once(rows)
    except Misfit as misfit:
        raise _placed(path, text, misfit) from misfit
    return rows


def _read(path: Path) -> tuple[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as cause:
        where = f"{path}, line {cause.lineno}, column {cause.colno}"
        raise refused(where, "GeoJSON", cause.msg) from cause
    except (OSError, UnicodeDecodeError, RecursionError) as cause:
        raise refused(str(path), "a readable UTF-8 file", str(cause)) from cause
    except ValueError as cause:
        raise refused(str(path), "numbers that JSON has", str(cause)) from cause


def _no_number(name: str) -> float:
    raise ValueError(name)


def _placed(path: Path, text: str, misfit: Misfit) -> DataRefused:
    line, column = place(text, misfit.path)
    named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in misfit.path).lstrip(".")
    return refused(f"{path}, line {line}, column {column}, {named or 'the top'}", misfit.expected, misfit.got)


def _features(collection: Any) -> list[Any]:
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        got = collection.get("type") if isinstance(collection, dict) else collection
        raise Misfit((), "an object of type FeatureCollection", repr(got)[:60])
    crs = collection.get("crs")
    if crs is not None and _CRS84 not in json.dumps(crs):
        raise Misfit(("crs",), "WGS 84 without a crs member (RFC 7946, 4)", json.dumps(crs)[:60])
    features = collection.get("features")
    if not isinstance(features, list):
        raise Misfit(("features",), "an array of features", repr(features)[:60])
    return features


def _field(feature: Any, path: tuple[str | int, ...]) -> Row:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        got = feature.get("type") if isinstance(feature, dict) else feature
        raise Misfit(path, "an object of type Feature", repr(got)[:60])
    outline = asdict(geometry(feature.get("geometry"), (*path, "geometry")))
    properties, within = feature.get("properties"), (*path, "properties")
    if not isinstance(properties, dict):
        raise Misfit(within, "an object of properties", repr(properties)[:60])
    row = dict.fromkeys(tables.table("reference.fields").column_names)
    row |= {"geometry_wkb": outline.pop("wkb"), **outline, **_properties(properties, within)}
    row["utc_offset_h"] = _utc_offset_h(row, within)
    _check_soil(row, within)
    _check_sun(row, (*path, "geometry", "coordinates"))
    return row


def _properties(properties: Mapping[str, Any], path: tuple[str | int, ...]) -> Row:
    known = (*_TEXTS, *_RANGES)
    for name in properties.keys() - set(known):
        # Members of others are welcome (RFC 7946, 6.1); a slip of the pen is not one.
        expected = one_of("properties", known, name)
        if "perhaps" in expected:
            raise Misfit((*path, name), expected, repr(name))
    for name in _NEEDED:
        if properties.get(name) is None:
            raise Misfit((*path, name), f"a value of {name}", "none")
    row = {name: _text(name, properties.get(name), (*path, name)) for name in _TEXTS}
    return row | {name: _number(name, properties.get(name), (*path, name)) for name in _RANGES}


def _text(name: str, value: Any, path: tuple[str | int, ...]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Misfit(path, "text", repr(value)[:60])
    closed = {"irrigation_system": IRRIGATION_SYSTEMS, "time_zone": available_timezones()}.get(name)
    if closed is not None and value not in closed:
        what = "IANA time zones" if name == "time_zone" else "irrigation systems"
        near = one_of(what, closed, value)
        raise Misfit(path, near if len(near) < 200 else "an IANA time zone, like America/Los_Angeles", repr(value))
    if name == "season_starts" and not _MONTH_AND_DAY.fullmatch(value):
        raise Misfit(path, "month and day, the 28th at the latest, like 03-15", repr(value))
    return value.strip()


def _number(name: str, value: Any, path: tuple[str | int, ...]) -> float | None:
    if value is None:
        return None
    low, high = _RANGES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not low <= value <= high:
        raise Misfit(path, f"a number from {low:g} to {high:g}", repr(value)[:60])
    return float(value)


def _utc_offset_h(row: Row, path: tuple[str | int, ...]) -> float:
    stated = row["utc_offset_h"]
    if row["time_zone"] is None:
        if stated is None:
            raise Misfit(path, "a time_zone, or at least utc_offset_h", "neither")
        return float(stated)
    kept = standard_utc_offset_h(row["time_zone"], datetime.now(UTC).year)
    if stated is not None and stated != kept:
        expected = f"{kept:g}, the standard time of {row['time_zone']} (or leave it out)"
        raise Misfit((*path, "utc_offset_h"), expected, f"{stated:g}")
    return kept


def standard_utc_offset_h(time_zone: str, year: int) -> float:
    """Return how far a zone's standard time is ahead of UTC in a year, hours: the lesser of January's and July's."""
    zone = ZoneInfo(time_zone)
    offsets = (datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    return min(offset.total_seconds() for offset in offsets if offset is not None) / 3600


def _check_soil(row: Row, path: tuple[str | int, ...]) -> None:
    """Water drains from saturation to field capacity and is drawn down to the wilting point: in that order."""
    limits = [(name, row[name]) for name in _SOIL_LIMITS if row[name] is not None]
    for (lower, low), (upper, high) in pairwise(limits):
        if low >= high:
            raise Misfit((*path, upper), f"more than {lower}, {low:g}", f"{high:g}")


def _check_sun(row: Row, path: tuple[str | int, ...]) -> None:
    """A longitude whose noon is hours from the field's own is a latitude, or has lost its sign."""
    longitude, offset = row["longitude_deg"], row["utc_offset_h"]
    off_h = abs((longitude / 15 - offset + 12) % 24 - 12)
    if off_h > _MOST_OFF_SUN_H:
        got = f"longitude {longitude:g}, where the sun's time is UTC{longitude / 15:+.1f} h"
        raise Misfit(path, f"a longitude where clocks can be at UTC{offset:+g} h (longitude stands first)", got)


def _each_once(rows: list[Row]) -> None:
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row["field_id"] in seen:
            path = ("features", number, "properties", "field_id")
            raise Misfit(path, "each field once", f"{row['field_id']} again")
        seen.add(row["field_id"])
