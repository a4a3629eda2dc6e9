"""Where everything is measured: one broker, loads that are sent once, commands and what they find around them."""

import logging
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from pipelines.jvm.class_archive import class_archive
from pipelines.jvm.jars import spark_jars
from pipelines.jvm.java import home_for_spark, java_home
from pipelines.lake.tables import Lake
from pipelines.local import kafka
from pipelines.settings import Settings, from_environment
from pipelines.simulate.farm import Farm
from tests.bench.load import deliver, placed
from tests.bench.process_tree import Usage, measure

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
FIELDSTREAM = (sys.executable, "-c", "from pipelines.cli import entry; entry()")

_log = logging.getLogger("bench")


class WrongRows(Exception):
    """What was written is not what the load must give."""


@dataclass(frozen=True)
class Options:
    """What a run of the benchmark was asked for."""

    events: int
    repeats: int
    latency_s: int
    rivals: frozenset[str] = frozenset()
    kafka_delta_ingest: Path | None = None


@dataclass(frozen=True)
class Contender:
    """A command that is measured. `command` and `differences` get the folder where it runs, new in each round."""

    name: str
    title: str
    command: Callable[[Path], Sequence[str]]
    differences: Callable[[Path], list[str]] = lambda _: []
    tenant: str = "bench"
    prepare: Callable[[Path], None] = lambda _: None
    """What is done in the folder before; it is not measured."""
    rounds: int | None = None
    """In how many rounds it takes part; None is all."""
    environ: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A contender's runs."""

    name: str
    title: str
    runs: tuple[Usage, ...]

    @property
    def cpu_s(self) -> float:
        """Median of the runs' CPU seconds."""
        return median(run.cpu_s for run in self.runs)

    @property
    def wall_s(self) -> float:
        """Median of the runs' wall seconds."""
        return median(run.wall_s for run in self.runs)

    @property
    def peak_rss_mb(self) -> float:
        """Highest of the runs' memory peaks, 10^6 bytes; a page that two processes share counts twice."""
        return max(run.peak_rss_bytes for run in self.runs) / 1e6

    @property
    def peak_pss_mb(self) -> float:
        """Highest of the runs' memory peaks, 10^6 bytes; a page that two processes share counts half for each."""
        return max(run.peak_pss_bytes for run in self.runs) / 1e6

    @property
    def spread(self) -> float:
        """Dearest run over cheapest, in CPU seconds."""
        return max(run.cpu_s for run in self.runs) / min(run.cpu_s for run in self.runs)

    def cheaper_than(self, other: "Measured") -> float:
        """How many times the CPU seconds of this the other takes: the median of what each round says."""
        return median(theirs.cpu_s / ours.cpu_s for ours, theirs in zip(self.runs, other.runs, strict=True))


