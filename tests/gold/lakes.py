"""A lake with observations that the gate and the neighbours have been through, for builds of gold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.lake.admitted import RESULTS
from pipelines.lake.flagged import FLAGS
from pipelines.lake.tables import Lake

MIDNIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # in California
SILVER = "silver.observations"
FIELD = {"field_id": "north", "latitude_deg": 38.1, "longitude_deg": -121.6, "elevation_m": -9.0, "utc_offset_h": -8.0,
         "wind_height_m": 2.8}  # fmt: skip


def moisture(day: int, value: float, *, device: str = "north-1", start: int = 0) -> list[dict[str, Any]]:
    """A day of June's 48 readings of soil moisture at 10 cm, at offsets of their own."""
    return [
        {"event_key": f"{device}-{day}-{slot}", "tenant_id": "acme", "device_id": device, "flag": 1, "reasons": [],
         "sensor_model": "tower_soil_probe", "property": "soil_moisture", "depth_cm": 10.0, "value": value,
         "unit": "m3/m3", "phenomenon_time": MIDNIGHT + timedelta(days=day - 1, minutes=30 * slot),
         "result_time": MIDNIGHT, "format": "f", "topic": "acme.telemetry", "partition": 0,
         "offset": start + 100 * day + slot, "ingest_time": MIDNIGHT}
        for slot in range(48)
    ]  # fmt: skip


def two_fields(root: Path) -> Lake:
    """Fields north and south with a probe each; nothing in silver yet."""
    lake = Lake(root)
    lake.append("reference.fields", [FIELD, FIELD | {"field_id": "south"}])
    since = datetime(2026, 1, 1, tzinfo=UTC)
    lake.append(
        "reference.devices",
        [{"device_id": f"{field}-1", "field_id": field, "valid_from": since} for field in ("north", "south")],
    )
    lake.create(FLAGS)
    return lake


def decide(lake: Lake, verdict: str = "admitted", since: int = -1, **about: Any) -> None:
    row = {"table_name": SILVER, "from_version": since, "to_version": lake.version(SILVER), "row_count": 0,
           "expectation_count": 0, "failed_expectations": [], "gate_verdict": verdict, "suite_digest": "41aa",
           "decided_at": MIDNIGHT + timedelta(minutes=lake.version(RESULTS))}  # fmt: skip
    lake.append(RESULTS, [row | about])
