"""What the registry says of single devices that messages and sensor contracts do not: model, depths, calibration."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from pipelines.lake.tables import Lake

DEVICES = "reference.devices"

SCHEMA = pa.schema(
    [
        pa.field("device_id", pa.string(), nullable=False),
        pa.field("valid_from", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("valid_to", pa.timestamp("us", tz="UTC")),
        pa.field("sensor_model", pa.string()),
        pa.field("channel", pa.int32()),
        pa.field("depth_cm", pa.float64()),
        pa.field("property", pa.string()),
        pa.field("gain", pa.float64()),
        pa.field("offset", pa.float64()),
    ]
)


def device_overrides(lake: Lake) -> pa.Table:
    """Return every fact that the registry adds to a device's messages, for the kernel to join with.

    A row states one fact of a device while valid_from <= time < valid_to (null: still): that its sensor is of
    `sensor_model`; or that `channel` is buried at `depth_cm`; or that values of `property` on `channel` become
    value * `gain` + `offset`. Columns of the other facts are null. A null channel stands for a device without
    channels in a depth, for every channel in a calibration.

    Shape: one row a fact, columns of `SCHEMA`; by device, time, and model before depths before calibration. Devices
    of which the registry says nothing more than where they stand have no row.
    """
    rows = lake.read(DEVICES).sort_by([("device_id", "ascending"), ("valid_from", "ascending")]).to_pylist()
    return pa.Table.from_pylist([fact for row in rows for fact in _facts(row)], schema=SCHEMA)


def _facts(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    period = {name: row[name] for name in ("device_id", "valid_from", "valid_to")}
    if row["sensor_model"]:
        yield period | {"sensor_model": row["sensor_model"]}
    yield from (period | depth for depth in row["depths"] or ())
    yield from (period | line for line in row["calibration"] or ())
