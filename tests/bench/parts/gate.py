"""The gate, as a share of what it costs to take in the rows that it judges."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median

from pipelines.jobs.reference import load_reference
from pipelines.simulate.farm import Farm, device_ids
from tests.bench.farm_day import write_reference
from tests.bench.process_tree import Usage
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, Contender, Stand, counts_differ, take_in
from tests.bench.staying_gate import PACE_S, Judged, judged_slices

MOST = 0.15
"""Of what taking in the same rows costs."""
FEW = 1_000
SLICE = 38_000
"""Uplinks whose values are 250,000 rows."""
METHOD = """\
{events:,} uplinks of {devices:,} known devices are taken in by either engine, each into a lake of its own; then the
gate judges all that is new in silver.observations. It also judges {few:,} uplinks in a lake of their own: what a
judgement costs whatever it judges. All are whole commands.

Then a gate stays (`gate follow --pace-s {pace_s}`) beside a lake that both engines take slices into, in turn, each as a
whole command: slices of {uplinks:,} uplinks, then of as many as above. Its cost for a slice is what its process uses
from before the slice is taken in until it is judged; the first judgement, for which it loads everything, is not among
them. A share is the median over the slices."""
GATE = (*FIELDSTREAM, "gate", "run", "silver.observations")
ENGINES = {"embedded": "the embedded engine", "spark": "Spark"}
TITLES = {
    "embedded": "taking in, embedded",
    "spark": "taking in, Spark",
    "gate": "the gate",
    "gate_few": f"the gate, {FEW:,} uplinks",
}


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    uplinks = min(SLICE, stand.options.events // 2)
    farm = Farm(stand.options.events // 2, duplicate_share=0.05, poison_share=0.005, tenant="gate")
    with stand.folder() as folder:
        costs = _commands(stand, farm, folder)
        turns = [(engine, size) for size in (uplinks, farm.messages) for engine in ENGINES] * stand.options.repeats
        slices = judged_slices(stand, folder, turns)
    return Result(
        "gate",
        "The gate",
        METHOD.format(events=farm.messages, devices=farm.devices, few=FEW, pace_s=PACE_S, uplinks=uplinks),
        found,
        (_table(costs), _slices_table(slices)),
        (*_targets(costs), *_slices_targets(slices)),
        measured={name: [asdict(usage) for usage in usages] for name, usages in costs.items()}
        | {"slices": [asdict(slice_) for slice_ in slices]},
    )


def _commands(stand: Stand, farm: Farm, folder: Path) -> dict[str, list[Usage]]:
    few = Farm(FEW, duplicate_share=0.05, poison_share=0.005, tenant="gate-few")
    costs: dict[str, list[Usage]] = {name: [] for name in TITLES}
    for turn in range(stand.options.repeats):
        for engine in ENGINES:
            costs[engine].append(_taken_in(stand, farm, engine, folder / f"{engine}-{turn}"))
        costs["gate"].append(_judged(stand, farm, folder / f"spark-{turn}"))
        _taken_in(stand, few, "embedded", folder / f"few-{turn}")
        costs["gate_few"].append(_judged(stand, few, folder / f"few-{turn}"))
    return costs


def _cheapest(costs: dict[str, list[Usage]], name: str) -> float:
    return min(usage.cpu_s for usage in costs[name])


def _table(costs: dict[str, list[Usage]]) -> Table:
    rows = tuple(
        (title, f"{_cheapest(costs, name):.1f}", f"{min(usage.wall_s for usage in costs[name]):.1f}")
        for name, title in TITLES.items()
    )
    return Table("Cost", ("", "CPU s", "wall s"), rows)


def _targets(costs: dict[str, list[Usage]]) -> Iterator[Target]:
    for engine, title in ENGINES.items():
        what = f"CPU of the gate, of taking in the same rows with {title}"
        share = _cheapest(costs, "gate") / _cheapest(costs, engine)
        yield Target(f"gate_{engine}", what, share, MOST, at_least=False)


def _by_size(slices: list[Judged]) -> dict[tuple[int, str], list[Judged]]:
    alike: dict[tuple[int, str], list[Judged]] = {}
    for each in sorted(slices, key=lambda slice_: slice_.uplinks):
        alike.setdefault((each.uplinks, each.engine), []).append(each)
    return alike


def _slices_table(slices: list[Judged]) -> Table:
    rows = []
    for (_, engine), alike in _by_size(slices).items():
        seconds = (median(getattr(each, name) for each in alike) for name in ("intake_cpu_s", "gate_cpu_s"))
        counted = min(each.rows for each in alike)
        rows.append((TITLES[engine], f"{counted:,}", *(f"{each:.2f}" for each in seconds)))
    return Table("Slices of a gate that stays", ("", "rows, at least", "CPU s of it", "CPU s of the gate"), tuple(rows))


def _slices_targets(slices: list[Judged]) -> Iterator[Target]:
    fewest = min(each.uplinks for each in slices)
    for (uplinks, engine), alike in _by_size(slices).items():
        rows, name = ("250,000 rows", "gate_stays") if uplinks == fewest else ("all the rows", "gate_stays_many")
        what = f"CPU of a gate that stays, for {rows}, of taking them in with {ENGINES[engine]}"
        yield Target(f"{name}_{engine}", what, median(each.share for each in alike), MOST, at_least=False)


def _taken_in(stand: Stand, farm: Farm, engine: str, home: Path) -> Usage:
    stand.send(farm)
    contender = Contender(
        f"gate-{engine}",
        f"taking in, {engine}",
        take_in(engine),
        counts_differ(farm),
        farm.tenant,
        prepare=lambda there: load_reference(
            stand.for_tenant(farm.tenant, there), *write_reference(device_ids(farm), there)
        ),
    )
    return stand.run(contender, home)


def _judged(stand: Stand, farm: Farm, home: Path) -> Usage:
    return stand.run_in(Contender("gate", "gate", lambda _: GATE, tenant=farm.tenant), home)
