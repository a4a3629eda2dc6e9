"""Questions to silver: `fieldstream sql`, started anew for each and in a session, and a Spark session that is warm."""

import json
import subprocess
import time
from dataclasses import asdict
from datetime import timedelta
from statistics import median

from pipelines.lake.tables import Lake
from pipelines.simulate.farm import START, Farm, device_ids
from tests.bench.process_tree import CommandFailed
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, FOLDER, Contender, Stand, counts_differ, program, take_in

METHOD = """\
silver.observations of {events:,} uplinks, as the embedded engine wrote it. `fieldstream sql` is a whole command, the
start of Python and the opening of the table included, or one that stays and is asked on its standard input, from the
question to its answer; Spark's times are those of a query alone, on all cores. Both sessions have run it twice
before."""

# The session has run a question so often before it counts.
_BEFORE = 2


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    farm = Farm(stand.options.events // 2, tenant="queries")
    stand.send(farm)
    asked = _queries(farm)
    with stand.folder() as folder:
        home = folder / "lake"
        stand.run(
            Contender("queries-prelude", "a lake to ask", take_in("embedded"), counts_differ(farm), farm.tenant), home
        )
        ours: dict[str, list] = {name: [] for name in asked}
        for _ in range(max(3, stand.options.repeats)):
            for name, query in asked.items():
                command = (*FIELDSTREAM, "sql", query)
                one = Contender(f"query-{name}", name, lambda _, command=command: command, tenant=farm.tenant)
                ours[name].append(stand.run_in(one, home))
        stays_s = _in_a_session(stand.environment(farm.tenant, home), asked, repeats=max(3, stand.options.repeats))
        table = str(Lake(home / "lake" / farm.tenant).path("silver.observations"))
        cores = str(stand.settings.cores)
        warm = program("warm_queries", stand.jars, cores, table, json.dumps(list(asked.values())))
        stand.run_in(Contender("warm-queries", "Spark, warm", lambda _: warm, tenant=farm.tenant), home)
    said = (FOLDER / "warm-queries.log").read_text(encoding="utf-8").splitlines()[-1]
    sparks_s = dict(zip(asked, (each["wall_s"] for each in json.loads(said[said.index("[{") :])), strict=True))
    ours_s = {name: median(usage.wall_s for usage in usages) for name, usages in ours.items()}
    rows = tuple((name, f"{ours_s[name]:.2f}", f"{stays_s[name]:.3f}", f"{sparks_s[name]:.2f}") for name in asked)
    return Result(
        "queries",
        "Queries",
        METHOD.format(events=farm.messages),
        found,
        (Table("Wall time", ("", "fieldstream sql, s", "in a session, s", "warm Spark session, s"), rows),),
        tuple(
            target
            for name in asked
            for target in _targets(name, ours_s[name] / sparks_s[name], stays_s[name] / sparks_s[name])
        ),
        measured={
            **{name: [asdict(usage) for usage in usages] for name, usages in ours.items()},
            "session_s": stays_s,
            "spark_s": sparks_s,
        },
    )


def _targets(name: str, command: float, in_a_session: float) -> tuple[Target, Target]:
    return (
        Target(f"query_{name}", f"{name} query, wall time of the command, of a warm Spark session's query", command),
        Target(
            f"query_{name}_in_a_session",
            f"{name} query in a session of fieldstream sql, of a warm Spark session's",
            in_a_session,
            None if name == "whole table" else 0.2,
            at_least=False,
        ),
    )


def _in_a_session(environ: dict[str, str], asked: dict[str, str], *, repeats: int) -> dict[str, float]:
    """Return each question's time in a session, from its semicolon to the count of the answer's rows."""
    session = subprocess.Popen(
        [*FIELDSTREAM, "sql", "--csv"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    assert session.stdin is not None
    assert session.stderr is not None
    found = {}
    with session, session.stdin:
        for name, query in asked.items():
            times_s = []
            for _ in range(_BEFORE + repeats):
                began = time.perf_counter()
                session.stdin.write(f"{query};\n")
                said = session.stderr.readline()
                times_s.append(time.perf_counter() - began)
                if not said.startswith("rows: "):
                    raise CommandFailed(said)
            found[name] = median(times_s[_BEFORE:])
    return found


def _queries(farm: Farm) -> dict[str, str]:
    device = device_ids(farm)[farm.devices // 2]
    middle = START + timedelta(seconds=farm.cadence_s * (farm.messages // farm.devices // 2))
    of_device = f"device_id = '{device}' and property = 'air_temperature'"
    begin, end = (f"timestamp '{time:%Y-%m-%d %H:%M:%S}+00:00'" for time in (middle, middle + timedelta(days=1)))
    # Names and times are of the load, not of a stranger.
    return {
        "point": f"select value from silver.observations where {of_device} and phenomenon_time = {begin}",  # noqa: S608 - see above
        "range": f"select avg(value), count(*) from silver.observations where {of_device} "  # noqa: S608 - see above
        f"and phenomenon_time >= {begin} and phenomenon_time < {end}",
        "whole table": "select property, avg(value), count(*) from silver.observations group by 1",
    }
