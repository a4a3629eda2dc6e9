"""What the libraries do in a bucket: one winner a commit, and DuckDB sees the files and nothing else."""

import re
import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines.contracts.tables import table
from pipelines.errors import StoreRefused, UsageError, WriterConflict
from pipelines.lake.access import catch_up, connected, data_files, dataset, delta_table, listed_in_sql
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.query import Moment, query
from pipelines.lake.tables import Lake
from pipelines.places import place
from tests.lakes import observation, soil_lake
from tests.store import BUCKET, Store

SILVER = "silver.observations"


@pytest.fixture
def lake(store: Store, request: pytest.FixtureRequest) -> Lake:  # noqa: ARG001 - in whose bucket it is
    name = re.sub(r"\W", "-", request.node.name)
    return soil_lake(place(f"s3://{BUCKET}/{name}/demo"))


@pytest.mark.parametrize("unsafe", ["false", "true"])
def test_of_many_that_commit_at_once_one_does(lake: Lake, monkeypatch: pytest.MonkeyPatch, unsafe: str) -> None:
    monkeypatch.setenv("AWS_S3_ALLOW_UNSAFE_RENAME", unsafe)
    snapshots = [lake.open(SILVER) for _ in range(8)]
    outcomes: list[str] = []

    def commit(snapshot: DeltaTable) -> None:
        try:
            append_once(snapshot, table(SILVER), [], [Progress("p", None, 1)])
            outcomes.append("committed")
        except WriterConflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=commit, args=(each,)) for each in snapshots]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["committed", *["refused"] * 7]
    assert lake.version(SILVER) == 5


def test_the_sql_profile_holds_in_a_bucket(lake: Lake) -> None:
    asked = "select count(*), sum(value) from silver.observations where sequence >= 20"
    assert query(lake, asked).rows == [(20, pytest.approx(sum(number / 100 for number in range(20, 40))))]
    assert query(lake, "select count(*) from silver.observations", Moment({SILVER: 2})).rows == [(20,)]
    for other in (f"s3://{BUCKET}/**/*.parquet", "/etc/passwd"):
        with pytest.raises(UsageError, match="cannot be run"):
            query(lake, f"select * from read_parquet('{other}')")  # noqa: S608 - to be refused


def test_files_are_read_by_arrow_and_by_duckdb_alike(lake: Lake, tmp_path: Path) -> None:
    files = data_files(lake.open(SILVER))
    assert dataset(files, table(SILVER).arrow_schema).count_rows() == 40
    assert dataset([], pa.schema({"a": pa.int64()})).to_table().num_rows == 0
    asked = f"select count(*) from read_parquet({listed_in_sql(files)})"  # noqa: S608 - files of ours
    with connected(lake.root, temp_directory=str(tmp_path)) as connection:
        assert connection.execute(asked).fetchall() == [(40,)]
    with connected(tmp_path) as connection, pytest.raises(duckdb.Error):
        connection.execute(asked)


@pytest.mark.parametrize("name", ["plain", "two words", "o'neill", 'a "farm"', "50 %", "söhne", "a+b&c#d?e"])
def test_files_are_found_whatever_the_folders_are_called(tmp_path: Path, name: str) -> None:
    lake = Lake(tmp_path / name)
    for number in range(2):
        lake.append(SILVER, [observation(number)])
    files = data_files(lake.open(SILVER))
    assert sorted(map(Path, files)) == sorted(Path(str(lake.path(SILVER))).glob("*.parquet"))
    with connected(lake.root) as connection:
        asked = f"select count(*) from read_parquet({listed_in_sql(files)})"  # noqa: S608 - files of ours
        assert connection.execute(asked).fetchall() == [(2,)]
    assert query(lake, "select count(*) from silver.observations").rows == [(2,)]


def test_a_table_of_no_bucket_is_no_empty_table(store: Store) -> None:  # noqa: ARG001
    with pytest.raises(StoreRefused, match="none of that name"):
        delta_table("s3://nobodys/table")


def test_duckdb_draws_nothing_where_the_answer_is_written(tmp_path):
    with connected(tmp_path) as connection:
        assert connection.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_a_log_is_read_on_only_where_there_is_something_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, read_on = soil_lake(tmp_path), 0
    update = DeltaTable.update_incremental

    def counted(known: DeltaTable) -> None:
        nonlocal read_on
        read_on += 1
        update(known)

    monkeypatch.setattr(DeltaTable, "update_incremental", counted)
    known, folder = lake.open(SILVER), lake.path(SILVER)
    catch_up(known, folder)
    assert read_on == 0
    write_deltalake(lake.open(SILVER), lake.read(SILVER).slice(0, 1), mode="append")
    catch_up(known, folder)
    assert (read_on, known.version()) == (1, lake.version(SILVER))
    # Its next commit, and what it knows, have been cleaned away meanwhile.
    slept = lake.open(SILVER, 0)
    lake.open(SILVER).create_checkpoint()
    for version in range(lake.version(SILVER)):
        (tmp_path / "silver/observations/_delta_log" / f"{version:020}.json").unlink()
    catch_up(slept, folder)
    assert (read_on, slept.version()) == (2, lake.version(SILVER))
