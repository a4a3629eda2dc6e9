"""What a sensor says: schemas/sensors/<model>.yaml, joined with the quantities into the kernel's mapping."""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import Quantity, quantities
from pipelines.contracts.units import conversion
from pipelines.errors import UsageError


@dataclass(frozen=True)
class Reading:
    """One key of a sensor's payload: which quantity it means, and the line into its canonical unit."""

    key: str
    """Dots lead into nested objects."""
    quantity: Quantity
    scale: float
    """Negative where the vendor counts the other way round."""
    offset: float
    channel: int | None
    depth_cm: float | None
    missing: tuple[float, ...] = ()
    """Values, as sent, that mean there is no reading."""
    labels: dict[str, float] = field(default_factory=dict)
    """What words stand for, in the unit they are sent in."""
    rollover: float | None = None
    """Where a running total starts again from 0, in the canonical unit; None where it is not known."""


@dataclass(frozen=True)
class Items:
    """How a decoded object lists its readings: an array at `at`, each item's key and value under these names."""

    at: str
    key: str
    value: str


@dataclass(frozen=True)
class Sensor:
    """A sensor model: the names gateways give it, its codec, its interval, and its payload keys."""

    model: str
    title: str
    description: str
    vendor: str | None
    aliases: tuple[str, ...]
    codec: str | None
    """Name of the codec that reads its binary payload; None where only the gateway can."""
    items: Items | None
    averaging_interval_s: int
    readings: tuple[Reading, ...]
    ignored: tuple[str, ...]
    """Keys that are known and are no measurement."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that gateways report it under, the model's own first."""
        return tuple({name.lower(): name for name in (self.model, *self.aliases)}.values())


