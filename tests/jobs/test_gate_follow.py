"""A gate that stays: what it judges as it comes, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from pipelines.errors import UsageError
from pipelines.gate.results import results
from pipelines.jobs.gate import gate_follow, gate_status
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from tests.lakes import observation

SILVER, OPERATIONS = "silver.observations", "silver.operations"
COMMAND = "from pipelines.cli import entry; entry()"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_judges_what_comes_until_it_is_told_to_stop(home_settings: Settings) -> None:
    lake = Lake(home_settings.lake)
    environ = {
        **os.environ,
        "FIELDSTREAM_HOME": str(home_settings.home),
        "FIELDSTREAM_TENANT": home_settings.tenant,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", COMMAND, "gate", "follow", SILVER, OPERATIONS, "--pace-s", "1", "--json"]
    gate = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        # Neither table is there when it starts, and one never is. A slice that is held stops nothing.
        lake.create(SILVER)
        wait_for(lambda: len(results(lake, SILVER)) == 1)
        for row in (observation(20), {**observation(21), "value": 0.9}, observation(22)):
            version = lake.append(SILVER, [row])
            wait_for(lambda version=version: results(lake, SILVER)[-1].to_version == version)
    finally:
        gate.send_signal(signal.SIGTERM)
        output, log = gate.communicate(timeout=60)
    assert gate.returncode == 0
    verdicts = [(each.gate_verdict, each.row_count) for each in results(lake, SILVER)]
    assert verdicts == [("admitted", 0), ("admitted", 1), ("held", 1), ("admitted", 1)]
    status, never_there = json.loads(output)["tables"]
    assert (status["judged_version"], never_there["version"]) == (3, -1)
    assert "silver.observations: admitted up to version 1\n" in log
    assert "The gate holds a slice (silver.observations, versions 2 to 2)" in log


def test_a_misspelt_table_is_not_waited_for(home_settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"got silver\.observation\."):
        gate_follow(home_settings, [SILVER, "silver.observation"], threading.Event())


def test_told_to_stop_before_it_began_it_judges_nothing(home_settings: Settings) -> None:
    lake, stop = Lake(home_settings.lake), threading.Event()
    lake.append(SILVER, [observation(20)])
    stop.set()
    assert gate_follow(home_settings, [SILVER], stop) == gate_status(home_settings)
    assert results(lake, SILVER) == []
