import csv
import gzip
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.contracts.sensors import sensors
from pipelines.errors import DataRefused
from pipelines.simulate import tower
from pipelines.simulate.uplinks import Device

HEADER = "TIMESTAMP_START,TIMESTAMP_END,TA,RH,SW_IN,WS,WD,PA,P,SWC_1_1_1,SWC_1_2_1,TS_1_1_1,TS_1_5_1"
#   half hour        weather station                        soil probe
ROWS_2015 = """
201501010000,201501010030,0.11,85.3,-3.45,1.46,36.4,102.1,-9999,33.9755,51.515,3.35,9.4
201501010030,201501010100,-9999,-9999,-9999,-9999,-9999,-9999,-9999,33.871,51.515,3.2,9.38
201501010100,201501010130,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999,-9999
"""
ROWS_2017 = """
201706010000,201706010030,20,-9999,0,1,2,101,0.2,-9999,-9999,-9999,18.25
"""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    for year, rows in ((2015, ROWS_2015), (2017, ROWS_2017)):
        (tmp_path / f"us-tw3_{year}.csv.gz").write_bytes(gzip.compress((HEADER + rows).encode()))
    return tmp_path


def test_frames_say_what_the_rows_say(sample: Path) -> None:
    assert [
        (frame.device.name, frame.session, frame.sequence, f"{frame.time:%Y-%m-%dT%H:%MZ}", dict(frame.values))
        for frame in tower.frames(sample)
    ] == [
        # TIMESTAMP_END 00:30 at UTC-8 is 08:30 UTC; a missing value is absent; a silent half hour sends nothing,
        # and the counter moves on.
        (
            "us-tw3-weather",
            "01150001",
            0,
            "2015-01-01T08:30Z",
            {
                "air_temperature": 0.11,
                "relative_humidity": 85.3,
                "solar_radiation": -3.45,
                "wind_speed": 1.46,
                "wind_direction": 36.4,
                "air_pressure": 102.1,
            },
        ),
        (
            "us-tw3-soil-2015",
            "01150002",
            0,
            "2015-01-01T08:30Z",
            {
                "soil_moisture_1": 33.9755,
                "soil_moisture_2": 51.515,
                "soil_temperature_1": 3.35,
                "soil_temperature_2": 9.4,
            },
        ),
        (
            "us-tw3-soil-2015",
            "01150002",
            1,
            "2015-01-01T09:00Z",
            {
                "soil_moisture_1": 33.871,
                "soil_moisture_2": 51.515,
                "soil_temperature_1": 3.2,
                "soil_temperature_2": 9.38,
            },
        ),
        (
            "us-tw3-weather",
            "01170001",
            0,
            "2017-06-01T08:30Z",
            {
                "air_temperature": 20.0,
                "solar_radiation": 0.0,
                "wind_speed": 1.0,
                "wind_direction": 2.0,
                "air_pressure": 101.0,
                "precipitation": 0.2,
            },
        ),
        ("us-tw3-soil-2017", "01170002", 0, "2017-06-01T08:30Z", {"soil_temperature_2": 18.25}),
    ]


@pytest.mark.parametrize(
    ("text", "utc"),
    # No daylight saving: 8 hours in June too.
    [("201501010030", (2015, 1, 1, 8, 30)), ("201706302330", (2017, 7, 1, 7, 30)), ("201801010000", (2018, 1, 1, 8))],
)
def test_local_time_is_eight_hours_behind_all_year(text: str, utc: tuple[int, ...]) -> None:
    assert tower.local_time(text) == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize("device", [tower.STATION, tower.PROBE_2015, tower.PROBE_2017])
def test_devices_send_what_their_contract_names(device: Device) -> None:
    contract = next(sensor for sensor in sensors().values() if device.profile in sensor.aliases)
    assert set(device.keys) == {reading.key for reading in contract.readings}


def test_devices_file_names_the_same_devices() -> None:
    with (tower.SAMPLE / "devices.csv").open(newline="") as file:
        listed = {row["device_id"] for row in csv.DictReader(file)}
    fields = json.loads((tower.SAMPLE / "fields.geojson").read_text())["features"]
    assert listed == {device.eui for device in (tower.STATION, tower.PROBE_2015, tower.PROBE_2017)}
    assert [field["properties"]["field_id"] for field in fields] == ["twitchell-alfalfa"]


def test_counter_never_repeats_within_a_session_and_time_never_goes_back() -> None:
    frames = list(tower.frames())
    identities = {(frame.device.eui, frame.session, frame.sequence) for frame in frames}
    assert len(identities) == len(frames)
    assert all(earlier.time <= later.time for earlier, later in itertools.pairwise(frames))


def test_station_frame_continues_the_year_it_falls_in() -> None:
    ended_at = tower.local_time("201501020000")
    # The last half hour of 1 January is the year's 48th, so its counter is 47.
    assert tower.station_frame(ended_at, {}) == tower.Frame(tower.STATION, "01150001", 47, ended_at, {})


def test_absent_sample_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"us-tw3_2015.csv.gz\): expected a gzip file of half-hours"):
        next(tower.frames(tmp_path))
