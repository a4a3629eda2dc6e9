"""A seeded part of the sweep, on a live broker: about half a minute. `make faults` runs all of it."""

import pytest

from pipelines.chaos.catalogue import scenarios
from pipelines.failpoints import Seam
from pipelines.jobs.chaos import run_faults

# The seams at which tables and process disagree in every way there is; the sweep has all of them.
PART = (
    "kill.stream.cleaned",
    "kill.file.begun",
    "kill.stream.written",
    "kill.stream.silver-committed",
    "kill.level.written",
)


@pytest.mark.broker
def test_killed_at_a_seam_and_again_the_stream_keeps_its_promises(home_settings, kafka_settings):
    report = run_faults(kafka_settings, PART, seeds=1, first_seed=1, scratch=home_settings.home / "scratch")
    assert [(row.fault, row.result, row.breaches) for row in report.matrix.rows] == [
        (name, "held", ()) for name in PART
    ]
    assert report.matrix.injections >= 2 * len(PART)
    # Somebody looked at the tables all the while.
    assert all(row.looks > 5 for row in report.matrix.rows)


@pytest.mark.broker
@pytest.mark.parametrize(
    ("mutant", "fault", "breach"),
    [
        ("silver-first", "kill.stream.bronze-committed", "silver is ahead of bronze"),
        ("refreshed-snapshot", "writers.frozen.stream.written", "the second writer was not refused"),
        ("no-check", "writers.frozen.stream.written", "the second writer was not refused"),
    ],
)
def test_a_planted_bug_is_found(home_settings, kafka_settings, mutant, fault, breach):
    warm = ("-P", "-m", "tests.chaos.mutants", mutant)
    report = run_faults(
        kafka_settings, [fault], seeds=1, first_seed=1, scratch=home_settings.home / "scratch", warm=warm
    )
    (row,) = report.matrix.rows
    assert (row.result, row.seed) == ("broken", 1)
    assert any(breach in each for each in row.breaches)
    if mutant != "silver-first":
        assert any(each.startswith("offsets more than once in bronze") for each in row.breaches)


def test_every_seam_has_a_scenario_that_kills_there():
    killed = {each.name.removeprefix("kill.") for each in scenarios()}
    assert set(Seam) - killed == set()
