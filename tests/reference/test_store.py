"""Reference tables are written whole, against the version that was read."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.errors import WriterConflict
from pipelines.lake.tables import Lake
from pipelines.reference.store import standing, write
from tests.lakes import FIELD

NAME = "reference.fields"
NORTH = dict.fromkeys(table(NAME).column_names) | FIELD
SOUTH = NORTH | {"field_id": "south"}


def test_rows_are_written_once_in_whatever_order_and_every_version_stays(tmp_path):
    lake = Lake(tmp_path)
    assert write(lake, standing(lake, NAME), [NORTH])
    first = lake.version(NAME)
    assert write(lake, standing(lake, NAME), [SOUTH, NORTH])
    assert not write(lake, standing(lake, NAME), [NORTH, SOUTH])
    assert lake.version(NAME) == first + 1
    assert standing(lake, NAME).rows == [NORTH, SOUTH]
    assert lake.read(NAME, first).to_pylist() == [NORTH]


def test_of_two_who_read_the_same_version_one_is_refused(tmp_path):
    lake = Lake(tmp_path)
    write(lake, standing(lake, NAME), [NORTH])
    one, two = standing(lake, NAME), standing(lake, NAME)
    write(lake, one, [SOUTH])
    with pytest.raises(WriterConflict, match=r"reference\.fields"):
        write(lake, two, [NORTH, SOUTH])
    assert standing(lake, NAME).rows == [SOUTH]


def test_a_table_of_an_earlier_release_gets_its_new_columns(tmp_path):
    lake = Lake(tmp_path)
    names = ["field_id", "latitude_deg", "longitude_deg", "elevation_m", "utc_offset_h", "wind_height_m", "crop"]
    old = pa.schema([table(NAME).arrow_schema.field(name) for name in names])
    DeltaTable.create(str(lake.path(NAME)), old)
    lake_rows = standing(lake, NAME)
    write(lake, lake_rows, [NORTH | {"time_zone": "America/Los_Angeles"}])
    assert standing(lake, NAME).rows == [NORTH | {"time_zone": "America/Los_Angeles"}]
    assert [field.name for field in lake.open(NAME).schema().fields] == list(table(NAME).column_names)
