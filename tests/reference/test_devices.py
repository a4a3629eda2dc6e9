"""The devices file: what its cells mean, and where it is wrong by line and column."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.reference.devices import check_position, device_id, read_devices
from pipelines.reference.refusal import Misfit

NORTH = {
    "field_id": "north",
    "longitude_deg": 10.0,
    "latitude_deg": 50.0,
    "xmin_deg": 9.9,
    "ymin_deg": 49.9,
    "xmax_deg": 10.1,
    "ymax_deg": 50.1,
}
FIELDS = {"north": NORTH}
HEADER = "device_id,field_id,valid_from,valid_to\n"
FULL = "device_id,field_id,valid_from,valid_to,sensor_model,longitude_deg,latitude_deg,depths,calibration\n"
SINCE = "2017-01-01T00:00:00Z"


def read(folder: Path, text: str) -> list[tuple[str, dict]]:
    path = folder / "devices.csv"
    path.write_text(text)
    return read_devices(path, FIELDS)


def test_a_line_is_read_whole(tmp_path):
    line = (
        f"A8-40-41-00-00-00-00-01,north,2017-01-01T00:00:00-08:00,{SINCE.replace('2017', '2018')},"
        "Tower soil probe,10.05,50.0,1=10; 2=45.5,soil_moisture 1.05 -0.02; soil_temperature@2 1 0.4\n"
    )
    ((where, row),) = read(tmp_path, FULL + line)
    assert where.endswith("devices.csv, line 2")
    assert row == {
        "device_id": "a840410000000001",
        "field_id": "north",
        "valid_from": datetime(2017, 1, 1, 8, tzinfo=UTC),
        "valid_to": datetime(2018, 1, 1, tzinfo=UTC),
        "sensor_model": "tower_soil_probe",
        "longitude_deg": 10.05,
        "latitude_deg": 50.0,
        "depths": [{"channel": 1, "depth_cm": 10.0}, {"channel": 2, "depth_cm": 45.5}],
        "calibration": [
            {"property": "soil_moisture", "channel": None, "gain": 1.05, "offset": -0.02},
            {"property": "soil_temperature", "channel": 2, "gain": 1.0, "offset": 0.4},
        ],
    }


def test_columns_may_stand_in_any_order_and_the_optional_ones_be_left_out(tmp_path):
    ((_, row),) = read(tmp_path, f"depths,valid_to,valid_from,field_id,device_id\n30,,{SINCE},north,a\n")
    assert (row["device_id"], row["depths"]) == ("a", [{"channel": None, "depth_cm": 30.0}])
    assert (row["sensor_model"], row["calibration"], row["longitude_deg"]) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("A840410000000001", "a840410000000001"),
        ("a8:40:41:00:00:00:00:01", "a840410000000001"),
        (" urn:ngsi-ld:Device:Probe1 ", "urn:ngsi-ld:Device:Probe1"),
        ("Probe-7", "Probe-7"),
    ],
)
def test_an_eui_64_is_stored_as_messages_are(written, stored):
    assert device_id(written) == stored


def cells(**cells: str) -> str:
    names = FULL.strip().split(",")
    line = {"device_id": "a", "field_id": "north", "valid_from": SINCE, **cells}
    return FULL + ",".join(line.get(name, "") for name in names) + "\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"line 1\): expected the columns device_id,field_id,valid_from,valid_to, got no device_id"),
        ("device_id,field\n", r"line 1, column 2\): expected one of the columns, perhaps field_id"),
        ("device_id,device_id\n", r"line 1, column 2\): expected each column once, got device_id again"),
        (HEADER + f"a,north,{SINCE}\n", r"line 2\): expected 4 values, got 3"),
        (HEADER + f"a,north,{SINCE},,x\n", r"line 2\): expected 4 values, got 5"),
        (HEADER + f"\n\n ,north,{SINCE},\n", r"line 4, column device_id\): expected a device, got nothing"),
        (
            HEADER + f"a,nort,{SINCE},\n",
            r"line 2, column field_id\): expected one of the fields, perhaps north, got 'nort'",
        ),
        (HEADER + "a,north,yesterday,\n", r"line 2, column valid_from\): .* got 'yesterday'"),
        (HEADER + "a,north,2017-01-01T00:00:00,\n", r"valid_from\): expected a time with its offset"),
        (HEADER + f"a,north,{SINCE},{SINCE}\n", r"line 2, column valid_to\): expected a time after 2017"),
        (HEADER + f"a\x1b[2J,north,{SINCE},\n", r"column device_id\): expected printable text, got 'a\\x1b\[2J'"),
        (
            cells(sensor_model="tower_soil_prob"),
            r"sensor_model\): expected one of the sensor models, perhaps tower_soil_pr",
        ),
        (cells(longitude_deg="10"), r"latitude_deg\): expected longitude_deg and latitude_deg together"),
        (
            cells(longitude_deg="10", latitude_deg="oops"),
            r"latitude_deg\): expected degrees, like -121\.6467, got 'oops'",
        ),
        (cells(longitude_deg="50", latitude_deg="10"), r"within 20 km of north, got one whose .* look swapped"),
        (cells(longitude_deg="11", latitude_deg="50"), r"within 20 km of north, got one 64 km away"),
        (cells(depths="1=10;1=20"), r"depths\): expected depths in cm"),
        (cells(depths="10;20"), r"depths\): expected depths in cm"),
        (cells(depths="-10"), r"depths\): expected depths in cm"),
        (cells(depths="1=5000"), r"depths\): expected depths in cm up to 1000"),
        (
            cells(calibration="soil_moistur 1 0"),
            r"calibration\): expected one of the quantities, perhaps soil_moisture",
        ),
        (cells(calibration="soil_moisture 0 1"), r"calibration\): expected property, gain and offset"),
        (cells(calibration="soil_moisture 1"), r"calibration\): expected property, gain and offset"),
        (cells(calibration="soil_moisture 1 nan"), r"calibration\): expected property, gain and offset"),
        (cells(calibration="co2 1 0; co2 1 5"), r"calibration\): expected each property and channel once"),
        (HEADER + '"a', r"expected a readable CSV file in UTF-8, got unexpected end of data"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(tmp_path, text, sentence):
    with pytest.raises(DataRefused, match=sentence):
        read(tmp_path, text)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_bytes(HEADER.encode() + b"\xff")
    with pytest.raises(DataRefused, match="expected a readable CSV file in UTF-8"):
        read_devices(path, FIELDS)


@pytest.mark.parametrize("position", [(10.1, 50.1), (10.3, 50.0), (9.9, 49.75)])
def test_a_device_may_stand_at_the_edge_of_its_field(position):
    # One degree of latitude is 111 km, of longitude at 50 degrees north cos(50 deg) = 0.64 of that.
    check_position(position, NORTH)


def test_a_position_is_measured_from_the_point_where_there_is_no_outline():
    bare = {**NORTH, "xmin_deg": None, "ymin_deg": None, "xmax_deg": None, "ymax_deg": None}
    check_position((10.1, 50.0), bare)
    with pytest.raises(Misfit, match="36 km away"):
        check_position((10.5, 50.0), bare)
