"""A replay as the command shows it."""

from dataclasses import replace

import pytest

from pipelines.errors import ServiceUnreachable, UsageError
from pipelines.jobs.maintain import lock_file, maintain
from pipelines.jobs.replay import ReplayReport, replay
from pipelines.lake.maintenance import alone
from pipelines.lake.tables import Lake
from pipelines.replay.scope import Scope
from pipelines.stream import clean
from tests.stream.test_batch import readings, take_in
from tests.uplinks import Topic
from tests.yesterday import YesterdaysBatch, odd


@pytest.fixture
def settings(home_settings, monkeypatch):
    """Of two records, yesterday could not read the second."""
    settings = replace(home_settings, tenant="acme")
    with monkeypatch.context() as patch:
        patch.setattr(clean, "Batch", YesterdaysBatch)
        take_in(Lake(settings.lake), Topic([[*readings(1), odd(1)]]))
    return settings


WOULD_BE = {
    "records_read": 2, "verdicts_changed": 1, "newly_quarantined": 0, "observations_unchanged": 1,
    "observations_changed": 0, "observations_new": 1, "observations_gone": 0,
}  # fmt: skip


def test_a_rehearsal_then_the_replay_then_nothing(settings):
    assert replay(settings, Scope(), dry_run=True) == ReplayReport(applied=False, changed=False, **WOULD_BE)
    done = replay(settings, Scope(), reason="seconds are read now", replayed_by="maria")
    assert done == ReplayReport(applied=True, changed=True, **WOULD_BE, slices_changed=1)
    again = replay(settings, Scope(), reason="once more")
    assert (again.changed, again.observations_unchanged) == (False, 2)
    rows = Lake(settings.lake).read("ops.replays").to_pylist()
    assert {(row["replay_reason"], row["replayed_by"]) for row in rows} == {("seconds are read now", "maria")}


def test_one_replays_at_a_time_and_keeps_maintenance_out_for_a_slice_alone(settings):
    with (
        alone(lock_file(settings, "replay"), "replay"),
        pytest.raises(ServiceUnreachable, match="Replay is under way"),
    ):
        replay(settings, Scope(), reason="why")
    assert replay(settings, Scope(), reason="why").changed
    assert maintain(settings, apply=True).applied


@pytest.mark.parametrize("reason", [None, " "])
def test_nothing_is_replayed_without_a_reason(settings, reason):
    with pytest.raises(UsageError, match=r"not begun without a reason.*--dry-run"):
        replay(settings, Scope(), reason=reason)


def test_without_a_lake_nothing_is_made(home_settings):
    with pytest.raises(UsageError, match="There is no lake here"):
        replay(home_settings, Scope(), dry_run=True)
    assert not home_settings.lake.exists()
