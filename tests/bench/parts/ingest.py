"""Taking in: everybody gets the same messages from the same broker, and all that is written is compared."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from deltalake import DeltaTable

from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from tests.bench.correctness import ledger_and_observations_differ, long_rows_differ, wide_rows_differ
from tests.bench.load import Load, write_load
from tests.bench.result import Chart, Result, Table, Target, surroundings
from tests.bench.rivals import empty_table, kafka_delta_ingest, rival_program
from tests.bench.stand import Contender, Measured, Stand, program, take_in

BATCH = 100_000

METHOD = """\
All take in the same {events:,} messages ({mean_bytes:,.0f} bytes on average, ChirpStack uplinks of seven values; 5 %
are duplicates, 0.5 % are cut off) from the same two partitions, one after another in each of {rounds} rounds, those
next to each other that a target compares. A target's figure is the median of the rounds' own ratios: what the machine
does besides changes from round to round, and falls on neighbours alike. Before a figure is printed, the rows that each
contender wrote are compared with what the load must give, one by one and both ways.

The tutorials' job is `tests/bench/programs/tutorial_job.py`: default settings, and of the usual forms the one that
costs least: all in one batch, its jars on this machine. Batches of a given size are not a default, so their pair of
rows has no target and runs once: it shows how the job's fixed cost per batch weighs on a stream that keeps up with its
sensors and never sees a million events at once. The hand-written consumer's long rows are what its target is set for;
its wide ones are there to be compared with those who write wide rows."""


@dataclass(frozen=True)
class Does:
    """What a contender does with the load, and what it leaves out."""

    rows_an_event: str
    copies: str
    poison: str
    leaves_out: str


OURS = Does("7 long, and the record", "kept as duplicates", "kept with its reason", "nothing")
WIDE = Does(
    "1 wide", "in the table twice", "gone", "duplicates, the raw record, units, ranges, flags, and Kafka's offsets"
)
BY_HAND = (
    "the raw record, units, ranges, flags, what it knew of copies after a restart, and one commit for rows and offsets"
)
DOES: Mapping[str, Does] = {
    "spark": OURS,
    "embedded": OURS,
    "tutorial": WIDE,
    "spark_batches": OURS,
    "tutorial_batches": WIDE,
    "tuned": WIDE,
    "by_hand": Does("7 long", "left out", "gone", BY_HAND),
    "by_hand_wide": Does("1 wide", "left out", "gone", BY_HAND),
    "quix": Does("1 wide", "in the table twice", "gone", f"duplicates, {BY_HAND}"),
    "daft": Does(
        "1 wide",
        "in the table twice",
        "gone",
        "duplicates, the raw record, units, ranges, flags, progress (it reads from the first offset on), compression",
    ),
    "kafka_delta_ingest": Does(
        "1 wide", "in the table twice", "gone", "duplicates, the raw record, units, ranges, flags"
    ),
    "kernel": Does(
        "7 long, and the record",
        "kept as duplicates",
        "kept with its reason",
        "Kafka, Spark, the commit: records lie in memory, files are written; the limit for any engine",
    ),
}


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    farm = Farm(stand.options.events, duplicate_share=0.05, poison_share=0.005, tenant="bench")
    topic = stand.send(farm)
    with stand.folder() as folder:
        load = write_load(farm, topic, folder)
        measured = stand.rounds(contenders(stand, load))
    method = METHOD.format(
        events=load.messages, mean_bytes=load.message_bytes / load.messages, rounds=stand.options.repeats
    )
    rates = {each.title: load.messages / each.cpu_s for each in measured.values()}
    return Result(
        "ingest",
        "Taking in",
        method,
        found,
        (_costs(measured, load), _differences(measured)),
        _targets(measured),
        (Chart("ingest", "Events taken in per CPU-second", "events per CPU-second", bars=rates),),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()},
    )


def contenders(stand: Stand, load: Load) -> list[Contender]:
    """Return those that take part, each with the check of what it wrote."""
    address, jars, cores = stand.address, stand.jars, str(stand.settings.cores)
    differ = _Checks(load)

    def writer(name: str, title: str, command: Callable[[str], tuple[str, ...]], check: Check) -> Contender:
        return Contender(name, title, lambda folder: command(str(folder)), check)

    tutorial = partial(program, "tutorial_job", jars, address, load.topic)
    by_hand = partial(program, "hand_written", address, load.topic)
    batches = ("--max-records", str(BATCH))
    return [
        writer(
            "tuned", "Spark job, tuned", partial(program, "tuned_job", jars, cores, address, load.topic), differ.wide
        ),
        writer("tutorial", "Spark job as tutorials write it", tutorial, differ.wide),
        Contender("spark", "Fieldstream, Spark engine", take_in("spark"), differ.lake),
        writer("by_hand", "Hand-written consumer", lambda folder: by_hand(folder, "long"), differ.long),
        Contender("embedded", "Fieldstream, embedded engine", take_in("embedded"), differ.lake),
        writer(
            "kernel",
            "The kernel alone",
            lambda folder: program("kernel_job", f"{folder}/files", *map(str, load.records)),
            differ.files,
        ),
        *_rivals(stand, load, differ),
        writer("by_hand_wide", "Hand-written consumer, wide rows", lambda folder: by_hand(folder, "wide"), differ.once),
        # Without a target, and the tutorials' the dearest of all: once is enough.
        Contender(
            "spark_batches",
            f"Fieldstream, Spark, {BATCH:,} a batch",
            take_in("spark", *batches),
            differ.lake,
            rounds=1,
        ),
        Contender(
            "tutorial_batches",
            f"Tutorials' job, {BATCH:,} a batch",
            lambda folder: tutorial(str(folder), "--batch", str(BATCH)),
            differ.wide,
            rounds=1,
        ),
    ]


Check = Callable[[Path], list[str]]


def _rivals(stand: Stand, load: Load, differ: "_Checks") -> list[Contender]:
    whole = str(load.messages - round(load.messages * 0.005))
    commands: dict[str, tuple[str, Callable[[Path], tuple[str, ...]]]] = {
        "daft": (
            "Daft, one bounded read",
            lambda folder: rival_program("daft", stand.address, load.topic, str(folder)),
        ),
        "quix": (
            "Quix Streams",
            lambda folder: rival_program("quix", stand.address, load.topic, str(folder), whole),
        ),
    }
    found = [
        Contender(name, title, command, differ.wide)
        for name, (title, command) in commands.items()
        if name in stand.options.rivals
    ]
    if binary := stand.options.kafka_delta_ingest:
        found.append(
            Contender(
                "kafka_delta_ingest", "kafka-delta-ingest",
                lambda folder: kafka_delta_ingest(binary, stand.address, load.topic, folder), differ.wide,
                prepare=empty_table,
            )
        )  # fmt: skip
    return found


class _Checks:
    """What each kind of contender must have written for a load."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def lake(self, home: Path) -> list[str]:
        lake = Lake(home / "lake" / "bench")
        tables = (lake.open(name).file_uris() for name in ("bronze.events", "silver.observations"))
        return ledger_and_observations_differ(self._load, *tables)

    def files(self, folder: Path) -> list[str]:
        written = (sorted(map(str, (folder / "files" / name).glob("*.parquet"))) for name in ("events", "observations"))
        return ledger_and_observations_differ(self._load, *written)

    def wide(self, folder: Path) -> list[str]:
        return wide_rows_differ(self._load, _readings(folder), copies=True)

    def once(self, folder: Path) -> list[str]:
        return wide_rows_differ(self._load, _readings(folder), copies=False)

    def long(self, folder: Path) -> list[str]:
        return long_rows_differ(self._load, _readings(folder))


