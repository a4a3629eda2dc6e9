"""A day of a large farm: fields with a weather station and soil probes each, a message every ten minutes from all."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from pipelines.simulate.tower import PROBE_COLUMNS, STATION_COLUMNS
from pipelines.simulate.uplinks import Device, Frame, Gateway, publish
from pipelines.stream.broker import partition_of
from tests.bench.load import PARTITIONS

START = datetime(2026, 5, 1, tzinfo=UTC)
CADENCE_S = 600
FRAMES_A_DAY = 86_400 // CADENCE_S
DEVICES_A_FIELD = 100

_GATEWAY = Gateway("0211fffe00fa0001", 48.2, 11.5, -97, 6.5)


@dataclass(frozen=True)
class FarmDay:
    """What a day of so many devices is."""

    devices: int
    tenant: str = "day"

    @property
    def messages(self) -> int:
        """How many messages the day has."""
        return self.devices * FRAMES_A_DAY

    @property
    def fields(self) -> int:
        """How many fields there are."""
        return -(-self.devices // DEVICES_A_FIELD)

    @property
    def observations(self) -> int:
        """How many values all messages have together."""
        stations = self.fields
        return FRAMES_A_DAY * (stations * len(STATION_COLUMNS) + (self.devices - stations) * len(PROBE_COLUMNS))


def messages(day: FarmDay) -> Iterator[tuple[int, bytes, bytes]]:
    """Give (partition, key, value) of every message, in order of time."""
    partition = lru_cache(maxsize=None)(partition_of)
    devices = [_device(number) for number in range(day.devices)]
    for turn in range(FRAMES_A_DAY):
        # A frame speaks of the half hour that it ends: so the last one still belongs to this day.
        time = START + timedelta(seconds=CADENCE_S * (turn + 1) + 1800 - CADENCE_S)
        for number, device in enumerate(devices):
            values = _weather(turn, number) if _is_station(number) else _soil(turn, number)
            uplink = publish(day.tenant, Frame(device, f"03{number:06x}", turn, time, values), _GATEWAY)
            yield partition(uplink.key, PARTITIONS), uplink.key, uplink.value


def device_ids(day: FarmDay) -> list[str]:
    """Return the EUI-64 of every device."""
    return [_device(number).eui for number in range(day.devices)]


def write_reference(ids: Sequence[str], folder: Path) -> tuple[Path, Path]:
    """Write the files by which devices are loaded, and the fields in which a hundred each stand."""
    devices, fields = folder / "devices.csv", folder / "fields.geojson"
    lines = (f"{eui},{_field(number)},2020-01-01T00:00:00Z," for number, eui in enumerate(ids))
    devices.write_text("\n".join(["device_id,field_id,valid_from,valid_to", *lines]) + "\n", encoding="utf-8")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(11.0 + number / 10_000, 4), 48.2]},
            "properties": {
                "field_id": _field(number), "elevation_m": 480, "utc_offset_h": 0,
                "wind_height_m": 2.0, "crop": "potato",
            },
        }
        for number in range(0, len(ids), DEVICES_A_FIELD)
    ]  # fmt: skip
    fields.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return devices, fields


def _is_station(number: int) -> bool:
    return number % DEVICES_A_FIELD == 0


def _field(number: int) -> str:
    return f"field-{number // DEVICES_A_FIELD:04}"


@cache
def _device(number: int) -> Device:
    kind, columns = ("weather station", STATION_COLUMNS) if _is_station(number) else ("soil probe", PROBE_COLUMNS)
    return Device(f"0211fffe78{number:06x}", f"device-{number}", f"Tower {kind}", tuple(columns))


def _weather(turn: int, number: int) -> dict[str, float]:
    sun = math.sin(math.pi * (turn / FRAMES_A_DAY - 0.25) * 2)
    noise = (turn * 7 + number * 13) % 100 / 100
    return {
        "air_temperature": round(14 + 6 * sun + noise, 2),
        "relative_humidity": round(70 - 15 * sun + noise, 2),
        "solar_radiation": round(max(0.0, 700 * sun + 20 * noise), 1),
        "wind_speed": round(2.5 + sun + noise, 2),
        "wind_direction": round((200 + 40 * noise + turn) % 360, 1),
        "air_pressure": round(96.3 + 0.1 * sun + noise / 50, 3),
        "precipitation": 0.0,
    }


def _soil(turn: int, number: int) -> dict[str, float]:
    drier, noise = turn / FRAMES_A_DAY, (turn * 7 + number * 13) % 100 / 100
    return {
        "soil_moisture_1": round(31 - 1.2 * drier + noise / 5, 2),
        "soil_moisture_2": round(36 - 0.4 * drier + noise / 10, 2),
        "soil_temperature_1": round(13 + 3 * math.sin(2 * math.pi * (drier - 0.4)) + noise / 5, 2),
        "soil_temperature_2": round(12 + noise / 10, 2),
    }
