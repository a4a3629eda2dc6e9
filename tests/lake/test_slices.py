"""New rows are found by commit, whatever maintenance did in between."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines.errors import DataRefused
from pipelines.lake.slices import added_files


@pytest.fixture
def table(tmp_path: Path) -> DeltaTable:
    """Versions 0, 1 and 2 append the numbers 0, 1 and 2; version 3 compacts; version 4 appends 4."""
    path = str(tmp_path / "a lake" / "numbers")
    for number in (0, 1, 2):
        write_deltalake(path, pa.table({"number": [number]}), mode="append")
    DeltaTable(path).optimize.compact()
    write_deltalake(path, pa.table({"number": [4]}), mode="append")
    return DeltaTable(path)


def numbers(table: DeltaTable, from_version: int, to_version: int) -> list[int]:
    files = added_files(table, from_version, to_version)
    return [number for file in files for number in pq.ParquetFile(file).read()["number"].to_pylist()]


@pytest.mark.parametrize(
    ("from_version", "to_version", "expected"),
    [
        (-1, 0, [0]),
        (-1, 2, [0, 1, 2]),
        (0, 2, [1, 2]),
        (1, 4, [2, 4]),  # across the compaction
        (2, 3, []),  # the compaction alone
        (4, 4, []),  # nothing new
    ],
)
def test_a_slice_holds_the_rows_of_its_commits(
    table: DeltaTable, from_version: int, to_version: int, expected: list[int]
) -> None:
    assert table.version() == 4
    assert numbers(table, from_version, to_version) == expected


def test_rows_deleted_within_the_range_are_not_in_the_slice(tmp_path: Path) -> None:
    path = str(tmp_path / "numbers")
    write_deltalake(path, pa.table({"number": [0, 1]}))
    write_deltalake(path, pa.table({"number": [2, 3]}), mode="append")
    DeltaTable(path).delete("number = 3")
    assert numbers(DeltaTable(path), 0, 2) == [2]
    assert numbers(DeltaTable(path), 0, 1) == [2, 3]


def test_a_change_to_rows_that_were_compacted_cannot_be_told_apart(table: DeltaTable) -> None:
    table.delete("number = 1")
    with pytest.raises(DataRefused, match=r"version 5.*compact"):
        added_files(table, -1, 5)


def test_a_commit_cleaned_from_the_log_is_an_error(table: DeltaTable) -> None:
    log = Path(added_files(table, -1, 0)[0]).parent / "_delta_log"
    (log / f"{1:020}.json").unlink()
    with pytest.raises(DataRefused, match=r"version 1.*cleaned"):
        added_files(table, 0, 2)
    assert numbers(table, 1, 2) == [2]
