"""A small lake: four files of soil moisture, ten half-hours each, one device a file."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.lake.tables import Lake
from pipelines.places import Place

START = datetime(2026, 6, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # in California
FIELD = {
    "field_id": "north",
    "latitude_deg": 38.1,
    "longitude_deg": -121.6,
    "elevation_m": -9.0,
    "utc_offset_h": -8.0,
    "wind_height_m": 2.8,
    "crop": "alfalfa",
    "season_starts": "02-15",
}
PROBE = {"device_id": "probe-0", "field_id": "north", "valid_from": datetime(2026, 1, 1, tzinfo=UTC), "valid_to": None}


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


def half_hours(day: int, slots: range, value: float) -> list[dict[str, Any]]:
    """Readings of soil moisture at 10 cm in the half-hours of a day of June 2026."""
    times = (MIDNIGHT + timedelta(days=day - 1, minutes=30 * slot) for slot in slots)
    numbers = (100 * day + slot for slot in slots)
    return [
        {**observation(number), "device_id": "probe-0", "value": value, "phenomenon_time": time}
        for number, time in zip(numbers, times, strict=True)
    ]


def soil_lake(root: Place) -> Lake:
    """Versions 1 to 4 of silver.observations hold 10, 20, 30 and 40 rows; version 0 is the empty table."""
    lake = Lake(root)
    for device in range(4):
        lake.append("silver.observations", [observation(10 * device + number) for number in range(10)])
    return lake
