"""A gate that stays, beside a lake that grows by a slice at a time: what each slice costs to take in, and to judge."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

from pipelines.gate.results import GateResult, newest
from pipelines.jobs.reference import load_reference
from pipelines.lake.admitted import admitted
from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm, device_ids
from pipelines.stream.broker import ensure_topic
from tests.bench.farm_day import write_reference
from tests.bench.following import following
from tests.bench.load import PARTITIONS, deliver, placed
from tests.bench.process_tree import CommandFailed
from tests.bench.stand import FIELDSTREAM, FOLDER, Contender, Stand, WrongRows, take_in

FIRST = 1_000
"""Uplinks of the slice on which the gate loads what it needs; not measured."""
PACE_S = 30
_TABLE = "silver.observations"
_VALUES = 7
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Judged:
    """A slice: its rows, and the CPU seconds of the command that takes it in, and of the gate until it is judged."""

    engine: str
    uplinks: int
    rows: int
    intake_cpu_s: float
    gate_cpu_s: float

    @property
    def share(self) -> float:
        """The gate's CPU of the intake's."""
        return self.gate_cpu_s / self.intake_cpu_s


def judged(stand: Stand, folder: Path, turns: Sequence[tuple[str, int]]) -> list[Judged]:
    """Take in slices, each by an engine and of so many uplinks, into one lake, and let one gate judge them.

    Raises:
        CommandFailed: The gate does not come to a judgement.
        WrongRows: A slice is not admitted, or not all rows were judged.
    """
    tenant = "gate-stays"
    farm = Farm(FIRST + sum(uplinks for _, uplinks in turns), duplicate_share=0.05, poison_share=0.005, tenant=tenant)
    home, topic, messages = folder / tenant, f"{tenant}.telemetry", placed(farm)
    home.mkdir(parents=True)
    load_reference(stand.for_tenant(tenant, home), *write_reference(device_ids(farm), home))
    ensure_topic(stand.address, topic, PARTITIONS)
    lake, found = Lake(home / "lake" / tenant), []

    def taken_in(engine: str, count: int) -> float:
        deliver(islice(messages, count), stand.address, topic)
        title = f"a slice, {engine}"
        return stand.run_in(Contender(f"slice-{engine}", title, take_in(engine), tenant=tenant), home).cpu_s

    taken_in("embedded", FIRST)
    with _staying(stand, tenant, home) as gate:
        rows = _until_judged(lake).row_count
        for engine, uplinks in turns:
            before = _cpu_s(gate)
            intake_cpu_s = taken_in(engine, uplinks)
            verdict = _until_judged(lake)
            found.append(Judged(engine, uplinks, verdict.row_count, intake_cpu_s, _cpu_s(gate) - before))
    if (judged_rows := rows + sum(each.rows for each in found)) != farm.frames * _VALUES:
        raise WrongRows(f"the gate judged {judged_rows:,} rows of {farm.frames * _VALUES:,}")
    return found


@contextmanager
def _staying(stand: Stand, tenant: str, home: Path) -> "Iterator[subprocess.Popen[bytes]]":
    command = (*FIELDSTREAM, "gate", "follow", _TABLE, "--pace-s", str(PACE_S))
    with following(command, stand.environment(tenant, home), FOLDER / "gate-follow.log") as process:
        yield process


def _until_judged(lake: Lake) -> GateResult:
    deadline = time.monotonic() + _PATIENCE_S
    while admitted(lake, _TABLE).judged_version < lake.version(_TABLE):
        if time.monotonic() > deadline:
            raise CommandFailed(f"no judgement within {_PATIENCE_S:.0f} s, see {FOLDER / 'gate-follow.log'}")
        time.sleep(0.2)
    (verdict,) = newest(lake, _TABLE)
    if verdict.gate_verdict != "admitted":
        raise WrongRows(f"a slice is {verdict.gate_verdict}: {'; '.join(verdict.failed_expectations)}")
    return verdict


def _cpu_s(process: "subprocess.Popen[bytes]") -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system
