"""A small lake: four files of soil moisture, ten half-hours each, one device a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.lake.tables import Lake

START = datetime(2026, 6, 1, tzinfo=UTC)


def observation(number: int) -> dict[str, Any]:
    """The number-th half-hour: device number // 10, offset = number, value = number / 100."""
    time = START + timedelta(minutes=30 * number)
    return {
        "event_key": f"{number:032x}",
        "tenant_id": "demo",
        "device_id": f"probe-{number // 10}",
        "sensor_model": "tower_soil_probe",
        "property": "soil_moisture",
        "channel": 1,
        "depth_cm": 10.0,
        "value": number / 100,
        "unit": "m3/m3",
        "flag": 1,
        "reasons": [],
        "phenomenon_time": time,
        "result_time": time,
        "sequence": number,
        "format": "chirpstack_v4",
        "topic": "demo.telemetry",
        "partition": 0,
        "offset": number,
        "ingest_time": START,
    }


def soil_lake(root: Path) -> Lake:
    """Versions 1 to 4 of silver.observations hold 10, 20, 30 and 40 rows; version 0 is the empty table."""
    lake = Lake(root)
    for device in range(4):
        lake.append("silver.observations", [observation(10 * device + number) for number in range(10)])
    return lake
