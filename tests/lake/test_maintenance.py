"""Maintenance changes no row, stands in no writer's way, and takes no file that somebody may still read."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines.contracts.tables import table, table_names
from pipelines.errors import ServiceUnreachable
from pipelines.lake import maintenance
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.maintenance import Upkeep, alone, maintain_table
from pipelines.lake.retention import Needed
from pipelines.lake.slices import news
from pipelines.lake.tables import Lake
from tests.lakes import observation

SILVER = "silver.observations"
NOTHING = Needed()
WEEK, AT_ONCE = timedelta(days=7), timedelta(0)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Version n of silver.observations, 0 to 12, holds the offsets below n."""
    return lake_of(tmp_path, 12)


def lake_of(root: Path, commits: int) -> Lake:
    """A lake of so many records, each of which came in a commit of its own."""
    made = Lake(root)
    made.create(SILVER)
    for number in range(commits):
        take_in(made, number)
    return made


def take_in(lake: Lake, number: int) -> None:
    """What the stream does for a record."""
    snapshot, contract = lake.open(SILVER), table(SILVER)
    with FileWriter(lake.path(SILVER)) as writer:
        writer.write(pa.Table.from_pylist([observation(number)], schema=contract.arrow_schema))
        file = writer.finish()
    assert file
    append_once(snapshot, contract, [file], [Progress("p", number or None, number + 1)])


def keep_up(
    lake: Lake, name: str = SILVER, needed: Needed = NOTHING, *, keep: timedelta = WEEK, apply: bool = True
) -> Upkeep:
    return maintain_table(lake.open(name), lake.path(name), name, needed, keep=keep, apply=apply)


def offsets(files: list[str]) -> list[int]:
    return sorted(ds.dataset(files).to_table(columns=["offset"])["offset"].to_pylist()) if files else []


def held(lake: Lake, version: int | None = None) -> list[int]:
    return offsets(lake.open(SILVER, version).file_uris())


def on_disk(lake: Lake, name: str = SILVER) -> set[str]:
    return {str(path.relative_to(lake.root)) for path in lake.path(name).rglob("*") if path.is_file()}


def test_small_files_are_joined_and_every_row_progress_and_slice_stays(lake: Lake) -> None:
    done = keep_up(lake)
    assert (done.files, done.joined_files, done.expired_files) == (12, 12, 0)
    now = lake.open(SILVER)
    assert len(now.file_uris()) == 1
    assert held(lake) == list(range(12))
    assert now.transaction_version("p") == 12
    take_in(lake, 12)
    # What is new is still told commit by commit, across the joining.
    assert offsets(news(lake.open(SILVER), 10, 14).files) == [10, 11, 12]
    assert offsets(news(lake.open(SILVER), 12, 13).files) == []


def test_a_dry_run_says_the_same_and_writes_nothing(lake: Lake) -> None:
    before = on_disk(lake)
    assert keep_up(lake, apply=False) == keep_up(lake, apply=False)
    assert on_disk(lake) == before
    assert keep_up(lake, apply=False) == keep_up(lake)


def test_run_again_it_writes_nothing(lake: Lake) -> None:
    keep_up(lake)
    before = on_disk(lake)
    again = keep_up(lake)
    assert (again.files, again.joined_files, again.expired_files) == (1, 0, 0)
    assert on_disk(lake) == before


def test_a_few_small_files_are_left_alone(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "FEWEST", 13)
    assert keep_up(lake).joined_files == 0
    assert lake.version(SILVER) == 12


def test_a_reader_of_an_old_version_goes_on_reading(lake: Lake) -> None:
    pinned = lake.open(SILVER, 7)
    keep_up(lake)
    assert offsets(pinned.file_uris()) == list(range(7))
    assert held(lake, 7) == list(range(7))


def test_replaced_files_go_when_the_retention_is_over_but_those_of_a_needed_version_stay(lake: Lake) -> None:
    keep_up(lake)
    done = keep_up(lake, needed=Needed(frozenset({7})), keep=AT_ONCE)
    assert done.expired_files == 12 - 7
    assert done.freed_bytes > 0
    assert held(lake, 7) == list(range(7))
    assert held(lake) == list(range(12))
    with pytest.raises(FileNotFoundError):
        held(lake, 8)


@pytest.mark.parametrize(("read_to", "expired"), [(12, 12), (13, 12), (11, 0), (-1, 0)])
def test_files_that_somebody_has_yet_to_read_stay_whatever_their_age(lake: Lake, read_to: int, expired: int) -> None:
    keep_up(lake)
    done = keep_up(lake, needed=Needed(read_to=read_to), keep=AT_ONCE)
    assert done.expired_files == expired
    assert (done.note is None) == bool(expired)
    assert offsets(news(lake.open(SILVER), read_to, 13).files) == list(range(max(read_to, 0), 12))


