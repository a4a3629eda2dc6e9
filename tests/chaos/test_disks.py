"""Spoiled files on a live lake: two seeds of the scenario, and a doctor that sees nothing is found out."""

from dataclasses import replace

import pytest

from pipelines.chaos import disks
from pipelines.chaos.site import Done
from pipelines.jobs.chaos import run_faults


@pytest.mark.broker
def test_what_is_spoiled_is_named_refused_and_mended(home_settings, broker):
    settings = replace(home_settings, kafka=broker.address)
    report = run_faults(settings, ["disk.damage"], seeds=2, scratch=home_settings.home / "scratch")
    assert [(row.fault, row.injections, row.breaches) for row in report.matrix.rows] == [("disk.damage", 2, ())]


@pytest.mark.parametrize(
    ("done", "is_refused"),
    [
        (Done(3, "", "fieldstream: The lake is damaged (...). ...\n"), True),
        (Done(3, "", "took in 5 records\nfieldstream: The lake is damaged (...). ...\n"), True),
        (Done(0, "", ""), False),
        (Done(1, "", "Traceback (most recent call last):\n"), False),
        (Done(4, "", "fieldstream: The disk is full (...). ...\n"), False),
    ],
)
def test_a_refusal_is_one_sentence_and_its_exit_code(done, is_refused):
    assert (disks._refused(done, 3) == []) == is_refused


def test_the_last_commit_of_silver_is_no_victim(lake):
    log = sorted((lake / disks.SILVER / "_delta_log").glob("*.json"))
    assert log[-1] not in disks._victims(lake)
    assert len(disks._victims(lake)) == 4
