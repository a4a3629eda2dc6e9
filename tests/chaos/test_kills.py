"""Where runs are killed is decided by seam and seed alone, and every restart has work left to be killed at."""

import pytest

from pipelines.chaos.kills import LEVELLING, PASSES, STREAM, _Kill, idle, scenarios
from pipelines.chaos.site import Done
from pipelines.failpoints import Seam, armed

COMMITS = {Seam.BRONZE_COMMITTED, Seam.SILVER_COMMITTED, Seam.NOTED}
SEEDS = range(1, 21)


@pytest.mark.parametrize("seam", PASSES)
def test_a_plan_begins_at_its_seam_and_leaves_work_for_the_last_restart(seam):
    for seed in SEEDS:
        plan = _Kill(seam)._plan(seed)
        assert len(plan) == 1 + 2 * (seed % 5)
        assert plan[0].startswith(f"{seam}:")
        committed = sum(int(each.rpartition(":")[2]) for each in plan[:-1] if each.rpartition(":")[0] in COMMITS)
        assert committed < PASSES[Seam.PLANNED]
        for each in plan:
            armed(each)


@pytest.mark.parametrize("seam", LEVELLING)
def test_silver_is_left_behind_before_it_can_be_brought_level(seam):
    for seed in SEEDS:
        first, *then = _Kill(seam)._plan(seed)
        assert first.startswith(f"{Seam.BRONZE_COMMITTED}:")
        assert set(then) == {f"{seam}:1"}


def test_the_same_seed_kills_at_the_same_places_and_seeds_differ():
    plans = [_Kill(Seam.CLEANED)._plan(seed) for seed in SEEDS]
    assert plans == [_Kill(Seam.CLEANED)._plan(seed) for seed in SEEDS]
    assert len({tuple(plan) for plan in plans}) > 10


def test_each_seam_of_the_stream_is_a_scenario_without_a_jvm():
    assert {each.name for each in scenarios()} == {f"kill.{seam}" for seam in (*PASSES, *LEVELLING)}
    assert "embedded" in STREAM


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Done(0, "topic  a\nbatches  0\n", ""), []),
        (Done(0, "batches  2\n", ""), ["a run without news wrote: ['batches  2']"]),
        (Done(3, "", "fieldstream: no\n"), ["a run without news ended with 3: fieldstream: no"]),
    ],
)
def test_a_run_without_news_must_write_nothing(done, said):
    assert idle(done) == said
