"""What a second executor gives."""

import json
from statistics import median

from pipelines.simulate.farm import Farm
from tests.bench.cluster import standalone
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FOLDER, Contender, Stand, counts_differ, program

EXECUTORS = (1, 2)

METHOD = """\
{each:,} uplinks, Spark standalone on loopback, a master, and workers of one core each; the wall time is taken from the
first batch on, in a session whose executors are there."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, size = surroundings(), stand.options.events // 2
    walls = _by_executors(stand, size)
    one, two = (median(walls[number]) for number in EXECUTORS)
    rows = tuple((str(number), f"{median(each):.1f}") for number, each in walls.items())
    return Result(
        "scaling_executors",
        "Scaling: executors",
        METHOD.format(each=size),
        found,
        (Table("By executors", ("executors of one core", "wall s"), rows),),
        (Target("executors", "wall time with one executor, of that with two", one / two, 1.7),),
        measured={f"executors {number}": each for number, each in walls.items()},
    )


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
