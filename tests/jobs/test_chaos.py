"""A seeded part of the sweep on a live broker, and planted bugs that it must find; `make faults` runs all of it."""

from dataclasses import replace

import pytest

from pipelines.errors import UsageError
from pipelines.jobs.chaos import list_faults, run_faults

# A worker within the kernel, silver behind bronze, and two writers: the mutants below are killed at the rest.
PART = ("kill.stream.cleaned", "kill.level.written", "writers.frozen.stream.bronze-committed")


@pytest.fixture
def settings(home_settings, broker):
    """Settings that name the suite's broker, so that a sweep starts none of its own."""
    return replace(home_settings, kafka=broker.address, cores=1)


@pytest.mark.broker
def test_killed_at_a_seam_and_again_or_replaced_a_stream_keeps_its_promises(settings):
    report = run_faults(settings, PART, seeds=1, first_seed=1, scratch=settings.home / "scratch")
    assert [(row.fault, row.result, row.breaches) for row in report.matrix.rows] == [
        (name, "held", ()) for name in PART
    ]
    # Seed 1 kills the first run and two restarts; silver's levelling once more, for it has to be behind first.
    assert [row.injections for row in report.matrix.rows] == [3, 4, 1]
    # Somebody looked at the tables all the while.
    assert all(row.looks for row in report.matrix.rows)


@pytest.mark.broker
@pytest.mark.parametrize(
    ("mutant", "fault", "sentences"),
    [
        ("silver-first", "kill.stream.bronze-committed", ["silver is ahead of bronze"]),
        (
            "refreshed-snapshot",
            "writers.frozen.stream.written",
            ["the second writer was not refused", "offsets more than once in bronze"],
        ),
        (
            "no-check",
            "writers.frozen.stream.written",
            ["the second writer was not refused", "offsets more than once in bronze"],
        ),
    ],
)
def test_a_planted_bug_is_found_and_the_seed_named(settings, mutant, fault, sentences):
    warm = ("-P", "-m", "tests.chaos.mutants", mutant)
    report = run_faults(settings, [fault], seeds=1, first_seed=5, scratch=settings.home / "scratch", warm=warm)
    (row,) = report.matrix.rows
    assert (row.result, row.seed) == ("broken", 5)
    assert [each for each in sentences if not any(each in breach for breach in row.breaches)] == []


def test_a_pattern_names_a_family_and_a_fault_that_is_not_there_is_refused(home_settings):
    names = [each.fault for each in list_faults()]
    assert "kill.gold.committed" in names
    assert {each.engine for each in list_faults("spark")} == {"spark"}
    with pytest.raises(UsageError, match="There is no such fault"):
        run_faults(home_settings, ["kill.stream.nowhere"])
