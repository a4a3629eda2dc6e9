"""The gate, as a share of what it costs to take in the rows that it judges."""

from dataclasses import asdict
from pathlib import Path

from pipelines.jobs.reference import load_reference
from pipelines.simulate.farm import Farm, device_ids
from tests.bench.farm_day import write_reference
from tests.bench.process_tree import Usage
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, Contender, Stand, counts_differ, take_in

FEW = 1_000
METHOD = """\
{events:,} uplinks of {devices:,} known devices are taken in by either engine, each into a lake of its own; then the
gate judges all that is new in silver.observations. It also judges {few:,} uplinks in a lake of their own: what a
judgement costs whatever it judges. All are whole commands."""
GATE = (*FIELDSTREAM, "gate", "run", "silver.observations")
TITLES = {
    "embedded": "taking in, embedded",
    "spark": "taking in, Spark",
    "gate": "the gate",
    "gate_few": f"the gate, {FEW:,} uplinks",
}


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    farm = Farm(stand.options.events // 2, duplicate_share=0.05, poison_share=0.005, tenant="gate")
    few = Farm(FEW, duplicate_share=0.05, poison_share=0.005, tenant="gate-few")
    costs: dict[str, list[Usage]] = {name: [] for name in TITLES}
    with stand.folder() as folder:
        for turn in range(stand.options.repeats):
            for engine in ("embedded", "spark"):
                costs[engine].append(_taken_in(stand, farm, engine, folder / f"{engine}-{turn}"))
            costs["gate"].append(_judged(stand, farm, folder / f"spark-{turn}"))
            _taken_in(stand, few, "embedded", folder / f"few-{turn}")
            costs["gate_few"].append(_judged(stand, few, folder / f"few-{turn}"))
    cheapest = {name: min(usage.cpu_s for usage in usages) for name, usages in costs.items()}
    rows = tuple(
        (title, f"{cheapest[name]:.1f}", f"{min(usage.wall_s for usage in costs[name]):.1f}")
        for name, title in TITLES.items()
    )
    return Result(
        "gate",
        "The gate",
        METHOD.format(events=farm.messages, devices=farm.devices, few=FEW),
        found,
        (Table("Cost", ("", "CPU s", "wall s"), rows),),
        tuple(
            Target(
                f"gate_{engine}",
                f"CPU of the gate, of taking in the same rows with {title}",
                cheapest["gate"] / cheapest[engine],
                0.15,
                at_least=False,
            )
            for engine, title in (("embedded", "the embedded engine"), ("spark", "Spark"))
        ),
        measured={name: [asdict(usage) for usage in usages] for name, usages in costs.items()},
    )


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
