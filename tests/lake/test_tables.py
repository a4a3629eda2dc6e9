import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import Transaction

from pipelines.contracts.tables import table, table_names
from pipelines.errors import DataRefused, UsageError
from pipelines.lake.tables import Lake

FIELD = {
    "field_id": "north",
    "latitude_deg": 38.1,
    "longitude_deg": -121.6,
    "elevation_m": -9.0,
    "utc_offset_h": -8.0,
    "wind_height_m": 2.8,
    "crop": "alfalfa",
}


@pytest.mark.parametrize("name", table_names())
def test_every_table_can_be_created_from_its_contract_and_again(tmp_path, name):
    lake = Lake(tmp_path)
    lake.create(name)
    assert lake.create(name).version() == lake.version(name) == 0
    assert lake.read(name).schema.names == list(table(name).column_names)


def test_a_table_that_is_not_there_reads_as_empty_and_opens_with_a_sentence(tmp_path):
    lake = Lake(tmp_path)
    assert lake.read("reference.fields").num_rows == 0
    assert lake.version("reference.fields") == -1
    with pytest.raises(DataRefused, match=r"no such table yet.*reference\.fields"):
        lake.open("reference.fields")


def test_appended_rows_are_read_back_at_each_version(tmp_path):
    lake = Lake(tmp_path)
    first = lake.append("reference.fields", [FIELD])
    second = lake.append("reference.fields", [FIELD | {"field_id": "south"}])
    assert lake.read("reference.fields", first, list(FIELD)).to_pylist() == [FIELD]
    assert sorted(lake.read("reference.fields", second, ["field_id"])["field_id"].to_pylist()) == ["north", "south"]


@pytest.mark.parametrize(("versions", "rows"), [([0, 0], 1), ([3, 2], 1), ([1, 2], 2)])
def test_a_row_with_a_transaction_is_appended_once(tmp_path, versions, rows):
    lake = Lake(tmp_path)
    for version in versions:
        lake.append("reference.fields", [FIELD], once=Transaction("load", version))
    assert lake.read("reference.fields").num_rows == rows


def test_a_row_that_breaks_the_contract_is_not_appended(tmp_path):
    lake = Lake(tmp_path)
    with pytest.raises(pa.ArrowInvalid, match="high"):
        lake.append("reference.fields", [FIELD | {"elevation_m": "high"}])
    assert lake.read("reference.fields").num_rows == 0


def test_what_a_table_was_at_a_time_outlives_a_copy_of_the_lake(tmp_path):
    lake = Lake(tmp_path / "first")
    for number in range(3):
        lake.append("reference.fields", [FIELD | {"field_id": f"f{number}"}])
    times = {each["version"]: each["timestamp"] for each in lake.open("reference.fields").history()}
    shutil.copytree(lake.root, tmp_path / "second")
    copied = Lake(tmp_path / "second")
    for version, time_ms in times.items():
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
        assert copied.version_at("reference.fields", at) == version
    assert copied.version_at("reference.fields", at - timedelta(days=1)) is None


def test_a_time_that_the_log_has_forgotten_is_told(tmp_path):
    lake = Lake(tmp_path)
    for _ in range(12):
        lake.append("reference.fields", [FIELD])
    for version in range(10):
        (lake.path("reference.fields") / "_delta_log" / f"{version:020}.json").unlink()
    with pytest.raises(UsageError, match="The log does not reach back that far"):
        lake.version_at("reference.fields", datetime(2020, 1, 1, tzinfo=UTC))
    assert lake.version_at("reference.fields", datetime.now(UTC)) == 12


def test_a_lake_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"There is no lake here .*/demo\).*FIELDSTREAM_HOME"):
        Lake(tmp_path / "demo").existing()
    (tmp_path / "demo").mkdir()
    assert Lake(tmp_path / "demo").existing() == Lake(tmp_path / "demo")