def _readings(folder: Path) -> list[str]:
    return DeltaTable(str(folder / "readings")).file_uris()


def _costs(measured: Mapping[str, Measured], load: Load) -> Table:
    rows = tuple(
        (
            each.title, f"{load.messages / each.cpu_s:,.0f}", f"{each.cpu_s:.1f}", f"{each.spread:.2f}",
            f"{each.wall_s:.1f}", f"{each.peak_rss_mb:,.0f}",
        )
        for each in measured.values()
    )  # fmt: skip
    return Table("Cost", ("", "events per CPU-s", "CPU s", "spread", "wall s", "memory MB"), rows)


def _differences(measured: Mapping[str, Measured]) -> Table:
    rows = tuple(
        (each.title, does.rows_an_event, does.copies, does.poison, does.leaves_out)
        for name, each in measured.items()
        for does in (DOES[name],)
    )
    return Table("What each does, and leaves out", ("", "rows an event", "copies", "poison", "leaves out"), rows)


def _targets(measured: Mapping[str, Measured]) -> tuple[Target, ...]:
    def times(one: str, other: str) -> float:
        return measured[one].cheaper_than(measured[other])

    per = "events per CPU-second"
    found = [
        Target(
            "embedded_by_hand",
            f"{per}, embedded engine, of the hand-written consumer's",
            times("embedded", "by_hand"),
            2.5,
        ),
        Target("embedded_kernel", f"{per}, embedded engine, of the kernel alone", times("embedded", "kernel"), 0.6),
        Target("spark_tutorial", f"{per}, Spark engine, of the tutorials' job", times("spark", "tutorial"), 5.0),
        Target("spark_by_hand", f"{per}, Spark engine, of the hand-written consumer's", times("spark", "by_hand"), 1.2),
        Target(
            "embedded_memory",
            "memory of the embedded engine, MB",
            measured["embedded"].peak_rss_mb,
            400.0,
            at_least=False,
        ),
        Target("spark_tuned", f"{per}, Spark engine, of the tuned job's", times("spark", "tuned")),
        Target(
            "spark_tutorial_batches",
            f"{per}, Spark engine, of the tutorials' job, in batches of {BATCH:,}",
            times("spark_batches", "tutorial_batches"),
        ),
        *(
            Target(
                f"embedded_{name}", f"{per}, embedded engine, of {measured[name].title}", times("embedded", name), bound
            )
            for name, bound in (("daft", 1.0), ("quix", None), ("kafka_delta_ingest", None))
            if name in measured
        ),
    ]
    return tuple(found)
