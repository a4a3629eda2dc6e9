"""The damage table: what is broken in a lake, what is said of it, and what can still be read."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable, Transaction

from pipelines.contracts.tables import table_names
from pipelines.errors import LakeDamaged
from pipelines.lake.tables import Lake
from pipelines.soundness.damage import require_sound
from pipelines.soundness.examination import examine
from tests.lakes import observation

NAME, RUNS = "silver.observations", "ops.flag_runs"

# Commits 0 to 24, each but the first with one file of ten rows; checkpoints 9 and 19; the flags have read up to 24.
LAST, MIDDLE, CHECKPOINTS, NEWEST = 24, 15, (9, 19), 19


def looked_at(to_version):
    decided_at = datetime(2026, 6, 2, tzinfo=UTC)
    return {
        "flag_run": 1, "from_version": -1, "to_version": to_version, "devices_version": -1, "fields_version": -1,
        "contract_digest": "0" * 64, "row_count": 240, "flags_given": 0, "flags_withdrawn": 0, "decided_at": decided_at,
    }  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    for version in range(1, LAST + 1):
        rows = [observation(10 * version + number) for number in range(10)]
        lake.append(NAME, rows, Transaction("p", 10 * version))
    lake.append(RUNS, [looked_at(LAST)])
    return lake


@pytest.fixture
def lake(sound, tmp_path):
    shutil.copytree(sound.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def places(lake):
    """What can be broken: the file, the one before it, and the one after it, if only by name."""
    log = lake.path(NAME) / "_delta_log"
    files = {version: lake.path(NAME) / data_file(lake, version) for version in (MIDDLE - 1, MIDDLE)}
    return {
        "last commit": [log / f"{version:020}.json" for version in (LAST - 1, LAST, LAST + 1)],
        "middle commit": [log / f"{version:020}.json" for version in (MIDDLE - 1, MIDDLE, MIDDLE + 1)],
        "checkpoint": [log / f"{version:020}.checkpoint.parquet" for version in (*CHECKPOINTS, NEWEST + 1)],
        "_last_checkpoint": [log / "00000000000000000000.json", log / "_last_checkpoint", log / "_last_checkpoint.2"],
        "data file": [files[MIDDLE - 1], files[MIDDLE], lake.path(NAME) / "part-copy.parquet"],
    }


def data_file(lake, version):
    before, after = (set(DeltaTable(lake.path(NAME), version=each).file_uris()) for each in (version - 1, version))
    (path,) = after - before
    return Path(path).name


def truncate(_before, path, _after):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero(_before, path, _after):
    path.write_bytes(b"")


def delete(_before, path, _after):
    path.unlink()


def swap(before, path, _after):
    first, second = before.read_bytes(), path.read_bytes()
    before.write_bytes(second)
    path.write_bytes(first)


def duplicate(_before, path, after):
    shutil.copy(path, after)


# How, what, whether the newest version can be built on, the last good one, and (version, expected, got) of the
# findings. A commit in the middle that a checkpoint covers is a loss for readers of old versions alone.
DAMAGE = [
    (truncate, "last commit", False, 23, [(24, "one JSON object a line", "a last line cut off")]),
    (zero, "last commit", False, 23, [(24, "a commit", "0 bytes that say nothing")]),
    (delete, "last commit", False, 23, [(24, "a commit: ops.flag_runs has read version 24", "none")]),
    (swap, "last commit", False, 22, [(24, "progress of p beyond 240", "230")]),
    (duplicate, "last commit", False, 23, [(25, "progress of p beyond 240", "240"), (25, "no earlier", "version 24")]),
    (truncate, "middle commit", True, 24, [(15, "one JSON object a line", "a last line cut off")]),
    (zero, "middle commit", True, 24, [(15, "a commit", "0 bytes that say nothing")]),
    (delete, "middle commit", True, 24, [(15, "a commit: the log goes on to version 24", "no such file")]),
    (swap, "middle commit", True, 24, [(15, "progress of p beyond 150", "140")]),
    (duplicate, "middle commit", True, 24, [(16, "progress of p beyond 150", "150"), (16, "no earlier", "version 15")]),
    (truncate, "checkpoint", False, 18, [(19, "bytes, as _last_checkpoint says", ""), (19, "whole Parquet file", "")]),
    (zero, "checkpoint", False, 18, [(19, "bytes, as _last_checkpoint says", "0"), (19, "whole Parquet file", "")]),
    (delete, "checkpoint", False, 18, [(19, "a checkpoint of version 19", "no such file")]),
    (swap, "checkpoint", False, 8, [(19, "bytes, as _last_checkpoint says", ""), (9, "9 files", "19, 0 of them"),
                                    (19, "19 files", "9, 10 of them missing")]),
    (duplicate, "checkpoint", False, 19, [(20, "the 20 files", "19, 1 of them missing")]),
    (truncate, "_last_checkpoint", False, 24, [(None, "the version of the newest checkpoint", '{"version":19')]),
    (zero, "_last_checkpoint", False, 24, [(None, "the version of the newest checkpoint", "nothing")]),
    (delete, "_last_checkpoint", True, 24, []),
    (duplicate, "_last_checkpoint", True, 24, []),
    (truncate, "data file", False, 14, [(15, "bytes", "bytes")]),
    (zero, "data file", False, 14, [(15, "bytes", "0 bytes")]),
    (delete, "data file", False, 14, [(15, "bytes", "no such file")]),
    (swap, "data file", False, 13, [(14, "bytes", "bytes"), (15, "bytes", "bytes")]),
    (duplicate, "data file", True, 24, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "what", "is_sound", "last_good", "findings"),
    DAMAGE,
    ids=[f"{how.__name__}-{what}" for how, what, *_ in DAMAGE],
)
def test_damage_is_named_and_nothing_is_built_on_it(lake, how, what, is_sound, last_good, findings):
    before, path, after = places(lake)[what]
    how(before, path, after)

    (found,) = [each for each in examine(lake, table_names(), deep=False) if each.table_name == NAME]
    said = [(each.version, each.expected, each.got) for each in found.damage]
    assert len(said) == len(findings), said
    for (version, expected, got), (about, wanted, seen) in zip(said, findings, strict=True):
        assert (version, wanted in expected, seen in got) == (about, True, True), said
    assert all(each.fix.endswith((".", "anew.")) for each in found.damage)
    assert found.last_good_version == last_good
    assert DeltaTable(lake.path(NAME), version=last_good).to_pyarrow_table().num_rows == 10 * last_good

    if is_sound:
        require_sound(lake, (NAME, RUNS))
        assert lake.read(NAME).num_rows == 10 * LAST
    else:
        with pytest.raises(LakeDamaged, match=r"silver\.observations"):
            require_sound(lake, (NAME, RUNS))


@pytest.mark.parametrize(
    ("said", "instead", "expected", "got"),
    [
        ('numRecords\\":10', 'numRecords\\":11', "rows 11", "10"),
        ('offset\\":150', 'offset\\":151', "least offset 151", "150"),
    ],
)
def test_rows_that_are_not_those_of_the_log_are_found_by_reading_them(lake, said, instead, expected, got):
    commit = lake.path(NAME) / f"_delta_log/{MIDDLE:020}.json"
    commit.write_text(commit.read_text().replace(said, instead, 1))
    for version in CHECKPOINTS:
        lake.path(NAME).joinpath(f"_delta_log/{version:020}.checkpoint.parquet").unlink()
    lake.path(NAME).joinpath("_delta_log/_last_checkpoint").unlink()
    assert [each.damage for each in examine(lake, (NAME,), deep=False)] == [()]
    (found,) = examine(lake, (NAME,), deep=True)
    assert [(each.version, each.expected, each.got) for each in found.damage] == [(MIDDLE, expected, got)]
    assert found.last_good_version == MIDDLE - 1


def test_a_page_that_cannot_be_read_is_found_by_reading_it(lake):
    _, path, _ = places(lake)["data file"]
    content = bytearray(path.read_bytes())
    content[100:160] = bytes(60)
    path.write_bytes(content)
    assert [each.damage for each in examine(lake, (NAME,), deep=False)] == [()]
    (found,) = examine(lake, (NAME,), deep=True)
    assert [(each.file, each.expected) for each in found.damage] == [(path.name, "a Parquet file that can be read")]


def test_what_no_commit_names_is_counted_and_is_no_damage(lake):
    _, path, after = places(lake)["data file"]
    duplicate(None, path, after)
    (found,) = examine(lake, (NAME,), deep=False)
    assert (found.orphan_files, found.orphan_bytes, found.damage) == (1, path.stat().st_size, ())
    assert found.oldest_orphan_h == 0.0
