"""What more of something costs: more events, more devices, more commits before, more executors."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

from pipelines.simulate.farm import Farm
from tests.bench.cluster import standalone
from tests.bench.load import deliver, placed
from tests.bench.result import Chart, Result, Table, Target, surroundings
from tests.bench.stand import FOLDER, Contender, Measured, Stand, counts_differ, program, take_in

DEVICES = (100, 1_000, 10_000, 100_000)
COMMITS = (10, 100, 1_000)
EXECUTORS = (1, 2)
ORDINALS = ("first", "second")
ENGINES = {"embedded": "embedded engine", "spark": "Spark engine"}

METHOD = """\
Events: as many ChirpStack uplinks of 1,000 devices, both engines, by the whole command's CPU seconds; the largest load
is taken in once, and all three lie compressed at the broker, for the disk's sake. Devices: {each:,} uplinks of as many
devices, by the embedded engine. Commits: {prelude:,} uplinks taken in before in so many commits, without maintenance;
then as many more at once, by the embedded engine: what is measured begins with a process that has to read the log.
Executors: {each:,} uplinks, Spark standalone on loopback, a master, and workers of one core each; the wall time is
taken from the first batch on, in a session whose executors are there."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, events = surroundings(), stand.options.events
    by_events = _by_events(stand, [events // 2, events * 2, events * 8])
    by_devices = _by_devices(stand, events // 2)
    by_commits = _by_commits(stand, events // 10)
    by_executors = _by_executors(stand, events // 2)
    measured = {**by_events, **by_devices, **by_commits}
    return Result(
        "scaling",
        "Scaling",
        METHOD.format(each=events // 2, prelude=events // 10),
        found,
        (
            _costs("By events", _numbers(by_events), by_events),
            _costs("By devices", _numbers(by_devices), by_devices, events // 2),
            _costs("By commits before", _numbers(by_commits), by_commits, events // 10),
            _executor_table(by_executors),
        ),
        _targets(by_events, by_devices, by_commits, by_executors),
        (
            _chart("events", "CPU by events", by_events),
            _chart("devices", "CPU by devices", by_devices),
            _chart("commits", "CPU by commits before", by_commits),
        ),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()}
        | {f"executors {number}": walls for number, walls in by_executors.items()},
    )


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
    return _in_turns(stand, contenders, farms)


def _by_devices(stand: Stand, size: int) -> dict[str, Measured]:
    farms = [Farm(size, devices=devices, tenant=f"devices-{devices}") for devices in DEVICES]
    for farm in farms:
        stand.send(farm)
    contenders = [
        Contender(
            f"devices/{farm.devices}", f"{farm.devices:,} devices", take_in("embedded"), counts_differ(farm),
            tenant=farm.tenant,
        )
        for farm in farms
    ]  # fmt: skip
    return _in_turns(stand, contenders, farms)


def _in_turns(stand: Stand, contenders: list[Contender], farms: list[Farm]) -> dict[str, Measured]:
    """Measure, and let go of what was sent."""
    measured = stand.rounds(contenders)
    for farm in farms:
        stand.forget(farm.tenant)
    return measured


def _by_commits(stand: Stand, size: int) -> dict[str, Measured]:
    """Send a prelude, take it in in so many commits, each in a home of its own; then measure the rest."""
    farm = Farm(2 * size, tenant="commits")
    messages = placed(farm)
    deliver(islice(messages, size), stand.address, "commits.telemetry")
    with stand.folder() as kept:
        for commits in COMMITS:
            batches = ("--max-records", str(-(-size // commits)))
            stand.run(
                Contender(
                    f"prelude-{commits}", f"{commits:,} commits", take_in("embedded", *batches), tenant=farm.tenant
                ),
                kept / str(commits),
            )
        deliver(messages, stand.address, "commits.telemetry")

        def prepared(commits: int) -> Contender:
            def copy(home: Path) -> None:
                shutil.copytree(kept / str(commits), home, dirs_exist_ok=True)

            return Contender(
                f"commits/{commits}", f"{commits:,} commits before", take_in("embedded"), counts_differ(farm),
                tenant=farm.tenant, prepare=copy,
            )  # fmt: skip

        return stand.rounds([prepared(commits) for commits in COMMITS])


def _by_executors(stand: Stand, size: int) -> dict[int, list[float]]:
    """Return the wall times of taking in with one and with two executors, in turns."""
    farm = Farm(size, tenant="executors")
    stand.send(farm)
    walls: dict[int, list[float]] = {number: [] for number in EXECUTORS}
    with stand.folder() as folder:
        for turn in range(stand.options.repeats):
            for number in EXECUTORS:
                with standalone(stand, number, folder) as master:
                    environ = {"FIELDSTREAM_SPARK_MASTER": master}
                    name = f"executors-{number}"
                    stand.run(
                        Contender(
                            name, f"{number} executors", lambda _: program("ingest_job"), counts_differ(farm),
                            tenant=farm.tenant, environ=environ,
                        ),
                        folder / f"{name}-{turn}",
                    )  # fmt: skip
                said = (FOLDER / f"{name}.log").read_text(encoding="utf-8").splitlines()[-1]
                walls[number].append(json.loads(said[said.index("{") :])["wall_s"])
    stand.forget(farm.tenant)
    return walls


def _numbers(measured: dict[str, Measured]) -> Iterable[tuple[str, int]]:
    return ((name, int(name.rpartition("/")[2])) for name in measured)


def _costs(
    caption: str, numbers: Iterable[tuple[str, int]], measured: dict[str, Measured], events: int | None = None
) -> Table:
    rows = tuple(
        (
            measured[name].title, f"{measured[name].cpu_s:.1f}", f"{(events or number) / measured[name].cpu_s:,.0f}",
            f"{measured[name].wall_s:.1f}", f"{measured[name].peak_rss_mb:,.0f}",
        )
        for name, number in numbers
    )  # fmt: skip
    return Table(caption, ("", "CPU s", "events per CPU-s", "wall s", "memory MB"), rows)


def _executor_table(walls: dict[int, list[float]]) -> Table:
    rows = tuple((str(number), f"{median(each):.1f}") for number, each in walls.items())
    return Table("By executors", ("executors of one core", "wall s"), rows)


def _targets(
    by_events: dict[str, Measured],
    by_devices: dict[str, Measured],
    by_commits: dict[str, Measured],
    by_executors: dict[int, list[float]],
) -> tuple[Target, ...]:
    found = []
    for engine, title in ENGINES.items():
        costs = [each.cpu_s for name, each in by_events.items() if name.startswith(engine)]
        for step, (before, after) in enumerate(pairwise(costs), start=1):
            what = f"CPU for 4 times the events, {title}, {ORDINALS[step - 1]} step"
            found.append(Target(f"events_{engine}_{step}", what, after / before, 4.2, at_least=False))
    devices = [each.cpu_s for each in by_devices.values()]
    commits = [each.cpu_s for each in by_commits.values()]
    one, two = (median(by_executors[number]) for number in EXECUTORS)
    return (
        *found,
        Target("devices", "CPU with 100,000 devices, of that with 100", devices[-1] / devices[0], 1.25, at_least=False),
        Target("commits", "CPU after 1,000 commits, of that after 10", commits[-1] / commits[0]),
        Target("executors", "wall time with one executor, of that with two", one / two, 1.7),
    )


def _chart(name: str, title: str, measured: dict[str, Measured]) -> Chart:
    lines: dict[str, list[tuple[float, float]]] = {}
    for key, number in _numbers(measured):
        kind = key.rpartition("/")[0]
        lines.setdefault(ENGINES.get(kind, ENGINES["embedded"]), []).append((float(number), measured[key].cpu_s))
    return Chart(f"scaling-{name}", title, "CPU s", x_label=name, lines=lines)
