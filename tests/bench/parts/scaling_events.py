"""What more events cost."""

from itertools import pairwise

from pipelines.simulate.farm import Farm
from tests.bench.growth import ENGINES, in_turns, result
from tests.bench.result import Result, Target, surroundings
from tests.bench.stand import Contender, Measured, Stand, counts_differ, take_in

ORDINALS = ("first", "second")

METHOD = """\
As many ChirpStack uplinks of 1,000 devices, both engines, by the whole command's CPU seconds. The largest load is taken
in once, and all three lie compressed at the broker, for the disk's sake."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, events = surroundings(), stand.options.events
    measured = _by_events(stand, [events // 2, events * 2, events * 8])
    return result("events", METHOD, found, measured, targets=_targets(measured))


def _by_events(stand: Stand, sizes: list[int]) -> dict[str, Measured]:
    farms = [
        Farm(size, duplicate_share=0.05, poison_share=0.005, tenant=f"events-{size}", devices=1_000) for size in sizes
    ]
    for farm in farms:
        stand.send(farm, "lz4")
    contenders = [
        Contender(
            f"{engine}/{farm.messages}", f"{farm.messages:,} events, {title}", take_in(engine), counts_differ(farm),
            tenant=farm.tenant, rounds=1 if farm is farms[-1] else None,
        )
        for engine, title in ENGINES.items() for farm in farms
    ]  # fmt: skip
    return in_turns(stand, contenders)


def _targets(measured: dict[str, Measured]) -> tuple[Target, ...]:
    found = []
    for engine, title in ENGINES.items():
        spent = [each.cpu_s for name, each in measured.items() if name.startswith(engine)]
        for step, (before, after) in enumerate(pairwise(spent), start=1):
            what = f"CPU for 4 times the events, {title}, {ORDINALS[step - 1]} step"
            found.append(Target(f"events_{engine}_{step}", what, after / before, 4.2, at_least=False))
    return tuple(found)
