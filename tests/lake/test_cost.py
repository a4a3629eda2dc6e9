"""The meter counts the work of this process and of what it starts, and the log keeps it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.lake.cost import Meter, last_costs
from pipelines.lake.tables import Lake
from tests.lakes import observation

BUSY = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


def cpu_s(meter: Meter) -> float:
    return float(meter.read("work")["fieldstream.cpu_s"])


@pytest.mark.parametrize("tells_of_children", [True, False])
def test_work_counts_wherever_in_the_tree_it_is_done_and_waiting_does_not(
    monkeypatch: pytest.MonkeyPatch, tells_of_children: bool
) -> None:
    if not tells_of_children:
        monkeypatch.delattr(os, "waitid")
    meter = Meter()
    time.sleep(0.3)
    assert cpu_s(meter) < 0.2
    assert float(meter.read("work")["fieldstream.wall_s"]) >= 0.3
    exec(BUSY, {})  # noqa: S102 - the same work as below, here
    own = cpu_s(meter)
    assert own >= 0.5
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert cpu_s(meter) >= own + 0.5


def test_a_service_in_its_own_session_does_not_count() -> None:
    program = f"{BUSY}\nprint('done', flush=True)\ntime.sleep(60)"
    meter = Meter()
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == b"done\n"
        assert cpu_s(meter) < 0.3
        service.kill()


def test_the_newest_cost_of_each_subject_is_found_behind_other_commits(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for number, subject in enumerate(["a", "b", "a"]):
        lake.append("silver.observations", [observation(number)], information=Meter().read(subject, rows=number))
    lake.append("silver.observations", [observation(3)])
    costs = last_costs(lake.open("silver.observations"))
    assert {subject: cost["rows"] for subject, cost in costs.items()} == {"a": 2, "b": 1}
    assert all(set(cost) == {"cpu_s", "wall_s", "rows"} for cost in costs.values())
    assert last_costs(lake.open("silver.observations"), within=1) == {}
