"""How long until something happens: light commands beside a Spark session, and the first commit of a stream."""

import time
from dataclasses import asdict
from statistics import median

from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from tests.bench.following import following, watched
from tests.bench.result import Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, FOLDER, Contender, Measured, Stand, program, take_in

COUNT = "select count(*) from silver.observations"
MOST_OF_A_SESSION = 0.1
FIRST_COMMIT_S = 2.0
_MESSAGES = 1_000

METHOD = """\
Light commands are compared with a Spark session with Delta that does nothing. A cold start of the embedded engine
begins with the command and ends when the first rows of a topic with {messages:,} messages can be seen in
silver.observations; the tables are made on the way."""


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    farm = Farm(_MESSAGES, tenant="start")
    stand.send(farm)
    with stand.folder() as folder:
        home = folder / "lake"
        stand.run(Contender("start-prelude", "a small lake", take_in("embedded"), tenant=farm.tenant), home)
        commands = {
            "session": ("Spark session with Delta", program("bare_session", stand.jars)),
            "help": ("fieldstream --help", (*FIELDSTREAM, "--help")),
            "sql": (f'fieldstream sql "{COUNT}"', (*FIELDSTREAM, "sql", COUNT)),
        }
        usages = {name: [] for name in commands}
        for _ in range(stand.options.repeats):
            for name, (title, command) in commands.items():
                started = Contender(f"start-{name}", title, lambda _, command=command: command, tenant=farm.tenant)
                usages[name].append(stand.run_in(started, home))
    measured = {name: Measured(name, title, tuple(usages[name])) for name, (title, _) in commands.items()}
    first_commits_s = [_first_commit_s(stand, farm.tenant) for _ in range(max(3, stand.options.repeats))]
    return Result(
        "start",
        "Starting",
        METHOD.format(messages=_MESSAGES),
        found,
        (_table(measured), _first_table(first_commits_s)),
        _targets(measured, median(first_commits_s)),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()}
        | {"first_commits_s": first_commits_s},
    )


def _first_commit_s(stand: Stand, tenant: str) -> float:
    """Return the seconds from the command to the first rows in silver."""
    with stand.folder() as home:
        home.mkdir(parents=True)
        log = Lake(home / "lake" / tenant).path("silver.observations") / "_delta_log"
        environ = stand.environment(tenant, home)
        command = (*FIELDSTREAM, "stream", "--engine", "embedded")
        with watched(log, home) as table:
            started = time.monotonic()
            with following(command, environ, FOLDER / "first-commit.log"):
                return table.wait_for(1) - started


def _table(measured: dict[str, Measured]) -> Table:
    bare = measured["session"]
    rows = tuple(
        (
            each.title, f"{each.cpu_s:.2f}", f"{each.cpu_s / bare.cpu_s:.3f}", f"{each.wall_s:.2f}",
            f"{each.wall_s / bare.wall_s:.3f}",
        )
        for each in measured.values()
    )  # fmt: skip
    return Table("Commands", ("", "CPU s", "of a session", "wall s", "of a session"), rows)


def _first_table(first_commits_s: list[float]) -> Table:
    row = ("embedded engine", *(f"{each(first_commits_s):.2f}" for each in (min, median, max)))
    return Table("First commit", ("", "least s", "median s", "most s"), (row,))


def _targets(measured: dict[str, Measured], first_commit_s: float) -> tuple[Target, ...]:
    bare = measured["session"]
    shares = (
        (f"{name}_{kind}", f"{word} of fieldstream {name}, of a Spark session's", value)
        for name in ("help", "sql")
        for kind, word, value in (
            ("cpu", "CPU", measured[name].cpu_s / bare.cpu_s),
            ("wall", "wall time", measured[name].wall_s / bare.wall_s),
        )
    )
    return (
        Target(
            "first_commit",
            "cold start of the embedded engine to the first commit, s",
            first_commit_s,
            FIRST_COMMIT_S,
            at_least=False,
        ),
        *(Target(name, what, value, MOST_OF_A_SESSION, at_least=False) for name, what, value in shares),
    )
