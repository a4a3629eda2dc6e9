"""The devices file: CSV, one line a device and period."""

import csv
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.contracts import tables
from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.reference.geometry import Position, on_earth
from pipelines.reference.refusal import Misfit, one_of, refused

Row = dict[str, Any]
Fields = Mapping[str, Row]
"""Rows of reference.fields by field."""

NEEDED = ("device_id", "field_id", "valid_from", "valid_to")
_EUI_64 = re.compile(r"[0-9a-fA-F]{2}(?:[-:]?[0-9a-fA-F]{2}){7}")
_DEPTH = re.compile(r"(?:(?P<channel>\d{1,4})\s*=\s*)?(?P<depth_cm>\d+(?:\.\d+)?)")
_CALIBRATION = re.compile(r"(?P<property>\w+)(?:@(?P<channel>\d{1,4}))?\s+(?P<gain>\S+)\s+(?P<offset>\S+)")
_DEEPEST_CM = 1000.0

# A device may stand at a field's edge, or at the well; a swapped or foreign position is much farther off.
_MOST_OFF_FIELD_KM = 20.0
_KM_PER_DEG = 111.2


def read_devices(path: Path, fields: Fields) -> list[tuple[str, Row]]:
    """Read the devices file into rows of reference.devices, each with the file and line that it stands on.

    Raises:
        DataRefused: The file is wrong; the error names file, line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, list(reader.fieldnames or ()))
            return [(f"{path}, line {reader.line_num}", row) for row in _rows(path, reader, fields)]
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        raise refused(str(path), "a readable CSV file in UTF-8", str(cause)) from cause


def device_id(text: str) -> str:
    """Return a device's name as messages are stored under it: an EUI-64 is lower-case hex without separators."""
    name = text.strip()
    return re.sub("[-:]", "", name).lower() if _EUI_64.fullmatch(name) else name


def instant(text: str) -> datetime:
    """Read a time with its offset from UTC, like 2017-01-01T08:00:00Z.

    Raises:
        Misfit: It is written otherwise.
    """
    expected = "a time with its offset from UTC, like 2017-01-01T08:00:00Z"
    try:
        time = datetime.fromisoformat(text.strip())
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Misfit((), expected, repr(text))


def depths(text: str) -> list[Row]:
    """Read depths below the surface in cm: `30` for a device without channels, `1=10; 2=45` for one that has them.

    Raises:
        Misfit: They are written otherwise.
    """
    expected = f"depths in cm up to {_DEEPEST_CM:g}, like 30, or by channel: 1=10; 2=45"
    found = [_DEPTH.fullmatch(part.strip()) for part in text.split(";")]
    rows: list[Row] = [
        {"channel": _whole(each["channel"]), "depth_cm": float(each["depth_cm"])} for each in found if each
    ]
    channels = {row["channel"] for row in rows}
    if len(rows) < len(found) or len(channels) < len(rows) or max(row["depth_cm"] for row in rows) > _DEEPEST_CM:
        raise Misfit((), expected, repr(text))
    if None in channels and len(rows) > 1:
        raise Misfit((), expected, repr(text))
    return rows


def calibration(text: str) -> list[Row]:
    """Read lines that correct values: `soil_moisture 1.05 -0.02` (gain, offset), `soil_moisture@2 1 0.01; ...`.

    Raises:
        Misfit: They are written otherwise, or name no quantity.
    """
    rows = [_calibration(part.strip()) for part in text.split(";")]
    if len({(row["property"], row["channel"]) for row in rows}) < len(rows):
        raise Misfit((), "each property and channel once", repr(text))
    return rows


def _calibration(part: str) -> Row:
    found = _CALIBRATION.fullmatch(part)
    try:
        gain, offset = (float(found[name]) for name in ("gain", "offset")) if found else (math.nan, math.nan)
    except ValueError:
        gain = offset = math.nan
    if not found or not math.isfinite(gain) or not math.isfinite(offset) or gain == 0:
        raise Misfit(
            (), "property, gain and offset, like soil_moisture 1.05 -0.02 or soil_moisture@2 1 0.01", repr(part)
        )
    if found["property"] not in quantities():
        raise Misfit((), one_of("quantities", quantities(), found["property"]), repr(found["property"]))
    return {"property": found["property"], "channel": _whole(found["channel"]), "gain": gain, "offset": offset}


