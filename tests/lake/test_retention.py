"""What stays of a table that gets very many commits, and what a broken log does to whoever deletes by it."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.errors import LakeDamaged, WriterConflict
from pipelines.lake import retention
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.log import listed
from pipelines.lake.retention import Needed, clean_log, first_kept, orphans
from pipelines.lake.tables import Lake
from tests.lake.test_maintenance import SILVER, WEEK, held, keep_up, lake_of, take_in
from tests.lakes import observation


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Version n, 0 to 35, holds the offsets below n; checkpoints at 9, 19 and 29."""
    return lake_of(tmp_path, 35)


def aged(lake: Lake, days: dict[int, float]) -> None:
    for version, path in listed(lake.path(SILVER)).commits.items():
        then = time.time() - 86400 * next(age for last, age in sorted(days.items()) if version <= last)
        os.utime(path, (then, then))


@pytest.mark.parametrize(
    ("commits_kept", "days", "first"),
    [
        (10_000, {35: 1}, 0),
        (10_000, {12: 9, 35: 1}, 13),
        (5, {35: 1}, 31),
        (30, {12: 9, 35: 1}, 13),
        (10_000, {35: 9}, 35),  # the latest can be read, however old
    ],
)
def test_versions_stay_for_a_week_and_the_latest_of_very_many(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, commits_kept: int, days: dict[int, float], first: int
) -> None:
    monkeypatch.setattr(retention, "COMMITS_KEPT", commits_kept)
    aged(lake, days)
    assert first_kept(listed(lake.path(SILVER)), WEEK) == first


@pytest.mark.parametrize(
    ("needed", "oldest", "readable"),
    [
        (Needed(), 29, 32),
        (Needed(read_to=24), 19, 24),
        (Needed(read_to=28), 19, 28),  # of version 29, which is the first to read, there is a checkpoint
        (Needed(read_to=-1), 0, 0),
        (Needed(frozenset({12}), read_to=35), 9, 12),
        (Needed(frozenset({3})), 0, 3),
    ],
)
def test_of_very_many_commits_those_are_left_that_somebody_needs(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, needed: Needed, oldest: int, readable: int
) -> None:
    monkeypatch.setattr(retention, "COMMITS_KEPT", 3)
    clean_log(lake.path(SILVER), WEEK, needed)
    log = listed(lake.path(SILVER))
    assert (min(log.commits), min(log.checkpoints)) == (oldest, max(oldest, 9))
    for version in (readable, 32, 35):
        assert held(lake, version) == list(range(version))


def test_a_reader_of_a_version_that_is_not_kept_has_its_files_for_the_retention(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "COMMITS_KEPT", 3)
    pinned = lake.open(SILVER, 32)
    keep_up(lake)
    for number in range(35, 40):
        take_in(lake, number)
    done = keep_up(lake)
    assert (done.orphan_files, done.expired_files) == (35, 0)
    assert all(Path(file.removeprefix("file://")).exists() for file in pinned.file_uris())


@pytest.mark.parametrize("has_moved", [True, False])
def test_a_writer_that_slept_while_its_log_was_cleaned_is_refused_only_by_progress(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, *, has_moved: bool
) -> None:
    monkeypatch.setattr(retention, "COMMITS_KEPT", 3)
    asleep, contract = lake.open(SILVER, 5), table(SILVER)
    ours = Progress("p", 5, 6) if has_moved else Progress("another", None, 6)
    clean_log(lake.path(SILVER), WEEK, Needed())
    with FileWriter(lake.path(SILVER)) as writer:
        writer.write(pa.Table.from_pylist([observation(35)], schema=contract.arrow_schema))
        file = writer.finish()
    assert file
    with (
        pytest.raises(WriterConflict, match="expected progress 5, as this run planned, got progress 35")
        if has_moved
        else nullcontext()
    ):
        append_once(asleep, contract, [file], [ours])
    assert held(lake) == list(range(35 if has_moved else 36))


def _empty(commit: Path) -> None:
    commit.write_bytes(b"")


@pytest.mark.parametrize(("breaks", "version"), [(_empty, 33), (_empty, 12), (Path.unlink, 33)])
def test_where_the_log_does_not_say_what_a_version_names_nothing_passes_for_an_orphan(
    lake: Lake, breaks: Callable[[Path], None], version: int
) -> None:
    breaks(listed(lake.path(SILVER)).commits[version])
    aged(lake, {version: 9, 35: 1} if breaks is Path.unlink else {35: 1})
    with pytest.raises(LakeDamaged, match=r"silver\.observations, _delta_log"):
        orphans(lake.path(SILVER), timedelta(days=7), Needed())
