"""What a sensor says: schemas/sensors/<model>.yaml, joined with the quantities into the kernel's mapping."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import Quantity, quantities
from pipelines.contracts.units import conversion


@dataclass(frozen=True)
class Reading:
    """One key of a sensor's payload: which quantity it means, and the line into its canonical unit."""

    key: str
    quantity: Quantity
    scale: float
    offset: float
    channel: int | None
    depth_cm: float | None


@dataclass(frozen=True)
class Sensor:
    """A sensor model: the names gateways give it, its interval, and its payload keys."""

    model: str
    title: str
    description: str
    aliases: tuple[str, ...]
    averaging_interval_s: int
    readings: tuple[Reading, ...]


MAPPING_SCHEMA = pa.schema(
    [
        ("alias", pa.string()),
        ("sensor_model", pa.string()),
        ("payload_key", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("channel", pa.int32()),
        ("depth_cm", pa.float64()),
        ("scale", pa.float64()),
        ("shift", pa.float64()),
        ("fail_min", pa.float64()),
        ("fail_max", pa.float64()),
        ("suspect_min", pa.float64()),
        ("suspect_max", pa.float64()),
        ("averaging_interval_s", pa.int32()),
    ]
)


@cache
def sensors() -> dict[str, Sensor]:
    """Return every sensor contract by model.

    Raises:
        ContractError: A file under schemas/sensors/ is wrong.
    """
    return {path.stem: _sensor(path) for path in sorted((SCHEMAS / "sensors").glob("*.yaml"))}


@cache
def mapping() -> pa.Table:
    """Return what the kernel joins payload keys with.

    Shape: one row per (alias in lower case, payload key); columns of `MAPPING_SCHEMA`.
    """
    rows = [
        _mapping_row(sensor, alias, reading)
        for sensor in sensors().values()
        for alias in (sensor.model, *sensor.aliases)
        for reading in sensor.readings
    ]
    return pa.Table.from_pylist(rows, schema=MAPPING_SCHEMA)


def _mapping_row(sensor: Sensor, alias: str, reading: Reading) -> dict[str, Any]:
    quantity = reading.quantity
    return {
        "alias": alias.lower(),
        "sensor_model": sensor.model,
        "payload_key": reading.key,
        "property": quantity.name,
        "unit": quantity.unit,
        "channel": reading.channel,
        "depth_cm": reading.depth_cm,
        "scale": reading.scale,
        "shift": reading.offset,
        "fail_min": quantity.fail[0],
        "fail_max": quantity.fail[1],
        "suspect_min": quantity.suspect[0],
        "suspect_max": quantity.suspect[1],
        "averaging_interval_s": sensor.averaging_interval_s,
    }


def _sensor(path: Path) -> Sensor:
    content = read_mapping(path)
    try:
        return Sensor(
            model=path.stem,
            title=content["title"],
            description=content["description"].strip(),
            aliases=tuple(content.get("aliases", ())),
            averaging_interval_s=int(content.get("averaging_interval_s", 0)),
            readings=tuple(_reading(path, key, line) for key, line in content["keys"].items()),
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise refused(path, "title, description and keys", repr(cause)) from cause


def _reading(path: Path, key: str, line: dict[str, Any]) -> Reading:
    quantity = quantities().get(line["property"])
    if quantity is None:
        raise refused(path, f"{key}: a property of schemas/quantities.yaml", repr(line["property"]))
    try:
        scale, offset = conversion(line["unit"], quantity.unit)
    except ValueError as cause:
        raise refused(path, f"{key}: a UCUM unit that converts to {quantity.unit}", str(cause)) from cause
    depth_cm = line.get("depth_cm")
    return Reading(key, quantity, scale, offset, line.get("channel"), None if depth_cm is None else float(depth_cm))