class Stand:
    """The broker and the loads in it, for as long as the benchmark runs."""

    def __init__(self, settings: Settings, address: str, options: Options) -> None:
        """Take a broker that runs."""
        self.settings, self.address, self.options = settings, address, options
        self._sent: dict[str, Farm] = {}

    @property
    def jars(self) -> str:
        """The jars of Spark's that every session needs."""
        return ",".join(map(str, spark_jars(self.settings)))

    def for_tenant(self, tenant: str, home: Path) -> Settings:
        """Return settings of a tenant's own home, at this broker."""
        return replace(self.settings, home=home, tenant=tenant, kafka=self.address)

    def send(self, farm: Farm, compression: str = "none") -> str:
        """Send a load to the topic of its tenant, once, and return the topic."""
        topic = f"{farm.tenant}.telemetry"
        if farm.tenant not in self._sent:
            _log.info("sending %s messages of %s devices", f"{farm.messages:,}", f"{farm.devices:,}")
            deliver(placed(farm), self.address, topic, compression)
            self._sent[farm.tenant] = farm
        return topic

    def forget(self, tenant: str) -> None:
        """Have the broker delete a tenant's topic, which takes room."""
        from kafka import KafkaAdminClient

        if self._sent.pop(tenant, None):
            admin = KafkaAdminClient(bootstrap_servers=self.address)
            admin.delete_topics([f"{tenant}.telemetry"])
            admin.close()

    def environment(self, tenant: str, home: Path) -> dict[str, str]:
        """Return what every command finds in its environment: the same Java, Python and broker."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FIELDSTREAM_", "SPARK_"))}
        return kept | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "bench" / "counted"), str(ROOT)]),
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_HOME": str(home_for_spark(java_home(self.settings), self.settings.cache)),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "FIELDSTREAM_HOME": str(home),
            "FIELDSTREAM_CACHE": str(self.settings.cache),
            "FIELDSTREAM_TENANT": tenant,
            "FIELDSTREAM_KAFKA": self.address,
        }

    def rounds(self, contenders: Sequence[Contender]) -> dict[str, Measured]:
        """Let every contender run once a round, so that what the machine does besides falls on all of them alike.

        Raises:
            WrongRows: A contender's rows are not the ones that the load must give.
        """
        usages: dict[str, list[Usage]] = {each.name: [] for each in contenders}
        with self.folder() as folder:
            for number in range(1, self.options.repeats + 1):
                for each in contenders:
                    if each.rounds is None or number <= each.rounds:
                        usages[each.name].append(self.run(each, folder / each.name))
        return {each.name: Measured(each.name, each.title, tuple(usages[each.name])) for each in contenders}

    def run(self, contender: Contender, home: Path) -> Usage:
        """Measure one run, in a folder that is new.

        Raises:
            WrongRows: Its rows are not the ones that the load must give.
        """
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        contender.prepare(home)
        return self.run_in(contender, home)

    def run_in(self, contender: Contender, home: Path) -> Usage:
        """Measure one run, in a folder that is there.

        Raises:
            WrongRows: Its rows are not the ones that the load must give.
        """
        environ = self.environment(contender.tenant, home) | contender.environ
        log = FOLDER / f"{contender.name.replace('/', '-')}.log"
        usage = measure(contender.command(home), environ, log)
        _log.info("%s: %.1f CPU-s, %.1f s", contender.title, usage.cpu_s, usage.wall_s)
        if wrong := contender.differences(home):
            raise WrongRows(f"{contender.title}: {'; '.join(wrong)}")
        return usage

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder for a part's homes, and remove it."""
        folder = FOLDER / uuid.uuid4().hex[:8]
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(options: Options) -> Iterator[Stand]:
    """Start the broker, below nobody who is measured: what it uses is nobody's."""
    settings = replace(from_environment(), home=FOLDER, tenant="bench", kafka=None, kafka_port=None)
    # As the jars, so the classes: they are there wherever a session was started before.
    class_archive(settings, java_home(settings), spark_jars(settings))
    address = kafka.start(settings).address
    try:
        yield Stand(settings, address, options)
    finally:
        kafka.stop(settings)
        shutil.rmtree(FOLDER / "kafka", ignore_errors=True)


def program(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of the programs that are measured."""
    return (sys.executable, "-m", f"tests.bench.programs.{module}", *arguments)


def take_in(engine: str, *options: str) -> Callable[[Path], tuple[str, ...]]:
    """Return the command by which an engine of ours takes in what there is."""
    return lambda _: (*FIELDSTREAM, "stream", "--once", "--engine", engine, *options)


def counts_differ(farm: Farm, values: int = 7) -> Callable[[Path], list[str]]:
    """Return a check that a lake holds every message of a load once, and every whole event's values once."""

    def differ(home: Path) -> list[str]:
        lake = Lake(home / "lake" / farm.tenant)
        expected = {"bronze.events": farm.messages, "silver.observations": farm.frames * values}
        found = {name: lake.open(name).count() for name in expected}
        return [] if found == expected else [f"rows: expected {expected}, got {found}"]

    return differ
