"""Questions to silver: `fieldstream sql`, a command that starts anew for each, and a Spark session that is warm."""

import json
from dataclasses import asdict
from datetime import timedelta
from statistics import median

from pipelines.lake.tables import Lake
from pipelines.simulate.farm import START, Farm, device_ids
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, FOLDER, Contender, Stand, counts_differ, program, take_in

METHOD = """\
silver.observations of {events:,} uplinks, as the embedded engine wrote it. `fieldstream sql` is a whole command, the
start of Python and the opening of the table included; Spark's times are those of a query alone, in a session that has
run it twice before, on all cores."""


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
        table = str(Lake(home / "lake" / farm.tenant).path("silver.observations"))
        cores = str(stand.settings.cores)
        warm = program("warm_queries", stand.jars, cores, table, json.dumps(list(asked.values())))
        stand.run_in(Contender("warm-queries", "Spark, warm", lambda _: warm, tenant=farm.tenant), home)
    said = (FOLDER / "warm-queries.log").read_text(encoding="utf-8").splitlines()[-1]
    sparks_s = dict(zip(asked, (each["wall_s"] for each in json.loads(said[said.index("[{") :])), strict=True))
    ours_s = {name: median(usage.wall_s for usage in usages) for name, usages in ours.items()}
    rows = tuple((name, f"{ours_s[name]:.2f}", f"{sparks_s[name]:.2f}") for name in asked)
    return Result(
        "queries",
        "Queries",
        METHOD.format(events=farm.messages),
        found,
        (Table("Wall time", ("", "fieldstream sql, s", "warm Spark session, s"), rows),),
        tuple(
            Target(
                f"query_{name}",
                f"{name} query, wall time of the command, of a warm Spark session's query",
                ours_s[name] / sparks_s[name],
            )
            for name in asked
        ),
        measured={name: [asdict(usage) for usage in usages] for name, usages in ours.items()} | {"spark_s": sparks_s},
    )


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
