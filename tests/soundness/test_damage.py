"""What one table's log tells of another whose end is missing. Damage of every kind: test_examination.py."""

import pytest
from deltalake import Transaction

from pipelines.errors import LakeDamaged
from pipelines.lake.tables import Lake
from pipelines.soundness import damage
from pipelines.soundness.damage import require_sound
from tests.lakes import observation

BRONZE, SILVER, RUNS, DEVICES = "bronze.events", "silver.observations", "ops.flag_runs", "reference.devices"


def event(offset):
    shared = {name: observation(offset)[name] for name in ("tenant_id", "topic", "partition", "offset", "ingest_time")}
    return shared | {"kafka_time": shared["ingest_time"], "format": "unknown", "verdict": "quarantined", "reasons": []}


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    for offset in range(3):
        lake.append(BRONZE, [event(offset)], Transaction("telemetry/demo.telemetry/0", offset + 1))
        lake.append(SILVER, [observation(offset)], Transaction("telemetry/demo.telemetry/0", offset + 1))
    return lake


def lose(lake, name, version):
    lake.path(name).joinpath(f"_delta_log/{version:020}.json").unlink()


def test_a_lake_as_it_was_written_passes_and_so_does_one_that_is_not_there(lake, tmp_path):
    require_sound(lake, (BRONZE, SILVER, DEVICES))
    require_sound(Lake(tmp_path / "nowhere"), (BRONZE, SILVER))


def test_bronze_that_has_lost_what_silver_has_seen(lake):
    lose(lake, BRONZE, 3)
    said = r"bronze\.events, _delta_log/0+3\.json.*observations has taken telemetry/demo.telemetry/0 to 3, got none"
    with pytest.raises(LakeDamaged, match=said):
        require_sound(lake, (BRONZE, SILVER))


def test_silver_behind_bronze_is_a_batch_cut_short_and_no_damage(lake):
    lose(lake, SILVER, 3)
    require_sound(lake, (BRONZE, SILVER))


@pytest.mark.parametrize("names", [(BRONZE, SILVER), (SILVER, BRONZE)])
def test_what_a_stream_commits_meanwhile_is_not_lost(lake, monkeypatch, names):
    play, offsets = damage.play, iter(range(3, 20))

    def beside_a_stream(*place, **how):
        played = play(*place, **how)
        offset = next(offsets)
        for name, row in ((BRONZE, event(offset)), (SILVER, observation(offset))):
            lake.append(name, [row], Transaction("telemetry/demo.telemetry/0", offset + 1))
        lake.append(RUNS, [flag_run(to_version=lake.version(SILVER))])
        return played

    monkeypatch.setattr(damage, "play", beside_a_stream)
    require_sound(lake, names)


def test_a_checkpoint_written_after_the_log_was_listed_is_not_missed(lake, monkeypatch):
    def beside_a_stream(folder):
        log = listed(folder)
        lake.append(SILVER, [observation(9)])
        lake.open(SILVER).create_checkpoint()
        return log

    listed = damage.listed
    lake.open(SILVER).create_checkpoint()
    monkeypatch.setattr(damage, "listed", beside_a_stream)
    assert damage.play(lake, SILVER, whole=False).damage == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_log_cleaned_meanwhile_is_looked_at_anew(lake, monkeypatch, whole):
    def beside_maintenance(path):
        if lake.path(SILVER).joinpath(f"_delta_log/{2:020}.json").exists():
            lake.open(SILVER).create_checkpoint()
            for version in range(3):
                lose(lake, SILVER, version)
        return commit_actions(path)

    commit_actions = damage.commit_actions
    monkeypatch.setattr(damage, "commit_actions", beside_maintenance)
    played = damage.play(lake, SILVER, whole=whole)
    assert (played.damage, played.state.version) == ([], 3)


def test_a_commit_that_is_listed_and_not_there_is_no_reason_to_look_for_ever(lake):
    lose(lake, SILVER, 2)
    lake.path(SILVER).joinpath(f"_delta_log/{2:020}.json").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        damage.play(lake, SILVER, whole=True)


def test_a_table_that_has_lost_what_another_says_it_has_read(lake):
    lake.append(RUNS, [flag_run(to_version=3)])
    require_sound(lake, (SILVER,))
    lose(lake, SILVER, 3)
    with pytest.raises(LakeDamaged, match=r"a commit: ops\.flag_runs has read version 3, got none"):
        require_sound(lake, (SILVER,))


def flag_run(to_version):
    noted = {"flag_run": 1, "from_version": -1, "to_version": to_version, "devices_version": -1, "fields_version": -1}
    counted = {"row_count": 3, "flags_given": 0, "flags_withdrawn": 0}
    return noted | counted | {"contract_digest": "0" * 64, "decided_at": observation(0)["ingest_time"]}


def test_data_files_without_a_log(lake):
    for commit in lake.path(SILVER).joinpath("_delta_log").iterdir():
        commit.unlink()
    with pytest.raises(LakeDamaged, match="the table's log, got nothing beside its data files"):
        require_sound(lake, (SILVER,))
