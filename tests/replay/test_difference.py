"""Rows of silver held against what they should be."""

from datetime import timedelta

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.lake.tables import Lake
from pipelines.replay.difference import Difference, difference, of_records
from pipelines.replay.scope import Slice
from tests.lakes import START, observation, soil_lake

SCHEMA = table("silver.observations").arrow_schema
SLICE = Slice("demo.telemetry", 0, [7, 8, 9])
SAME = [observation(7), observation(8), observation(9)]


def rows(*said):
    return pa.Table.from_pylist(list(said), schema=SCHEMA)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (SAME, Difference(3, 0, 0, 0, ())),
        ([row | {"ingest_time": START + timedelta(days=1)} for row in SAME], Difference(3, 0, 0, 0, ())),
        ([SAME[0], SAME[1] | {"value": 0.5}, SAME[2]], Difference(2, 1, 0, 0, (8,))),
        ([SAME[0], SAME[1] | {"event_key": "other"}, SAME[2]], Difference(2, 1, 0, 0, (8,))),
        ([SAME[0], SAME[1] | {"reasons": ["x"], "flag": 3}, SAME[2]], Difference(2, 1, 0, 0, (8,))),
        ([SAME[0], SAME[1] | {"value": None}, SAME[2]], Difference(2, 1, 0, 0, (8,))),
        ([SAME[0], SAME[1] | {"depth_cm": 20.0}, SAME[2]], Difference(2, 0, 1, 1, (8,))),
        ([*SAME, SAME[2] | {"property": "soil_temperature"}], Difference(3, 0, 1, 0, (9,))),
        ([*SAME, SAME[2]], Difference(3, 0, 1, 0, (9,))),  # twice is not once
        (SAME[1:], Difference(2, 0, 0, 1, (7,))),
        ([], Difference(0, 0, 0, 3, (7, 8, 9))),
    ],
)
def test_rows_are_the_same_changed_new_or_gone(tmp_path, now, found):
    assert difference(soil_lake(tmp_path), SLICE, rows(*now)) == found


def test_without_a_table_all_is_new(tmp_path):
    assert difference(Lake(tmp_path), SLICE, rows(*SAME)) == Difference(0, 0, 3, 0, (7, 8, 9))


def test_rows_of_records_are_taken_in_later():
    (row,) = of_records(rows(*SAME), (8,), 5).to_pylist()
    assert (row["offset"], row["ingest_time"]) == (8, START + timedelta(microseconds=5))
