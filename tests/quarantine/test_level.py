"""Pieces that fit in memory, and observations that silver does not hold yet."""

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.lake.tables import Lake
from pipelines.quarantine.level import chunks, level, unseen
from pipelines.quarantine.selection import Candidate, Place
from tests.lakes import observation, soil_lake

MIB = 2**20


@pytest.mark.parametrize(
    ("sizes", "pieces"),
    [
        ([], []),
        ([0] * 10_000, [10_000]),
        ([1] * 10_001, [10_000, 1]),
        ([10 * MIB] * 7, [6, 1]),
        ([100 * MIB, 1, 1], [1, 2]),
        ([1, 64 * MIB, 1], [1, 1, 1]),
    ],
)
def test_records_are_cut_by_count_and_by_size(sizes, pieces):
    chosen = [Candidate(Place("t", 0, n), size, "quarantined", ("x",)) for n, size in enumerate(sizes)]
    cut = list(chunks(chosen))
    assert [len(piece) for piece in cut] == pieces
    assert [each for piece in cut for each in piece] == chosen


def test_an_observation_is_told_by_place_property_channel_and_depth(tmp_path):
    lake = soil_lake(tmp_path)  # offsets 0 to 39, soil moisture of channel 1 at 10 cm
    rows = [
        observation(7),
        observation(7) | {"value": 0.5},
        observation(7) | {"channel": 2},
        observation(7) | {"channel": None},
        observation(7) | {"depth_cm": 20.0},
        observation(7) | {"property": "soil_temperature"},
        observation(40),
    ]
    found = unseen(lake, pa.Table.from_pylist(rows, schema=table("silver.observations").arrow_schema))
    assert found.to_pylist() == pa.Table.from_pylist(rows[2:], schema=found.schema).to_pylist()


@pytest.mark.parametrize("depth_cm", [None, 20.0])
def test_a_value_is_the_same_though_the_registry_says_another_depth_since(tmp_path, depth_cm):
    rows = [observation(7) | {"depth_cm": depth_cm}, observation(40) | {"depth_cm": depth_cm}]
    found = unseen(soil_lake(tmp_path), pa.Table.from_pylist(rows, schema=table("silver.observations").arrow_schema))
    assert found["offset"].to_pylist() == [40]


def test_without_redrives_silver_is_level(tmp_path):
    assert level(Lake(tmp_path), tenant_id="acme") == 0
    assert not Lake(tmp_path).exists("silver.observations")
