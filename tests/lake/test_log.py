import pytest

from pipelines.lake.log import Unreadable, checkpoint_actions, commit_actions, commit_time_ms, listed
from pipelines.lake.tables import Lake
from tests.lakes import observation

NAME = "silver.observations"
ADDED = '{"add":{"path":"a"}}'


def says(said):
    return f'{{"commitInfo":{{"timestamp":1780000000000,"operationMetrics":{{"num_added_files":{said}}}}}}}\n'


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "0 bytes that say nothing"),
        (bytes(512), "512 bytes that say nothing"),
        (b'{"txn":{"appId":"a","version":1}}\n{"add":{"pa', "a last line cut off"),
        (b'{"txn":\xff}\n{"add":{"path":"a"}}', "a line 1 that is garbled"),
        (b'["add"]', 'line 1: ["add"]'),
        ((says(2) + ADDED).encode(), "1"),
        (('{"commitInfo":{"file_and_transaction_actions":"2"}}\n' + ADDED).encode(), "1"),
    ],
)
def test_a_commit_that_does_not_say_what_it_did(tmp_path, content, got):
    commit = tmp_path / "00000000000000000000.json"
    commit.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        commit_actions(commit)
    assert caught.value.got.startswith(got)


def test_a_commit_is_as_old_as_it_says_and_else_as_its_file(tmp_path):
    commit = tmp_path / "00000000000000000000.json"
    commit.write_text(says(1) + ADDED)
    assert (len(commit_actions(commit)), commit_time_ms(commit)) == (2, 1780000000000)
    commit.write_bytes(b"")
    assert commit_time_ms(commit) == int(commit.stat().st_mtime * 1000)


def test_a_log_is_told_by_its_files(tmp_path):
    lake = Lake(tmp_path)
    assert (listed(lake.path(NAME)).latest, listed(lake.path(NAME)).hint()) == (-1, None)
    for number in range(11):
        lake.append(NAME, [observation(number)])
    log = listed(lake.path(NAME))
    ((version, parts),) = log.checkpoints.items()
    assert (sorted(log.commits), version) == (list(range(12)), 9)
    assert log.hint() == (9, parts[0].stat().st_size)
    kinds = [kind for action in checkpoint_actions(parts) for kind in action]
    assert sorted(kinds) == ["add"] * 9 + ["metaData"]


def test_a_checkpoint_of_which_a_part_is_missing(tmp_path):
    part = tmp_path / "_delta_log" / "00000000000000000009.checkpoint.0000000001.0000000002.parquet"
    part.parent.mkdir()
    part.touch()
    (parts,) = listed(tmp_path).checkpoints.values()
    with pytest.raises(Unreadable, match="expected 2 parts, got 1"):
        checkpoint_actions(parts)