def test_orphans_are_counted_at_once_and_deleted_only_when_no_batch_can_be_behind_them(lake: Lake) -> None:
    folder = lake.path(SILVER)
    for name, age_d in (("young.parquet", 6), ("old.parquet", 8)):
        (folder / name).write_bytes(b"twelve bytes")
        then = time.time() - age_d * 86400
        os.utime(folder / name, (then, then))
    done = keep_up(lake)
    assert (done.orphan_files, done.expired_files, done.freed_bytes) == (2, 1, 12)
    assert (folder / "young.parquet").exists()
    assert not (folder / "old.parquet").exists()
    # What joining replaced is no orphan.
    assert keep_up(lake).orphan_files == 1


def test_the_file_of_a_batch_under_way_stays_until_its_commit(lake: Lake) -> None:
    snapshot, contract = lake.open(SILVER), table(SILVER)
    with FileWriter(lake.path(SILVER)) as writer:
        writer.write(pa.Table.from_pylist([observation(12)], schema=contract.arrow_schema))
        assert keep_up(lake).orphan_files == 1  # half written
        file = writer.finish()
    assert file
    assert keep_up(lake).expired_files == 0
    append_once(snapshot, contract, [file], [Progress("p", 12, 13)])
    assert held(lake) == [*range(13)]


def test_the_stream_appends_while_files_are_joined(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "FEWEST", 2)
    stopped = threading.Event()

    def maintain() -> None:
        while not stopped.is_set():
            keep_up(lake)

    thread = threading.Thread(target=maintain)
    thread.start()
    try:
        for number in range(12, 40):
            take_in(lake, number)
    finally:
        stopped.set()
        thread.join(60)
    assert held(lake) == list(range(40))
    assert lake.open(SILVER).transaction_version("p") == 40
    assert offsets(news(lake.open(SILVER), -1, lake.version(SILVER)).files) == list(range(40))


def test_one_maintains_at_a_time(tmp_path: Path) -> None:
    lock_file = tmp_path / "lock"

    def second() -> None:
        with pytest.raises(ServiceUnreachable, match="Maintenance is under way"), alone(lock_file):
            pass

    with alone(lock_file):
        second()
    with alone(lock_file):  # a lock is gone with its process, whatever lies on the disk
        pass


def test_delta_rs_would_double_what_two_join_at_once(lake: Lake) -> None:
    """Why there is a lock: the day this fails, the lock may go."""
    ours, theirs = lake.open(SILVER), lake.open(SILVER)
    ours.optimize.compact()
    theirs.optimize.compact()
    assert held(lake) == sorted([*range(12), *range(12)])


def test_a_table_that_is_changed_meanwhile_is_left_for_later(lake: Lake) -> None:
    snapshot = lake.open(SILVER)
    lake.open(SILVER).delete('"offset" = 3')
    done = maintain_table(snapshot, lake.path(SILVER), SILVER, Needed(), keep=WEEK, apply=True)
    assert (done.joined_files, done.note) == (0, "the table changed while files were joined; next time")
    assert held(lake) == [number for number in range(12) if number != 3]


def test_every_table_of_delta_rs_is_appended_to_or_written_by_its_build() -> None:
    ours = {name for name in table_names() if table(name).writer == "delta-rs"}
    written = {"gold.field_daily", "gold.field_hourly", "gold.water_balance_daily"}
    assert ours - maintenance.APPENDED == {"reference.devices", "reference.fields", *written}


@pytest.mark.parametrize("name", ["reference.fields", "gold.field_daily"])
def test_tables_that_others_rewrite_are_not_joined(tmp_path: Path, name: str) -> None:
    lake = Lake(tmp_path)
    schema = table(name).arrow_schema
    row = {field.name: {"string": "x", "int64": 1}.get(str(field.type)) for field in schema if not field.nullable}
    rows = pa.Table.from_pylist(
        [{field.name: row.get(field.name) or _any(field.type) for field in schema}], schema=schema
    )
    for _ in range(12):
        write_deltalake(lake.create(name), rows, mode="append")
    assert keep_up(lake, name).joined_files == 0
    assert lake.version(name) == 12


def _any(kind: pa.DataType) -> object:
    return 1.5 if pa.types.is_floating(kind) else None if not pa.types.is_date(kind) else 18000


@pytest.mark.parametrize(
    ("needed", "is_cleaned"),
    [
        (Needed(), True),
        (Needed(read_to=25), True),
        (Needed(read_to=24), True),
        (Needed(read_to=3), False),
        (Needed(frozenset({3}), read_to=25), False),
    ],
)
def test_the_log_is_cleaned_as_far_as_nobody_needs_it(lake: Lake, needed: Needed, is_cleaned: bool) -> None:
    for number in range(12, 25):
        take_in(lake, number)
    log = lake.path(SILVER) / "_delta_log"
    then = time.time() - 40 * 86400
    for commit in log.glob("0*"):
        if int(commit.name[:20]) < 22:
            os.utime(commit, (then, then))
    keep_up(lake, needed=needed)
    assert (log / f"{0:020}.json").exists() != is_cleaned
    assert DeltaTable(log.parent).transaction_version("p") == 25
    assert held(lake) == list(range(25))
