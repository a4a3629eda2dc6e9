"""The gate, as a share of what it costs to take in the rows that it judges."""

from dataclasses import asdict
from pathlib import Path

from pipelines.jobs.reference import load_reference
from pipelines.simulate.farm import Farm, device_ids
from tests.bench.farm_day import write_reference
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, Contender, Stand, counts_differ, take_in

METHOD = """\
{events:,} uplinks of {devices:,} known devices are taken in by either engine, each into a lake of its own; then the
gate judges all that is new in silver.observations. Both are whole commands."""


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    farm = Farm(stand.options.events // 2, duplicate_share=0.05, poison_share=0.005, tenant="gate")
    stand.send(farm)
    costs = {name: [] for name in ("embedded", "spark", "gate")}
    with stand.folder() as folder:
        for turn in range(stand.options.repeats):
            for engine in ("embedded", "spark"):
                home = folder / f"{engine}-{turn}"
                taken = Contender(
                    f"gate-{engine}",
                    f"taking in, {engine}",
                    take_in(engine),
                    counts_differ(farm),
                    farm.tenant,
                    prepare=lambda there: _know_devices(stand, farm, there),
                )
                costs[engine].append(stand.run(taken, home))
            gate = (*FIELDSTREAM, "gate", "run", "silver.observations")
            judged = Contender("gate", "gate", lambda _, command=gate: command, tenant=farm.tenant)
            costs["gate"].append(stand.run_in(judged, home))
    cheapest = {name: min(usage.cpu_s for usage in usages) for name, usages in costs.items()}
    rows = tuple(
        (title, f"{cheapest[name]:.1f}", f"{min(usage.wall_s for usage in costs[name]):.1f}")
        for name, title in (("embedded", "taking in, embedded"), ("spark", "taking in, Spark"), ("gate", "the gate"))
    )
    return Result(
        "gate",
        "The gate",
        METHOD.format(events=farm.messages, devices=farm.devices),
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


def _know_devices(stand: Stand, farm: Farm, home: Path) -> None:
    load_reference(stand.for_tenant(farm.tenant, home), *write_reference(device_ids(farm), home))
