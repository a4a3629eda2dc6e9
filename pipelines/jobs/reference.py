"""Keep the registry: load it from files people edit, list it, move and retire devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import DataRefused, UsageError
from pipelines.lake.tables import Lake
from pipelines.reference.devices import check_position, device_id, known_field, read_devices
from pipelines.reference.fields import read_fields
from pipelines.reference.periods import Change, changes, checked, in_force, merged, moved, retired
from pipelines.reference.refusal import Misfit, refused
from pipelines.reference.store import Standing, standing, write
from pipelines.settings import Settings

Row = dict[str, Any]

DEVICES, FIELDS = "reference.devices", "reference.fields"
_KEYS = {DEVICES: ("device_id", "valid_from"), FIELDS: ("field_id",)}


@dataclass(frozen=True)
class ReferenceReport:
    """How many rows the registry holds after the change, what the change is, and which tables had to be written."""

    devices: int
    fields: int
    changes: tuple[Change, ...]
    written: tuple[str, ...]


@dataclass(frozen=True)
class DevicePeriod:
    """Where a device stood, and what the registry says of it besides."""

    device_id: str
    field_id: str
    valid_from: datetime
    valid_to: datetime | None
    sensor_model: str | None
    depths: str | None
    calibration: str | None
    longitude_deg: float | None
    latitude_deg: float | None


@dataclass(frozen=True)
class FieldSummary:
    """A field, and how many devices stand in it."""

    field_id: str
    devices: int
    crop: str | None
    irrigation_system: str | None
    time_zone: str | None
    utc_offset_h: float
    longitude_deg: float
    latitude_deg: float
    elevation_m: float
    wilting_point_m3_m3: float | None
    field_capacity_m3_m3: float | None
    saturation_m3_m3: float | None


def load_reference(
    settings: Settings,
    devices_csv: Path | None = None,
    fields_geojson: Path | None = None,
    *,
    correct: bool = False,
    dry_run: bool = False,
) -> ReferenceReport:
    """Bring the registry up to what the files say; both are checked before anything is written.

    Fields are added and updated, periods of devices are added and closed. With `correct` the files are taken
    literally: rows that stand are changed, and those that the files do not name are removed.

    Raises:
        UsageError: No file is named.
        DataRefused: A file is wrong, or contradicts the registry; the error names file, line and column.
        WriterConflict: Somebody else changed the registry meanwhile.
    """
    if devices_csv is None and fields_geojson is None:
        raise UsageError(
            "There is nothing to load",
            where="reference load",
            expected="a file of devices or of fields",
            got="none",
            fix="Name one or both: --devices FILE --fields FILE.",
        )
    lake = Lake(settings.lake)
    stood = {name: standing(lake, name) for name in (FIELDS, DEVICES)}
    fields = _fields(stood[FIELDS].rows, fields_geojson, correct=correct)
    devices = stood[DEVICES].rows
    if devices_csv is not None:
        wanted = read_devices(devices_csv, {row["field_id"]: row for row in fields})
        devices = checked(wanted) if correct else merged(devices, wanted)
    _check_fields_of(devices, fields)
    return _changed(lake, stood, {FIELDS: fields, DEVICES: devices}, dry_run=dry_run)


def move(
    settings: Settings,
    device: str,
    field: str,
    start: datetime,
    *,
    depths: list[Row] | None = None,
    position: tuple[float, float] | None = None,
    dry_run: bool = False,
) -> ReferenceReport:
    """Let a device stand in a field from a time on; where it stood before stays on record.

    Depths stay as they were unless named; the position is forgotten unless named.

    Raises:
        DataRefused: There is no such device or field, or the time lies within a period on record.
        WriterConflict: Somebody else changed the registry meanwhile.
    """
    lake = Lake(settings.lake)
    stood = {name: standing(lake, name) for name in (FIELDS, DEVICES)}
    fields = {row["field_id"]: row for row in stood[FIELDS].rows}
    place: Row = {"field_id": field, **({"depths": depths} if depths else {})}
    try:
        known_field(field, fields)
        if position is not None:
            check_position(position, fields[field])
            place |= {"longitude_deg": position[0], "latitude_deg": position[1]}
    except Misfit as misfit:
        where = "--position" if misfit.path else "--field"
        raise refused(where, misfit.expected, misfit.got, "See 'fieldstream reference ls fields'.") from misfit
    devices = checked([("--from", row) for row in moved(stood[DEVICES].rows, device_id(device), start, place)])
    return _changed(lake, stood, {DEVICES: devices}, dry_run=dry_run)


def retire(settings: Settings, device: str, end: datetime, *, dry_run: bool = False) -> ReferenceReport:
    """Let a device stand nowhere from a time on.

    Raises:
        DataRefused: There is no such device, or it had been retired at another time.
        WriterConflict: Somebody else changed the registry meanwhile.
    """
    lake = Lake(settings.lake)
    stood = {name: standing(lake, name) for name in (FIELDS, DEVICES)}
    return _changed(lake, stood, {DEVICES: retired(stood[DEVICES].rows, device_id(device), end)}, dry_run=dry_run)


def list_reference(
    settings: Settings, what: str = "devices", at: datetime | None = None
) -> list[DevicePeriod] | list[FieldSummary]:
    """List periods of devices, all or those in force at a time; or fields, with the devices that stand there then."""
    lake = Lake(settings.lake)
    devices = standing(lake, DEVICES).rows
    if what == "fields":
        there = [row["field_id"] for row in in_force(devices, at or datetime.now(UTC))]
        fields = sorted(standing(lake, FIELDS).rows, key=lambda row: row["field_id"])
        return [
            FieldSummary(**_chosen(FieldSummary, {**row, "devices": there.count(row["field_id"])})) for row in fields
        ]
    periods = devices if at is None else in_force(devices, at)
    ordered = sorted(periods, key=lambda row: (row["device_id"], row["valid_from"]))
    return [DevicePeriod(**_chosen(DevicePeriod, {**row, **_as_written(row)})) for row in ordered]


def _chosen(kind: Any, row: Row) -> Row:
    return {name: row[name] for name in kind.__dataclass_fields__}


def _as_written(row: Row) -> dict[str, str | None]:
    """Depths and calibration the way the devices file writes them."""
    depths = (f"{_prefix(each['channel'], '{}=')}{each['depth_cm']:g}" for each in row["depths"] or ())
    lines = (
        f"{each['property']}{_prefix(each['channel'], '@{}')} {each['gain']:g} {each['offset']:g}"
        for each in row["calibration"] or ()
    )
    return {"depths": "; ".join(depths) or None, "calibration": "; ".join(lines) or None}


def _prefix(channel: int | None, form: str) -> str:
    return "" if channel is None else form.format(channel)


def _fields(rows: list[Row], path: Path | None, *, correct: bool) -> list[Row]:
    if path is None:
        return rows
    named = {row["field_id"]: row for row in read_fields(path)}
    return list(named.values() if correct else ({row["field_id"]: row for row in rows} | named).values())


def _check_fields_of(devices: Sequence[Row], fields: Sequence[Row]) -> None:
    """A field that has seen a device cannot go: the observations of that time would belong nowhere."""
    known = {row["field_id"] for row in fields}
    lost = sorted({row["field_id"] for row in devices} - known)
    if lost:
        raise DataRefused(
            "A field cannot be removed",
            where="reference.fields",
            expected=f"the fields in which devices stood: {', '.join(lost)}",
            got="a file without them",
            fix="Keep them in the file, or correct the devices file too. Nothing was written.",
        )


def _changed(
    lake: Lake, stood: dict[str, Standing], contents: dict[str, list[Row]], *, dry_run: bool
) -> ReferenceReport:
    # Fields first: a device must not stand in a field that is not there.
    found = [change for name, rows in contents.items() for change in changes(name, _KEYS[name], stood[name].rows, rows)]
    written = () if dry_run else tuple(name for name, rows in contents.items() if write(lake, stood[name], rows))
    counts = {name: len(contents.get(name, table.rows)) for name, table in stood.items()}
    return ReferenceReport(counts[DEVICES], counts[FIELDS], tuple(found), written)
