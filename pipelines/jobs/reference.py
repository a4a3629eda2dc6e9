"""Load devices and fields from files people edit into the reference tables."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.contracts import tables
from pipelines.errors import DataRefused
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

Row = dict[str, Any]

_RANGES = {
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
    "elevation_m": (-450.0, 6000.0),
    "utc_offset_h": (-12.0, 14.0),
    "wind_height_m": (0.5, 100.0),
}


@dataclass(frozen=True)
class ReferenceReport:
    """How many rows the files hold, and which tables had to be written."""

    devices: int
    fields: int
    written: tuple[str, ...]


def load_reference(settings: Settings, devices_csv: Path, fields_geojson: Path) -> ReferenceReport:
    """Make reference.devices and reference.fields hold what the two files say.

    Both files are checked before anything is written, and a table that says so already is not written again.

    Raises:
        DataRefused: A file is wrong; the error names file, line or feature, and column.
    """
    fields = read_fields(fields_geojson)
    devices = read_devices(devices_csv, {field["field_id"] for field in fields})
    lake = Lake(settings.lake)
    contents = {"reference.fields": fields, "reference.devices": devices}
    written = tuple(name for name, rows in contents.items() if _overwrite_if_different(lake, name, rows))
    return ReferenceReport(len(devices), len(fields), written)


def read_devices(path: Path, known_fields: set[str]) -> list[Row]:
    """Read the devices file: CSV with the columns device_id, field_id, valid_from, valid_to.

    Raises:
        DataRefused: The file is wrong.
    """
    columns = list(tables.table("reference.devices").column_names)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != columns:
                raise _refused(f"{path}, line 1", ",".join(columns), ",".join(reader.fieldnames or ["nothing"]))
            rows = [(reader.line_num, _device(path, reader.line_num, line, known_fields)) for line in reader]
    except (OSError, UnicodeDecodeError) as cause:
        raise _refused(str(path), "a readable UTF-8 file", str(cause)) from cause
    _check_periods(path, rows)
    return [row for _, row in rows]


def read_fields(path: Path) -> list[Row]:
    """Read the fields file: a GeoJSON FeatureCollection, one Point per field, the rest as properties.

    Raises:
        DataRefused: The file is wrong.
    """
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        features = collection["features"]
    except (OSError, UnicodeDecodeError) as cause:
        raise _refused(str(path), "a readable UTF-8 file", str(cause)) from cause
    except json.JSONDecodeError as cause:
        where = f"{path}, line {cause.lineno}, column {cause.colno}"
        raise _refused(where, "GeoJSON", cause.msg) from cause
    except (KeyError, TypeError) as cause:
        raise _refused(str(path), "a FeatureCollection with features", "none") from cause
    rows = [_field(f"{path}, features[{number}]", feature) for number, feature in enumerate(features)]
    for number, row in enumerate(rows):
        if any(row["field_id"] == earlier["field_id"] for earlier in rows[:number]):
            raise _refused(f"{path}, features[{number}], field_id", "each field once", f"{row['field_id']} again")
    return rows


def _device(path: Path, line_number: int, line: dict[str, str], known_fields: set[str]) -> Row:
    where = f"{path}, line {line_number}"
    if None in line or None in line.values():
        raise _refused(where, "four values", f"{sum(value is not None for value in line.values())}")
    if not line["device_id"].strip():
        raise _refused(f"{where}, column device_id", "a device", "nothing")
    if line["field_id"] not in known_fields:
        expected = f"one of the fields {', '.join(sorted(known_fields))}"
        raise _refused(f"{where}, column field_id", expected, repr(line["field_id"]))
    valid_from = _time(f"{where}, column valid_from", line["valid_from"])
    valid_to = _time(f"{where}, column valid_to", line["valid_to"]) if line["valid_to"] else None
    if valid_to is not None and valid_to <= valid_from:
        raise _refused(f"{where}, column valid_to", f"a time after {line['valid_from']}", line["valid_to"])
    return {
        "device_id": line["device_id"].strip(),
        "field_id": line["field_id"],
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _time(where: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as cause:
        raise _refused(where, "a time like 2017-01-01T08:00:00Z", repr(text)) from cause
    if time.tzinfo is None:
        raise _refused(where, "a time with its offset from UTC, like 2017-01-01T08:00:00Z", repr(text))
    return time.astimezone(UTC)


def _check_periods(path: Path, rows: Sequence[tuple[int, Row]]) -> None:
    """A device stands in one field at a time: two would double its observations."""
    last: dict[str, Row] = {}
    for line_number, row in sorted(rows, key=lambda numbered: numbered[1]["valid_from"]):
        earlier = last.get(row["device_id"])
        if earlier and (earlier["valid_to"] is None or earlier["valid_to"] > row["valid_from"]):
            until = "without end" if earlier["valid_to"] is None else f"until {earlier['valid_to']:%Y-%m-%dT%H:%MZ}"
            got = f"device {row['device_id']}, which stands in {earlier['field_id']} {until}"
            raise _refused(f"{path}, line {line_number}, column valid_from", "one place at a time", got)
        last[row["device_id"]] = row


def _field(where: str, feature: Any) -> Row:
    try:
        geometry, properties = feature["geometry"], dict(feature["properties"])
        longitude, latitude = geometry["coordinates"][:2]
        kind = geometry["type"]
    except (KeyError, TypeError, ValueError) as cause:
        raise _refused(where, "a Point and properties", repr(cause)) from cause
    if kind != "Point":
        raise _refused(f"{where}, geometry", "a Point", str(kind))
    row = {name: properties.get(name) for name in tables.table("reference.fields").column_names}
    row |= {"latitude_deg": latitude, "longitude_deg": longitude}
    for name in ("field_id", "crop"):
        if not isinstance(row[name], str) and (name == "field_id" or row[name] is not None):
            raise _refused(f"{where}, {name}", "text", repr(row[name]))
    for name, (low, high) in _RANGES.items():
        value = row[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _refused(f"{where}, {name}", f"a number from {low:g} to {high:g}", repr(value))
        row[name] = float(value)
    return row


def _overwrite_if_different(lake: Lake, name: str, rows: list[Row]) -> bool:
    import pyarrow as pa
    from deltalake import write_deltalake

    contract = tables.table(name)
    order = [(column, "ascending") for column in contract.key]
    wanted = pa.Table.from_pylist(rows, schema=contract.arrow_schema).sort_by(order)
    if lake.exists(name) and lake.read(name).sort_by(order).equals(wanted):
        return False
    write_deltalake(lake.create(name), wanted, mode="overwrite")
    return True


def _refused(where: str, expected: str, got: str) -> DataRefused:
    return DataRefused(
        "Reference data cannot be used",
        where=where,
        expected=expected,
        got=got,
        fix="Correct the file. Nothing was written.",
    )
