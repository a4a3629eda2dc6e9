"""New rows are found by commit, whatever maintenance did in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines.contracts.tables import table as table_of
from pipelines.errors import DataRefused
from pipelines.lake.commit import Progress, replace_once
from pipelines.lake.slices import News, files_holding, files_overlapping, news
from pipelines.lake.tables import Lake
from tests.lakes import START, observation

SILVER = "silver.observations"


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
    files = news(table, from_version, to_version).files
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


def lake_with(tmp_path: Path, *offsets: int) -> Lake:
    """A record of one row a commit: version n + 1 adds the n-th."""
    lake = Lake(tmp_path / "a lake's")
    for offset in offsets:
        lake.append(SILVER, [observation(offset)])
    return lake


def replaced(lake: Lake, condition: str, *rows: dict[str, Any]) -> None:
    contract = table_of(SILVER)
    data = pa.Table.from_pylist(list(rows), schema=contract.arrow_schema)
    progress = [Progress("replay", None, lake.version(SILVER))]
    replace_once(lake.open(SILVER), contract, data, condition, progress=progress, information={})


LATER = {"ingest_time": START + timedelta(microseconds=1)}


def told(found: News) -> tuple[list[int], list[int]]:
    """Offsets of the rows that came and of those that went."""
    sides = ((found.files, found.is_new), (found.former_files, found.is_gone))
    new, gone = (offsets(files, where) if files else [] for files, where in sides)
    return new, gone


def offsets(files: list[str], where: str) -> list[int]:
    query = f'select "offset" from read_parquet($1) where {where} order by 1'  # noqa: S608 - SQL of ours
    return [offset for (offset,) in duckdb.execute(query, [files]).fetchall()]


@pytest.mark.parametrize(
    ("from_version", "to_version", "expected"),
    [
        (-1, 4, ([0, 1, 2], [])),
        (4, 5, ([1], [1, 2])),
        (4, 7, ([1, 3], [1, 2])),  # with a commit after it, and files joined
        (2, 7, ([1, 3], [1])),  # offset 2 came within the range, and went
        (-1, 7, ([0, 1, 3], [])),
        (5, 7, ([3], [])),
    ],
)
def test_rows_that_a_replay_replaced_are_told_from_those_that_it_carried_over(
    tmp_path: Path, from_version: int, to_version: int, expected: tuple[list[int], list[int]]
) -> None:
    lake = lake_with(tmp_path, 0, 1, 2)
    lake.open(SILVER).optimize.compact()  # version 4: one file has all
    replaced(lake, '"offset" between 1 and 2', observation(1) | LATER)
    lake.append(SILVER, [observation(3)])
    lake.open(SILVER).optimize.compact()
    assert told(news(lake.open(SILVER), from_version, to_version)) == expected


def test_what_still_stands_of_the_version_before_is_told(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, 0, 1, 2)
    before = news(lake.open(SILVER), -1, 3).files
    replaced(lake, '"offset" = 1', observation(1) | LATER)
    found = news(lake.open(SILVER), 3, 4)
    assert offsets(before, found.is_still_there) == [0, 2]
    assert news(lake.open(SILVER), 2, 3).is_still_there == "true"


def test_a_file_that_was_replaced_and_is_gone_is_an_error(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, 0, 1)
    replaced(lake, '"offset" = 1')
    Path(news(lake.open(SILVER), 2, 3).former_files[0]).unlink()
    with pytest.raises(DataRefused, match="expected the files that were rewritten, got no part-"):
        news(lake.open(SILVER), 2, 3)


def test_a_commit_cleaned_from_the_log_is_an_error(table: DeltaTable) -> None:
    log = Path(news(table, -1, 0).files[0]).parent / "_delta_log"
    (log / f"{1:020}.json").unlink()
    with pytest.raises(DataRefused, match=r"version 1.*cleaned"):
        news(table, 0, 2)
    assert numbers(table, 1, 2) == [2]


MICRO = timedelta(microseconds=1)
# A clock that is wrong may say the last instant that there is.
ENDS_OF_FILES = [START + timedelta(milliseconds=5) + 999 * MICRO, datetime.max.replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (START - MICRO, []),
        (START, [0]),
        # To the microsecond, though the log's statistics end with the millisecond.
        (ENDS_OF_FILES[0], [0]),
        (START + timedelta(hours=1), [1]),
        (ENDS_OF_FILES[1], [1]),
    ],
)
def test_files_are_found_by_the_times_that_they_may_hold(tmp_path: Path, time: datetime, expected: list[int]) -> None:
    lake, found_in = Lake(tmp_path), {}
    for number, (first, last) in enumerate(zip((START, START + timedelta(hours=1)), ENDS_OF_FILES, strict=True)):
        before = set(lake.create("silver.observations").file_uris())
        lake.append("silver.observations", [{**observation(0), "phenomenon_time": each} for each in (first, last)])
        (file,) = set(lake.open("silver.observations").file_uris()) - before
        found_in[file] = number
    opened = lake.open("silver.observations")
    for found in (
        files_overlapping(opened, "phenomenon_time", time, time),
        files_holding(opened, "phenomenon_time", [time]),
    ):
        assert [found_in[file] for file in found] == expected
