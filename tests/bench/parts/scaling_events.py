"""What more events cost."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import mean

from pipelines.simulate.farm import Farm
from tests.bench.growth import ENGINES, result
from tests.bench.process_tree import Usage
from tests.bench.result import Result, Target, surroundings
from tests.bench.stand import Contender, Measured, Stand, counts_differ, take_in

TIMES = 4
STEPS = ("first", "second")

METHOD = """\
As many ChirpStack uplinks of 1,000 devices, both engines, by the whole command's CPU seconds. The largest load takes
minutes, in which a machine that others share changes more than what is to be seen. So each load is taken in beside the
one of a quarter, which is taken in {times} times in a row meanwhile, and a step's figure is the larger's cost over the
mean of the smaller's. All lie compressed at the broker, for the disk's sake."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, events = surroundings(), stand.options.events
    farms = [_farm(size) for size in (events // 2, events * 2, events * 8)]
    for farm in farms:
        stand.send(farm, "lz4")
    usages: dict[str, list[Usage]] = defaultdict(list)
    targets = [
        _target(stand, engine, step, pair, usages)
        for engine in ENGINES
        for step, pair in zip(STEPS, pairwise(farms), strict=True)
    ]
    for farm in farms:
        stand.forget(farm.tenant)
    measured = {name: Measured(name, _title(name), tuple(runs)) for name, runs in usages.items()}
    return result("events", METHOD.format(times=TIMES), found, measured, targets=tuple(targets))


def _target(stand: Stand, engine: str, step: str, farms: tuple[Farm, Farm], usages: dict[str, list[Usage]]) -> Target:
    """Measure a step, and keep what each run of it used by its contender's name."""
    smaller, larger = (_contender(engine, farm) for farm in farms)
    spent, beside = _side_by_side(stand, larger, smaller)
    usages[smaller.name] += beside
    usages[larger.name].append(spent)
    return Target(
        f"events_{engine}_{step}",
        f"CPU for {TIMES} times the events, {ENGINES[engine]}, {step} step",
        spent.cpu_s / mean(each.cpu_s for each in beside),
        4.2,
        at_least=False,
    )


def _farm(size: int) -> Farm:
    return Farm(size, duplicate_share=0.05, poison_share=0.005, tenant=f"events-{size}", devices=1_000)


def _contender(engine: str, farm: Farm) -> Contender:
    name = f"{engine}/{farm.messages}"
    return Contender(name, _title(name), take_in(engine), counts_differ(farm), tenant=farm.tenant)


def _title(name: str) -> str:
    engine, _, messages = name.partition("/")
    return f"{int(messages):,} events, {ENGINES[engine]}"


def _side_by_side(stand: Stand, larger: Contender, smaller: Contender) -> tuple[Usage, list[Usage]]:
    with stand.folder() as folder, ThreadPoolExecutor(1) as pool:
        running = pool.submit(stand.run, larger, folder / "larger")
        beside = [stand.run(smaller, folder / "smaller") for _ in range(TIMES)]
        return running.result(), beside
