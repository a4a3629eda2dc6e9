"""Chunks: however many devices are judged at once, they come out the same."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.contracts.quality import quality
from pipelines.lake.tables import Lake
from pipelines.quality import work as module
from pipelines.quality.touched import versions
from pipelines.quality.work import Work
from tests.quality.world import lake_of, world


def differences(lake: Lake) -> list[tuple[int, pa.Table]]:
    flags = lake.create("silver.flags")
    with duckdb.connect() as connection:
        return list(Work(connection, lake, flags, since=None, now=versions(lake), quality=quality()).differences())


def test_chunks_hold_whole_devices_and_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = world()
    lake = lake_of(tmp_path)
    lake.append("silver.observations", rows)
    ((count, at_once),) = differences(lake)
    assert count == len(rows)
    monkeypatch.setattr(module, "CHUNK_ROWS", 200)
    chunks = differences(lake)
    by_device = {
        name: sum(row["device_id"] == name for row in rows) for name in ("meter", "probe", "shelter", "station")
    }
    assert [count for count, _ in chunks] == list(by_device.values())
    order = [(name, "ascending") for name in at_once.column_names]
    assert pa.concat_tables([found for _, found in chunks]).sort_by(order).equals(at_once.sort_by(order))


def test_no_observations_no_work(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    lake.create("silver.observations")
    assert differences(lake) == []
