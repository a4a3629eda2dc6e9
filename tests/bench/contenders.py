"""Who takes part: what each runs, what it leaves out, and how its work is checked."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.jvm.jars import spark_jars
from pipelines.jvm.java import home_for_spark, java_home
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from tests.bench.correctness import ledger_and_observations_differ, wide_rows_differ
from tests.bench.load import Load

ROOT = Path(__file__).resolve().parents[2]
TENANT = "bench"

_FIELDSTREAM = (sys.executable, "-c", "from pipelines.cli import entry; entry()")
_FILES = ("events", "observations")
BATCH = 100_000
COUNT = "select count(*) from silver.observations"


@dataclass(frozen=True)
class Contender:
    """A command that is measured. `command` and `differences` get the folder where it runs, new in each round."""

    name: str
    title: str
    leaves_out: str
    command: Callable[[Path], tuple[str, ...]]
    differences: Callable[[Path], list[str]]
    where: str | None = None
    """Whose folder it runs in; None is one of its own."""
    rounds: int | None = None
    """In how many rounds it takes part; None is all."""


def takers(settings: Settings, address: str, load: Load) -> tuple[Contender, ...]:
    """Return those that take in the load: all of it in one batch, which costs least, and in batches as streams run."""
    jars = ",".join(map(str, spark_jars(settings)))
    nothing = (
        "nothing: raw bytes and a verdict for every record, duplicates found, values in canonical units and flagged, "
        "seven rows an event, two tables"
    )
    tables = (
        "duplicates (they are in the table twice), unreadable records (they are gone), raw bytes, units, ranges, "
        "Kafka's offsets; one wide row an event, one table"
    )

    def ours(*options: str) -> Callable[[Path], tuple[str, ...]]:
        return lambda _: (*_FIELDSTREAM, "stream", "--once", *options)

    def tutorial(*options: str) -> Callable[[Path], tuple[str, ...]]:
        return lambda folder: _script("tutorial_job", jars, address, load.topic, str(folder), *options)

    def lake_differs(folder: Path) -> list[str]:
        return _lake_differs(folder, load)

    def table_differs(folder: Path) -> list[str]:
        return wide_rows_differ(load, Lake(folder).open("readings").file_uris())

    def files_differ(folder: Path) -> list[str]:
        return ledger_and_observations_differ(load, *(_parquet(folder / "files" / name) for name in _FILES))

    batch = str(BATCH)
    return (
        Contender("fieldstream", "Fieldstream, Spark engine", nothing, ours(), lake_differs),
        Contender("embedded", "Fieldstream, embedded engine", nothing, ours("--engine", "embedded"), lake_differs),
        Contender("tutorial", "Spark job as tutorials write it", tables, tutorial(), table_differs),
        Contender(
            "fieldstream_batches",
            f"Fieldstream, {BATCH:,} a batch",
            nothing,
            ours("--max-records", batch),
            lake_differs,
        ),
        Contender("tutorial_batches", f"The tutorials' job, {BATCH:,} a batch", tables, tutorial(batch), table_differs),
        Contender(
            "kernel",
            "The kernel alone",
            "Kafka, Spark, the commit: records lie in memory, files are written; the limit for any engine",
            lambda folder: _script("kernel_job", str(folder / "files"), *map(str, load.records)),
            files_differ,
        ),
    )


def starters(settings: Settings) -> tuple[Contender, ...]:
    """Return those whose start is measured, and the gate; they run where the lake of the round is."""
    jars = ",".join(map(str, spark_jars(settings)))

    def started(name: str, title: str, *command: str, rounds: int | None = None) -> Contender:
        return Contender(name, title, "", lambda _: command, lambda _: [], where="fieldstream", rounds=rounds)

    gate = ("gate", "run", "silver.observations")
    return (
        started("session", "Spark session with Delta", *_script("bare_session", jars)),
        started("help", "fieldstream --help", *_FIELDSTREAM, "--help"),
        started("sql", f'fieldstream sql "{COUNT}"', *_FIELDSTREAM, "sql", COUNT),
        started("gate", f"fieldstream {' '.join(gate)}", *_FIELDSTREAM, *gate, rounds=1),
    )


def environment(settings: Settings, address: str, home: Path) -> dict[str, str]:
    """Return what every contender finds in its environment: the same Java, Python and broker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIELDSTREAM_", "SPARK_"))}
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "bench" / "counted"), str(ROOT)]),
        "PYSPARK_PYTHON": sys.executable,
        "JAVA_HOME": str(home_for_spark(java_home(settings), settings.cache)),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "FIELDSTREAM_HOME": str(home),
        "FIELDSTREAM_CACHE": str(settings.cache),
        "FIELDSTREAM_TENANT": TENANT,
        "FIELDSTREAM_KAFKA": address,
    }


def _script(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"tests.bench.{module}", *arguments)


def _lake_differs(home: Path, load: Load) -> list[str]:
    lake = Lake(home / "lake" / TENANT)
    names = ("bronze.events", "silver.observations")
    return ledger_and_observations_differ(load, *(lake.open(name).file_uris() for name in names))


def _parquet(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob("*.parquet")))
