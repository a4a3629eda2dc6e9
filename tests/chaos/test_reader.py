"""The reader that looks on: silent while versions are whole, and not when one is not."""

import pyarrow.parquet as pq
import pytest

from pipelines.chaos.checker import BRONZE, SILVER
from pipelines.chaos.reader import Reader
from pipelines.chaos.site import steps_of
from tests.chaos.lakes import change, commit, double, latest, lose


@pytest.fixture
def reader(lake, sent, tmp_path):
    pq.write_table(steps_of(sent), tmp_path / "steps.parquet")
    return Reader(lake, tmp_path / "steps.parquet")


def test_whole_versions_are_passed_over_in_silence(reader):
    for _ in range(12):
        reader.look()
    assert (reader.looks, list(reader.breaches)) == (12, [])


def test_a_lake_that_is_not_there_yet_is_no_breach(tmp_path, sent):
    pq.write_table(steps_of(sent), tmp_path / "steps.parquet")
    reader = Reader(tmp_path / "nowhere", tmp_path / "steps.parquet")
    reader.look()
    assert (reader.looks, list(reader.breaches)) == (0, [])


@pytest.mark.parametrize(
    ("table", "spoil", "sentence"),
    [
        (BRONZE, lose, "bronze version"),
        (SILVER, lose, "were meant up to offset"),
        (SILVER, double, "were meant up to offset"),
        (SILVER, lambda folder: change(folder, lambda rows: rows.slice(1)), "were meant up to offset"),
        (
            BRONZE,
            lambda folder: commit(folder, {"txn": {"appId": "telemetry/north.telemetry/0", "version": 1}}),
            "silver is ahead of bronze in ['telemetry/north.telemetry/0']",
        ),
        (SILVER, lambda folder: next(folder.glob("part-*")).unlink(), "a reader met"),
    ],
)
def test_half_a_batch_is_seen(reader, lake, table, spoil, sentence):
    reader.look()
    spoil(lake / table)
    for _ in range(10):
        reader.look()
    assert any(sentence in each for each in reader.breaches), list(reader.breaches)


def test_a_version_that_changes_is_seen(reader, lake):
    reader.look()
    for path in (lake / BRONZE).glob("part-*"):
        pq.write_table(pq.read_table(path).slice(1), path)
    for _ in range(10):
        reader.look()
    assert any(f"events version {latest(lake / BRONZE)} changed from" in each for each in reader.breaches)
