"""Take in what Kafka holds: until the lake has caught up, or until told to stop; with Spark or in this process."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pipelines.contracts.topics import TELEMETRY, TopicKind
from pipelines.jvm.spark import context
from pipelines.lake.tables import Lake
from pipelines.local.kafka import kafka_address
from pipelines.quarantine.level import level
from pipelines.settings import Settings
from pipelines.stream import broker
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.embedded import Abandoned, Embedded
from pipelines.stream.feed import Feed
from pipelines.stream.known import Known
from pipelines.stream.plan import Ends, OffsetRange
from pipelines.stream.spark import clean_with_spark

# With Spark a batch costs a second whatever its size, and a million records are where that no longer shows; the
# embedded engine's costs a twentieth, and smaller ones keep its memory small.
MAX_RECORDS = {"spark": 1_000_000, "embedded": 200_000}
ENGINES = tuple(MAX_RECORDS)
POLL_S = 1.0
# Batches begin no faster than this: each is two commits, and every commit makes the next one dearer.
PACE_S = 0.1

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class IngestReport:
    """What was taken in, and where the tables stand now."""

    topic: str
    records: int
    accepted: int
    duplicate: int
    quarantined: int
    observations: int
    batches: int
    bronze_version: int
    silver_version: int
    """Of silver.observations, or of silver.operations."""


def ingest(
    settings: Settings, max_records: int | None = None, engine: str = "spark", kind: TopicKind = TELEMETRY
) -> IngestReport:
    """Take in everything up to where the topic of a kind ends now, in batches of at most `max_records`.

    Raises:
        BrokerUnreachable: The broker does not answer.
        OffsetGap: Records are missing; the batch was not committed.
        WriterConflict: Another writer of this pipeline is at work.
    """
    with _opened(settings, engine, kind, threading.Event()) as intake:
        ends = intake.engine.ends()
        while intake.batch(ends, max_records):
            pass
        return intake.report()


def follow(
    settings: Settings,
    stop: threading.Event,
    max_records: int | None = None,
    engine: str = "spark",
    kind: TopicKind = TELEMETRY,
) -> IngestReport:
    """Take in whatever comes until `stop` is set.

    Spark finishes the batch under way first; the embedded engine does if that is short, and gives it up if not.

    Raises:
        As `ingest`.
    """
    with _opened(settings, engine, kind, stop) as intake:
        try:
            while not stop.is_set():
                started = time.monotonic()
                records = intake.batch(intake.engine.ends(), max_records)
                if not records:
                    intake.engine.wait()
                elif records < (max_records or MAX_RECORDS[engine]):
                    stop.wait(max(0.0, started + PACE_S - time.monotonic()))
        except Abandoned:
            _log.info("gave up the batch under way; nothing of it was written")
        return intake.report()


class _Engine(Protocol):
    """What both engines do for an intake."""

    def ends(self) -> Ends:
        """Say how far the topic goes."""

    @property
    def known(self) -> Known | None:
        """What tells copies, if the engine has its own way."""

    def run(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[CleanedRange]:
        """Clean the ranges."""

    def committed(self) -> None:
        """Hear that what was cleaned is in the lake."""

    def wait(self) -> None:
        """Wait a while for records."""


class _Spark:
    """Spark; it has no memory between batches."""

    known = None

    def __init__(self, settings: Settings, address: str, topic: str, stop: threading.Event) -> None:
        self._settings, self._address, self._topic, self._stop = settings, address, topic, stop

    def ends(self) -> Ends:
        return broker.topic_ends(self._address, self._topic)

    def run(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[CleanedRange]:
        # Not before there is work: an idle run needs no JVM.
        return clean_with_spark(context(self._settings), self._address, ranges, cleaning)

    def committed(self) -> None:
        pass

    def wait(self) -> None:
        self._stop.wait(POLL_S)


class _Intake:
    """Batches into one pair of tables, and what they came to."""

    def __init__(self, settings: Settings, tables: Tables, engine: _Engine, most: int) -> None:
        self.engine = engine
        self._tenant, self._topic = settings.tenant, settings.topic(tables.kind.name)
        self._tables, self._most = tables, most
        self._verdicts: Counter[str] = Counter()
        self._observations = self._batches = 0
        self._untold, self._told_at = 0, time.monotonic()

    def batch(self, ends: Ends, max_records: int | None) -> int:
        """Take in the next batch and return how many records it had."""
        started = time.monotonic()
        self._tables.refresh()
        cleaned = run_batch(
            self._tables,
            ends,
            self.engine.run,
            tenant_id=self._tenant,
            ingest_time=datetime.now(UTC),
            max_records=max_records or self._most,
            known=self.engine.known,
        )
        if not cleaned:
            return 0
        self.engine.committed()
        self._batches += 1
        self._observations += sum(each.observation_count for each in cleaned)
        for each in cleaned:
            self._verdicts.update(each.verdicts)
        records = sum(each.end - each.start for each in cleaned)
        self._tell(records, started)
        return records

    def _tell(self, records: int, started: float) -> None:
        """Log progress, at most a line a second."""
        now = time.monotonic()
        _log.debug("a batch of %d records in %.3f s", records, now - started)
        self._untold += records
        if now - self._told_at >= 1:
            _log.info("%s: took in %d records", self._topic, self._untold)
            self._untold, self._told_at = 0, now

    def report(self) -> IngestReport:
        """Say what was taken in, and where the tables stand."""
        return IngestReport(
            topic=self._topic,
            records=self._verdicts.total(),
            accepted=self._verdicts["accepted"],
            duplicate=self._verdicts["duplicate"],
            quarantined=self._verdicts["quarantined"],
            observations=self._observations,
            batches=self._batches,
            bronze_version=self._tables.events.version(),
            silver_version=self._tables.silver.version(),
        )


@contextmanager
def _opened(settings: Settings, engine: str, kind: TopicKind, stop: threading.Event) -> Iterator[_Intake]:
    address, lake, topic = kafka_address(settings), Lake(settings.lake), settings.topic(kind.name)
    level(lake, tenant_id=settings.tenant)
    if engine == "spark":
        spark = _Spark(settings, address, topic, stop)
        spark.ends()  # Without a broker no table is made.
        yield _Intake(settings, Tables(lake, kind), spark, MAX_RECORDS[engine])
        return
    with Feed(address, topic) as feed:
        feed.partitions()
        tables = Tables(lake, kind)
        yield _Intake(settings, tables, Embedded(feed, tables, stop), MAX_RECORDS[engine])
