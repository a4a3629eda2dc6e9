"""What more devices cost, for as many events."""

from dataclasses import asdict

from pipelines.simulate.farm import Farm
from tests.bench.growth import chart, costs, in_turns
from tests.bench.result import Result, Target, surroundings
from tests.bench.stand import Contender, Stand, counts_differ, take_in

DEVICES = (100, 1_000, 10_000, 100_000)

METHOD = "{each:,} uplinks of as many devices, by the embedded engine."


def run(stand: Stand) -> Result:
    """Measure."""
    found, size = surroundings(), stand.options.events // 2
    farms = [Farm(size, devices=devices, tenant=f"devices-{devices}") for devices in DEVICES]
    for farm in farms:
        stand.send(farm)
    measured = in_turns(stand, [_contender(farm) for farm in farms])
    spent = [each.cpu_s for each in measured.values()]
    return Result(
        "scaling_devices",
        "Scaling: devices",
        METHOD.format(each=size),
        found,
        (costs("By devices", measured, size),),
        (Target("devices", "CPU with 100,000 devices, of that with 100", spent[-1] / spent[0], 1.25, at_least=False),),
        (chart("devices", measured),),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()},
    )


def _contender(farm: Farm) -> Contender:
    name, title = f"devices/{farm.devices}", f"{farm.devices:,} devices"
    return Contender(name, title, take_in("embedded"), counts_differ(farm), tenant=farm.tenant)
