"""Which rows a slice has, and where they are."""

from datetime import timedelta
from pathlib import Path

import duckdb

from pipelines.contracts.tables import table
from pipelines.gate.slices import Slice, has_moved, held_slice, lay_out, new_slice, opened, row_bounds
from pipelines.lake.admitted import HeldSlice, RowBounds
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


def test_a_held_slice_is_found_again_where_its_rows_stood_in_kafka(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path)
    lake.open("silver.observations").optimize.compact()
    bounds = RowBounds("demo.telemetry", 0, 12, 15, START)
    found = held_slice(lake, OBSERVATIONS, HeldSlice(1, 2, (bounds,)))
    assert laid_out_offsets(lake, found) == [12, 13, 14, 15]


def test_a_held_slice_takes_in_what_was_made_of_its_records_since(tmp_path: Path) -> None:
    lake, judged_at = soil_lake(tmp_path), START + timedelta(hours=1)
    held = HeldSlice(1, 2, (RowBounds("demo.telemetry", 0, 12, 15, START),))
    assert not has_moved(lake, held_slice(lake, OBSERVATIONS, held), 4, judged_at)
    others = {"ingest_time": judged_at + timedelta(hours=1), "property": "soil_temperature", "unit": "Cel"}
    lake.append("silver.observations", [{**observation(number), **others} for number in (13, 15, 16)])
    found = held_slice(lake, OBSERVATIONS, held)
    assert has_moved(lake, found, 4, judged_at)
    assert laid_out_offsets(lake, found) == [12, 13, 13, 14, 15, 15]
    # As many as before, but others, which took the place of those that were judged.
    assert has_moved(lake, found, 6, judged_at)
    assert not has_moved(lake, found, 6, judged_at + timedelta(hours=2))


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
