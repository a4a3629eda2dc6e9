"""A gate that stays, beside a lake that grows by a slice at a time: what each slice costs to take in, and to judge."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

from pipelines.gate.results import results
from pipelines.jobs.reference import load_reference
from pipelines.lake.admitted import NEVER, admitted
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


def judged_slices(stand: Stand, folder: Path, turns: Sequence[tuple[str, int]]) -> list[Judged]:
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
    command, log = (*FIELDSTREAM, "gate", "follow", _TABLE, "--pace-s", str(PACE_S)), FOLDER / "gate-follow.log"
    with following(command, stand.environment(tenant, home), log) as gate:
        rows = _rows_judged(lake, NEVER)
        for engine, uplinks in turns:
            before, version = _cpu_s(gate), lake.version(_TABLE)
            intake_cpu_s = taken_in(engine, uplinks)
            counted = _rows_judged(lake, version)
            found.append(Judged(engine, uplinks, counted, intake_cpu_s, _cpu_s(gate) - before))
    if (judged_rows := rows + sum(each.rows for each in found)) != farm.frames * _VALUES:
        raise WrongRows(f"the gate judged {judged_rows:,} rows of {farm.frames * _VALUES:,}")
    return found


def _rows_judged(lake: Lake, since_version: int) -> int:
    """Wait until all is judged, and count the rows; where an intake takes longer than the pace, it is in pieces."""
    deadline = time.monotonic() + _PATIENCE_S
    while admitted(lake, _TABLE).judged_version < lake.version(_TABLE):
        if time.monotonic() > deadline:
            raise CommandFailed(f"no judgement within {_PATIENCE_S:.0f} s, see {FOLDER / 'gate-follow.log'}")
        time.sleep(0.2)
    verdicts = [each for each in results(lake, _TABLE) if each.from_version >= since_version]
    for each in verdicts:
        if each.gate_verdict != "admitted":
            raise WrongRows(f"a slice is {each.gate_verdict}: {'; '.join(each.failed_expectations)}")
    return sum(each.row_count for each in verdicts)


def _cpu_s(process: "subprocess.Popen[bytes]") -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system
