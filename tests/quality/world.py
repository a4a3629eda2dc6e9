"""A field of a week with a trouble of each kind: a station on the hour, a probe, a flow meter; made up, and small."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.lake.flagged import KEY
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from tests.lakes import observation

START = datetime(2026, 6, 1, tzinfo=UTC)
HOURS = 24 * 7
INGESTED = datetime(2026, 7, 1, tzinfo=UTC)

FIELD = {
    "field_id": "north",
    "latitude_deg": 0.0,
    "longitude_deg": 0.0,
    "elevation_m": 0.0,
    "utc_offset_h": 0.0,
    "wind_height_m": 2.0,
}
DEVICES = [
    {"device_id": name, "field_id": "north", "valid_from": datetime(2026, 1, 1, tzinfo=UTC), "valid_to": None}
    for name in ("station", "probe", "meter")
]

Row = dict[str, Any]

# Reason, property, hours after the start: worked out by hand from the functions below and schemas/quality.yaml.
EXPECTED = {
    *(("gap", name, 0.0) for name in ("air_temperature", "solar_radiation", "precipitation", "water_flow")),
    ("gap", "soil_moisture", 0.0),
    ("spike", "air_temperature", 30.0),
    *(("rate_of_change", "air_temperature", hour) for hour in (30.0, 31.0)),
    *(("flat_line", "air_temperature", float(hour)) for hour in range(60, 68)),
    ("gap", "air_temperature", 110.0),
    ("repeated_time", "air_temperature", 120.0),
    ("radiation_above_possible", "solar_radiation", 12.0),
    ("radiation_above_possible", "solar_radiation", 48.0),
    ("radiation_at_night", "solar_radiation", 48.0),
    ("rise_without_water", "soil_moisture", 40.0),
    ("gap", "battery_voltage", 0.0),
    *(("clock_off_by_an_hour", "battery_voltage", round(hour - 1.01, 2)) for hour in range(70, 82)),
    *(("attenuated_signal", "air_temperature", hour + 0.5) for hour in range(31)),
    ("gap", "air_temperature", 0.5),
}


def row(device: str, name: str, hour: float, value: float, copy: str = "") -> Row:
    time = START + timedelta(hours=hour)
    return {
        **observation(0),
        "event_key": f"{device}/{name}/{hour}{copy}",
        "device_id": device,
        "sensor_model": None,
        "property": name,
        "channel": 1 if name == "soil_moisture" else None,
        "depth_cm": 10.0 if name == "soil_moisture" else None,
        "value": value,
        "phenomenon_time": time,
        "result_time": time,
        "ingest_time": INGESTED,
    }


def world() -> list[Row]:
    return [*_temperature(), *_damped(), *_radiation(), *_water(), *_moisture(), *_slow_clock()]


def _temperature() -> Iterator[Row]:
    for hour in range(HOURS):
        # 5 degrees in six hours; 0.01 an hour apart from day to day.
        value = 20 + 5 * math.sin(hour * math.pi / 12) + hour / 100
        if 60 <= hour < 68:
            value = 20.0  # stuck for seven hours: suspect after six
        if hour == 30:
            value += 12  # a spike: fails beyond 10, and steps of 12 beyond 10 an hour
        if not 100 < hour < 110:  # silent for nine hours, three times three
            yield row("station", "air_temperature", hour, value)
    yield row("station", "air_temperature", 120, 20 + 5 * math.sin(120 * math.pi / 12) + 1.3, "/again")


def _damped() -> Iterator[Row]:
    """A second thermometer, on the half hour: for 31 values it hardly moves, then it does."""
    for hour in range(HOURS):
        yield row("shelter", "air_temperature", hour + 0.5, 20 + 0.2 * (hour % 2) if hour < 31 else 22 + hour % 2)


def _slow_clock() -> Iterator[Row]:
    """From hour 70 on, the device's time is 36 seconds more than an hour behind its gateway's."""
    for hour in range(HOURS):
        said = row("meter", "battery_voltage", hour - 1.01 if hour >= 70 else hour, 3.6 + hour / 1e4)
        yield {**said, "result_time": START + timedelta(hours=hour)}


def _radiation() -> Iterator[Row]:
    """On the equator near noon of June mu is 0.93 at its best, so 1.2 * 1361 * 0.93^1.2 + 50 = 1547 is rare."""
    for hour in range(HOURS):
        value = max(0.0, 1000 * math.sin((hour % 24 - 6) * math.pi / 12))
        yield row("station", "solar_radiation", hour, {12: 1600.0, 48: 110.0}.get(hour, value))


def _water() -> Iterator[Row]:
    for hour in range(HOURS):
        yield row("station", "precipitation", hour, 2.0 if hour == 88 else 0.0)
        yield row("meter", "water_flow", hour, 40.0 if hour == 15 else 0.0)


def _moisture() -> Iterator[Row]:
    """Rises by 0.05 with irrigation (16), with nothing (40), and two hours after rain (90)."""
    for hour in range(HOURS):
        yield row("probe", "soil_moisture", hour, 0.2 + 0.05 * sum(hour >= at for at in (16, 40, 90)) - hour / 1e5)


def lake_of(root: Path, devices: Sequence[Row] = tuple(DEVICES)) -> Lake:
    lake = Lake(root)
    lake.append("reference.fields", [FIELD])
    lake.append("reference.devices", list(devices))
    return lake


def standing(lake: Lake) -> list[tuple[Any, ...]]:
    """Every flag that counts, with all that tells it."""
    newest = f"row_number() over (partition by {', '.join(KEY)}, reason order by flag_run desc) = 1"
    columns = ", ".join((*KEY, "reason", "flag"))
    return query(
        lake,
        f"select {columns} from (select * from silver.flags qualify {newest}) where flag > 1 order by all",  # noqa: S608 - names of ours
    ).rows


def told(lake: Lake) -> set[tuple[str, str, float]]:
    rows: Iterable[tuple[Any, ...]] = standing(lake)
    return {(reason, name, round((time - START) / timedelta(hours=1), 2)) for _, _, name, _, _, time, reason, _ in rows}