def _whole(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _check_header(path: Path, names: list[str]) -> None:
    known = tables.table("reference.devices").column_names
    where = f"{path}, line 1"
    for number, name in enumerate(names, start=1):
        if name not in known:
            raise refused(f"{where}, column {number}", one_of("columns", known, name), repr(name))
        if name in names[: number - 1]:
            raise refused(f"{where}, column {number}", "each column once", f"{name} again")
    if missing := [name for name in NEEDED if name not in names]:
        raise refused(where, f"the columns {','.join(NEEDED)}", f"no {', no '.join(missing)}")


def _rows(path: Path, reader: "csv.DictReader[str]", fields: Fields) -> Iterator[Row]:
    for line in reader:
        where = f"{path}, line {reader.line_num}"
        if None in line or None in line.values():
            got = sum(value is not None for name, value in line.items() if name is not None) + len(line.get(None) or ())
            raise refused(where, f"{len(reader.fieldnames or ())} values", str(got))
        try:
            yield _device(line, fields)
        except Misfit as misfit:
            raise refused(f"{where}, column {misfit.path[0]}", misfit.expected, misfit.got) from misfit


def _device(line: Mapping[str, str], fields: Fields) -> Row:
    row: Row = dict.fromkeys(tables.table("reference.devices").column_names)
    row |= {name: _cell(name, text.strip(), fields) for name, text in line.items()}
    if row["valid_to"] is not None and row["valid_to"] <= row["valid_from"]:
        raise Misfit(("valid_to",), f"a time after {line['valid_from']}", line["valid_to"])
    if (row["longitude_deg"] is None) != (row["latitude_deg"] is None):
        raise Misfit(("latitude_deg",), "longitude_deg and latitude_deg together", "one of them")
    if row["longitude_deg"] is not None:
        check_position((row["longitude_deg"], row["latitude_deg"]), fields[row["field_id"]])
    return row


def _cell(name: str, text: str, fields: Fields) -> Any:
    if not text:
        if name in {"device_id", "field_id", "valid_from"}:
            raise Misfit((name,), f"a {name.removesuffix('_id').replace('valid_from', 'time')}", "nothing")
        return None
    readers = {
        "device_id": device_id,
        "field_id": lambda text: known_field(text, fields),
        "valid_from": instant,
        "valid_to": instant,
        "sensor_model": sensor_model,
        "longitude_deg": _number,
        "latitude_deg": _number,
        "depths": depths,
        "calibration": calibration,
    }
    if not text.isprintable():
        raise Misfit((name,), "printable text", repr(text))
    try:
        return readers[name](text)
    except Misfit as misfit:
        raise Misfit((name,), misfit.expected, misfit.got) from misfit


def known_field(text: str, fields: Fields) -> str:
    """Return the field's name if there is such a field.

    Raises:
        Misfit: There is none.
    """
    if text not in fields:
        raise Misfit((), one_of("fields", fields, text), repr(text))
    return text


def sensor_model(text: str) -> str:
    """Return the sensor contract that goes by the name.

    Raises:
        Misfit: None does.
    """
    models = {alias.lower(): each.model for each in sensors().values() for alias in (each.model, *each.aliases)}
    if text.lower() not in models:
        raise Misfit((), one_of("sensor models", sensors(), text), repr(text))
    return models[text.lower()]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Misfit((), "degrees, like -121.6467", repr(text))
    return value


def check_position(position: Position, field: Row) -> None:
    """Check that a device stands where its field is.

    Raises:
        Misfit: It is far from the field, or nowhere.
    """
    longitude, latitude = on_earth(*position, ("longitude_deg",))
    if _km_off(field, longitude, latitude) > _MOST_OFF_FIELD_KM:
        got = f"one {_km_off(field, longitude, latitude):.0f} km away"
        if _km_off(field, latitude, longitude) <= _MOST_OFF_FIELD_KM:
            got = "one whose longitude and latitude look swapped"
        raise Misfit(("longitude_deg",), f"a position within {_MOST_OFF_FIELD_KM:g} km of {field['field_id']}", got)


def _km_off(field: Row, longitude: float, latitude: float) -> float:
    """Distance to the field's bounding box, on a sphere flattened around it: good enough to tell a slip."""
    west, east = field["xmin_deg"], field["xmax_deg"]
    south, north = field["ymin_deg"], field["ymax_deg"]
    if west is None:  # a field written before geometries were kept
        west, east, south, north = *[field["longitude_deg"]] * 2, *[field["latitude_deg"]] * 2
    off_x = max(west - longitude, 0.0, longitude - east) * math.cos(math.radians((south + north) / 2))
    off_y = max(south - latitude, 0.0, latitude - north)
    return math.hypot(off_x, off_y) * _KM_PER_DEG