MAPPING_SCHEMA = pa.schema(
    [
        ("alias", pa.string()),
        ("sensor_model", pa.string()),
        ("codec", pa.string()),
        ("items_at", pa.string()),
        ("items_key", pa.string()),
        ("items_value", pa.string()),
        ("payload_key", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("channel", pa.int32()),
        ("depth_cm", pa.float64()),
        ("missing", pa.list_(pa.float64())),
        ("labels", pa.map_(pa.string(), pa.float64())),
        ("scale", pa.float64()),
        ("shift", pa.float64()),
        ("increment_property", pa.string()),
        ("rollover", pa.float64()),
        ("fail_min", pa.float64()),
        ("fail_max", pa.float64()),
        ("suspect_min", pa.float64()),
        ("suspect_max", pa.float64()),
        ("averaging_interval_s", pa.int32()),
    ]
)

_SENSOR_FIELDS = {
    *("title", "description", "vendor", "aliases", "codec", "items", "averaging_interval_s", "keys", "ignored")
}
_READING_FIELDS = {
    *("property", "unit", "channel", "depth_cm", "missing", "labels", "negate", "cumulative", "rollover")
}


@cache
def sensors() -> dict[str, Sensor]:
    """Return every sensor contract by model.

    Raises:
        ContractError: A file under schemas/sensors/ is wrong, or two claim one name.
    """
    found: dict[str, Sensor] = {}
    claimed: dict[str, str] = {}
    for path in sorted((SCHEMAS / "sensors").glob("*.yaml")):
        sensor = found[path.stem] = _sensor(path)
        for name in sensor.names:
            if claimed.setdefault(name.lower(), sensor.model) != sensor.model:
                raise refused(path, "names of its own", f"{name!r}, which {claimed[name.lower()]} has")
    return found


def find(model: str) -> Sensor:
    """Return the sensor that a person means by a name: however it is written, with or without its vendor.

    Raises:
        UsageError: No sensor goes by the name, or several do.
    """
    path = re.sub(r"\.(js|ya?ml)$", "", model.lower())
    by_name = _by_plain_name()
    wanted = next((name for name in map(_plain, (path, *path.split("/")[::-1])) if name in by_name), _plain(path))
    parts = {each for name, models in by_name.items() if len(wanted) > 3 and wanted in name for each in models}
    found = by_name.get(wanted, parts)
    if len(found) == 1:
        return sensors()[min(found)]
    near = sorted(found) or sorted({each for name in _near(wanted, by_name) for each in by_name[name]})
    raise UsageError(
        f"{'Several sensors go' if found else 'No sensor goes'} by this name",
        where=f"--sensor {model}",
        expected="a model under schemas/sensors/",
        got=repr(model),
        fix=f"Perhaps one of these: {', '.join(near)}." if near else "List them with 'ls schemas/sensors'.",
    )


def named(name: str) -> Sensor | None:
    """Return the one sensor that gateways report under a name, however it is written; None where there is none.

    Of a brand and a model (milesight-iot/em500-smtc), the model alone counts where both together are no name.
    """
    by_name = _by_plain_name()
    models = by_name.get(_plain(name)) or by_name.get(_plain(name.rpartition("/")[2]), set())
    return sensors()[min(models)] if len(models) == 1 else None


@cache
def mapping() -> pa.Table:
    """Return what the kernel joins payload keys with.

    Shape: one row per (alias in lower case, payload key); columns of `MAPPING_SCHEMA`.
    """
    rows = [
        _mapping_row(sensor, name, reading)
        for sensor in sensors().values()
        for name in sensor.names
        for reading in sensor.readings
    ]
    return pa.Table.from_pylist(rows, schema=MAPPING_SCHEMA)


def _mapping_row(sensor: Sensor, alias: str, reading: Reading) -> dict[str, Any]:
    quantity, items = reading.quantity, sensor.items
    return {
        "alias": alias.lower(),
        "sensor_model": sensor.model,
        "codec": sensor.codec,
        "items_at": items and items.at,
        "items_key": items and items.key,
        "items_value": items and items.value,
        "payload_key": reading.key,
        "property": quantity.name,
        "unit": quantity.unit,
        "channel": reading.channel,
        "depth_cm": reading.depth_cm,
        "missing": list(reading.missing),
        "labels": list(reading.labels.items()),
        "scale": reading.scale,
        "shift": reading.offset,
        "increment_property": quantity.increment,
        "rollover": reading.rollover,
        "fail_min": quantity.fail[0],
        "fail_max": quantity.fail[1],
        "suspect_min": quantity.suspect[0],
        "suspect_max": quantity.suspect[1],
        "averaging_interval_s": sensor.averaging_interval_s,
    }


def _sensor(path: Path) -> Sensor:
    content = read_mapping(path)
    _check_fields(path, "the file", content, _SENSOR_FIELDS)
    try:
        items = content.get("items")
        return Sensor(
            model=path.stem,
            title=content["title"],
            description=content["description"].strip(),
            vendor=content.get("vendor"),
            aliases=tuple(content.get("aliases", ())),
            codec=content.get("codec"),
            items=Items(**items) if items else None,
            averaging_interval_s=int(content.get("averaging_interval_s", 0)),
            readings=tuple(_reading(path, key, line) for key, line in content["keys"].items()),
            ignored=tuple(content.get("ignored", ())),
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise refused(path, "title, description and keys", repr(cause)) from cause


def _reading(path: Path, key: str, line: dict[str, Any]) -> Reading:
    _check_fields(path, key, line, _READING_FIELDS)
    quantity = quantities().get(line["property"])
    if quantity is None:
        raise refused(path, f"{key}: a property of schemas/quantities.yaml", repr(line["property"]))
    if bool(line.get("cumulative")) != (quantity.increment is not None):
        raise refused(path, f"{key}: cumulative: true where the property is a running total, only", quantity.name)
    try:
        scale, offset = conversion(line["unit"], quantity.unit)
    except ValueError as cause:
        raise refused(path, f"{key}: a UCUM unit that converts to {quantity.unit}", str(cause)) from cause
    depth_cm, rollover = line.get("depth_cm"), line.get("rollover")
    return Reading(
        key,
        quantity,
        # Subtracted from 0, for a minus would make a negative zero of 0.
        0.0 - scale if line.get("negate") else scale,
        0.0 - offset if line.get("negate") else offset,
        line.get("channel"),
        None if depth_cm is None else float(depth_cm),
        tuple(map(float, line.get("missing", ()))),
        {str(word): float(value) for word, value in line.get("labels", {}).items()},
        None if rollover is None else rollover * scale,
    )


def _check_fields(path: Path, what: str, line: dict[str, Any], known: set[str]) -> None:
    unknown = set(line) - known
    if unknown:
        raise refused(path, f"{what}: no other fields than {', '.join(sorted(known))}", ", ".join(sorted(unknown)))


@cache
def _by_plain_name() -> dict[str, set[str]]:
    """Return the models by every name, written plainly, with and without the vendor in front."""
    found: dict[str, set[str]] = {}
    for sensor in sensors().values():
        vendor = _plain(sensor.vendor or "")
        for name in map(_plain, sensor.names):
            for each in (name, name.removeprefix(vendor) or name, vendor + name.removeprefix(vendor)):
                found.setdefault(each, set()).add(sensor.model)
    return found


def _near(wanted: str, names: dict[str, set[str]]) -> list[str]:
    return get_close_matches(wanted, names, n=5, cutoff=0.6)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
