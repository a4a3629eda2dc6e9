"""The log, read by its protocol: what other readers of Delta see, and what a damaged one is called."""

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from pipelines.chaos.delta_log import Broken, DeltaLog, Files
from pipelines.lake.tables import Lake
from tests.lakes import observation


@pytest.fixture
def folder(tmp_path):
    """Twelve commits, so that there is a checkpoint, and small files joined in the last."""
    lake = Lake(tmp_path)
    for number in range(11):
        lake.append("silver.observations", [observation(number)])
    lake.open("silver.observations").optimize.compact()
    lake.open("silver.observations").create_checkpoint()
    return lake.path("silver.observations")


def test_it_sees_what_delta_rs_sees_at_every_version(folder):
    log = DeltaLog(folder)
    assert log.latest() == 12
    for number in range(13):
        expected = {path.rpartition("/")[2] for path in DeltaTable(str(folder), version=number).file_uris()}
        assert log.at(number).files.keys() == expected
    assert len(Files(folder, log.at(12)).orphans) == 11
    assert Files(folder, log.at(12)).wrong() == []
    assert [log.checkpoint_differs(path) for path in log.checkpoints()] == [None] * len(log.checkpoints())
    assert log.checkpoints()


def test_a_checkpoint_that_contradicts_the_commits_is_named(folder):
    log = DeltaLog(folder)
    log.latest()
    newest = log.checkpoints()[-1]
    rows = pq.read_table(newest)
    pq.write_table(rows.filter([row is None for row in rows["add"].to_pylist()]), newest)
    assert log.checkpoint_differs(newest) == f"{newest.name} names other files than the commits"


def test_no_table_has_no_version(tmp_path):
    assert DeltaLog(tmp_path).latest() == -1


def test_a_missing_commit_and_a_torn_one_are_broken(folder):
    fifth = folder / "_delta_log" / f"{5:020}.json"
    whole = fifth.read_text()
    fifth.write_text(whole[: len(whole) // 2])
    with pytest.raises(Broken, match=r"00005\.json is no JSON"):
        DeltaLog(folder).latest()
    fifth.unlink()
    with pytest.raises(Broken, match=r"00005\.json is missing before 0+12\.json"):
        DeltaLog(folder).latest()
