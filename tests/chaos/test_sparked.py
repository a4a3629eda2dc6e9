"""What is killed in Spark: each seam of gold, scores and training, and both while they write."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from pipelines.chaos.site import Process
from pipelines.chaos.sparked import gone, scenarios
from pipelines.failpoints import Seam


def test_gold_and_scores_are_killed_before_within_and_after_their_commit() -> None:
    names = {each.name for each in scenarios()}
    seams = (Seam.GOLD_PLANNED, Seam.GOLD_COMMITTED, Seam.SCORES_PLANNED, Seam.SCORES_WRITTEN, Seam.SCORES_COMMITTED)
    assert names >= {f"kill.{seam}" for seam in seams}
    assert names >= {"kill.gold.writing", "kill.scores.writing", "kill.spark.worker", "kill.spark.driver"}
    assert {each.engine for each in scenarios()} == {"spark"}


def test_a_restart_waits_until_what_the_killed_one_started_is_gone() -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1)'])"
    parent = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    parent.wait()
    gone(Process(parent.pid, Path("run"), parent))
    alive = [each for each in psutil.process_iter() if _is_of(parent.pid, each)]
    assert alive == []


def _is_of(group: int, process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False
