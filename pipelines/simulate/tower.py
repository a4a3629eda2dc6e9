"""Read the sample of US-Tw3 and give the frames its instruments would have sent.

One weather station and one soil probe report every half hour; the published record says what they measured.
A frame's time is TIMESTAMP_END in UTC: the half hour it speaks of ends when it is sent. What the record does
not hold (-9999) is not in the frame, and a half hour with nothing measured sends no frame. The counter moves on
every half hour all the same, so a gap in it says that something was not received.

The two years stand a year apart. Each begins a new session. The soil probe of 2017 is another device than that
of 2015, because the levels of its two sensors do not continue (samples/us-tw3/README.md).
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from pipelines.errors import DataRefused
from pipelines.simulate.uplinks import Device, Frame

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "us-tw3"
LOCAL_STANDARD_TIME = timezone(timedelta(hours=-8))
MISSING = "-9999"
HALF_HOUR = timedelta(minutes=30)

STATION_COLUMNS = {
    "air_temperature": "TA",
    "relative_humidity": "RH",
    "solar_radiation": "SW_IN",
    "wind_speed": "WS",
    "wind_direction": "WD",
    "air_pressure": "PA",
    "precipitation": "P",
}
PROBE_COLUMNS = {
    "soil_moisture_1": "SWC_1_1_1",
    "soil_moisture_2": "SWC_1_2_1",
    "soil_temperature_1": "TS_1_1_1",
    "soil_temperature_2": "TS_1_5_1",
}

# Made-up EUI-64s: the second bit of the first byte says "locally administered". They fall into different
# partitions whether a topic has two, three or four.
STATION = Device("0211fffe75300001", "us-tw3-weather", "Tower weather station", tuple(STATION_COLUMNS))
PROBE_2015 = Device("0211fffe7530000a", "us-tw3-soil-2015", "Tower soil probe", tuple(PROBE_COLUMNS))
PROBE_2017 = Device("0211fffe75300011", "us-tw3-soil-2017", "Tower soil probe", tuple(PROBE_COLUMNS))


@dataclass(frozen=True)
class Installation:
    """A device in one year's file, and the session it sends in."""

    device: Device
    session: str
    columns: dict[str, str]


INSTALLATIONS = {
    2015: (
        Installation(STATION, "01150001", STATION_COLUMNS),
        Installation(PROBE_2015, "01150002", PROBE_COLUMNS),
    ),
    2017: (
        Installation(STATION, "01170001", STATION_COLUMNS),
        Installation(PROBE_2017, "01170002", PROBE_COLUMNS),
    ),
}


def frames(sample: Path = SAMPLE) -> Iterator[Frame]:
    """Give every frame of both years in order of time.

    Raises:
        DataRefused: A file of the sample is absent or does not hold what it should.
    """
    for year, installations in INSTALLATIONS.items():
        for sequence, row in enumerate(_half_hours(sample / f"us-tw3_{year}.csv.gz")):
            for installation in installations:
                frame = _frame(installation, sequence, row)
                if frame.values:
                    yield frame


def station_frame(ended_at: datetime, values: dict[str, float]) -> Frame:
    """Return the frame the weather station would send for the half hour that ended then, with these values."""
    local = ended_at.astimezone(LOCAL_STANDARD_TIME) - HALF_HOUR
    station = INSTALLATIONS[local.year][0]
    began = datetime(local.year, 1, 1, tzinfo=LOCAL_STANDARD_TIME)
    return Frame(station.device, station.session, (local - began) // HALF_HOUR, ended_at, values)


def local_time(text: str) -> datetime:
    """Return the UTC time of a time stamp of the record, YYYYMMDDHHMM in local standard time."""
    stamp = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:]), tzinfo=UTC)
    return stamp.replace(tzinfo=LOCAL_STANDARD_TIME).astimezone(UTC)


def _half_hours(path: Path) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="ascii", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, EOFError, UnicodeDecodeError) as cause:
        raise DataRefused(
            "The sample cannot be read",
            where=str(path),
            expected="a gzip file of half-hours",
            got=str(cause),
            fix="Restore it from the repository, or cut it again with samples/us-tw3/cut.py.",
        ) from cause


def _frame(installation: Installation, sequence: int, row: dict[str, str]) -> Frame:
    values = {key: float(row[column]) for key, column in installation.columns.items() if row[column] != MISSING}
    return Frame(installation.device, installation.session, sequence, local_time(row["TIMESTAMP_END"]), values)
