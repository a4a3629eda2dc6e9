"""Which rows a slice has, and where they are."""

from pathlib import Path

import duckdb

from pipelines.contracts.tables import table
from pipelines.gate.slices import Slice, lay_out, new_slice, opened, row_bounds
from pipelines.lake.tables import Lake
from tests.lakes import START, observation, soil_lake

OBSERVATIONS = table("silver.observations")


def offsets(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return [row[0] for row in connection.execute('select "offset" from slice order by 1').fetchall()]


def laid_out_offsets(lake: Lake, slice_: Slice) -> list[int]:
    with opened(lake, slice_) as connection:
        lay_out(connection, lake, slice_)
        return offsets(connection)


def test_what_is_new_begins_after_a_version(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path)
    slice_ = new_slice(lake, OBSERVATIONS, 2)
    assert (slice_.from_version, slice_.to_version) == (2, 4)
    assert laid_out_offsets(lake, slice_) == [*range(20, 40)]
    assert new_slice(lake, OBSERVATIONS, 4).files == ()


def test_a_row_that_does_not_say_where_it_stood_leaves_the_slice_without_bounds(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path)
    with opened(lake, new_slice(lake, OBSERVATIONS, 2)) as connection:
        lay_out(connection, lake, new_slice(lake, OBSERVATIONS, 2))
        place = {"topic": "demo.telemetry", "partition": 0, "first_offset": 20, "last_offset": 39, "ingest_time": START}
        assert row_bounds(connection, OBSERVATIONS) == [place]
        assert row_bounds(connection, table("reference.fields")) is None
    with duckdb.connect() as other:
        other.execute('create view slice as select null as topic, 0 as partition, 1 as "offset", now() as ingest_time')
        assert row_bounds(other, OBSERVATIONS) is None


def test_rows_of_other_slices_are_found_by_their_time(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path)
    lake.append("silver.observations", [observation(7), observation(50)])
    slice_ = new_slice(lake, OBSERVATIONS, 4)
    with opened(lake, slice_) as connection:
        lay_out(connection, lake, slice_)
        twice = connection.execute('select "offset" from slice where in_earlier_slice is not null').fetchall()
    assert twice == [(7,)]
