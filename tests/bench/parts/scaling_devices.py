"""What more devices cost, for as many events."""

from pipelines.simulate.farm import Farm
from tests.bench.growth import result
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
    measured = stand.rounds([_contender(farm) for farm in farms])
    for farm in farms:
        stand.forget(farm.tenant)
    spent = [each.cpu_s for each in measured.values()]
    what = "CPU with 100,000 devices, of that with 100"
    target = Target("devices", what, spent[-1] / spent[0], 1.25, at_least=False)
    return result("devices", METHOD.format(each=size), found, measured, targets=(target,), events=size)


def _contender(farm: Farm) -> Contender:
    name, title = f"devices/{farm.devices}", f"{farm.devices:,} devices"
    return Contender(name, title, take_in("embedded"), counts_differ(farm), tenant=farm.tenant)
