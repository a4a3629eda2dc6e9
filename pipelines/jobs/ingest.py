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
from pipelines.errors import BrokerUnreachable, SparkNotStarted, WorkerLost
from pipelines.jvm.spark import context
from pipelines.lake.tables import Lake
from pipelines.local.kafka import kafka_address
from pipelines.quarantine.level import level
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound
from pipelines.stream import broker
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.clean import Cleaned, Cleaning
from pipelines.stream.embedded import Abandoned, Embedded
from pipelines.stream.feed import Feed
from pipelines.stream.identity import TopicIdentity, require_same_topic
from pipelines.stream.known import Known
from pipelines.stream.plan import Ends, OffsetRange
from pipelines.stream.spark import clean_with_spark

# With Spark a batch costs a second whatever its size, and a million records are where that no longer shows; the
# embedded engine's costs a twentieth, and smaller ones keep its memory small.
MAX_RECORDS = {"spark": 1_000_000, "embedded": 200_000}
ENGINES = tuple(MAX_RECORDS)
POLL_S = 1.0
# So long a stream that has begun waits for a broker that went away, and so often it looks whether it is back.
OUTAGE_S, RETRY_S = 600.0, 1.0
# Batches begin no faster than this, unless told otherwise: each is two commits, and every commit makes the next dearer.
PACE_S = 0.1

TOUCHED = ("bronze.events", "ops.redrives", "reference.devices")

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
        LakeDamaged: A table is not as it was written.
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
    *,
    pace_s: float = PACE_S,
) -> IngestReport:
    """Take in whatever comes until `stop` is set, in batches that begin at least `pace_s` apart.

    Spark finishes the batch under way first; the embedded engine does if that is short, and gives it up if not. A
    broker that goes away is waited for, up to `OUTAGE_S`.

    Raises:
        As `ingest`.
    """
    with _opened(settings, engine, kind, stop) as intake:
        outage = _Outage()
        try:
            while not stop.is_set():
                try:
                    _follow_on(intake, stop, max_records or MAX_RECORDS[engine], pace_s)
                    outage.over()
                except BrokerUnreachable as error:
                    outage.bear(error)
                    intake.engine.begin_anew()
                    stop.wait(RETRY_S)
        except Abandoned:
            _log.info("gave up the batch under way; nothing of it was written")
        return intake.report()


def _follow_on(intake: "_Intake", stop: threading.Event, max_records: int, pace_s: float) -> None:
    started = time.monotonic()
    records = intake.batch(intake.engine.ends(), max_records)
    if not records:
        intake.engine.wait()
    elif records < max_records:
        stop.wait(max(0.0, started + pace_s - time.monotonic()))


class _Outage:
    """A broker that was there and is not: for how long, and told once."""

    def __init__(self) -> None:
        self._since: float | None = None

    def bear(self, error: BrokerUnreachable) -> None:
        """Go on waiting, unless it has been too long: then raise the error."""
        if self._since is None:
            self._since = time.monotonic()
            _log.warning("%s Waiting for it.", error)
        elif time.monotonic() - self._since > OUTAGE_S:
            raise error

    def over(self) -> None:
        if self._since is not None:
            _log.info("the broker answers again after %.0f s", time.monotonic() - self._since)
            self._since = None


class _Engine(Protocol):
    """What both engines do for an intake."""

    def ends(self) -> Ends:
        """Say how far the topic goes."""

    @property
    def known(self) -> Known | None:
        """What tells copies, if the engine has its own way."""

    def run(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[Cleaned]:
        """Clean the ranges."""

    def committed(self) -> None:
        """Hear that what was cleaned is in the lake."""

    def wait(self) -> None:
        """Wait a while for records."""

    def begin_anew(self) -> None:
        """Forget what was read and is in no table."""


class _Spark:
    """Spark; it has no memory between batches."""

    known = None

    def __init__(self, settings: Settings, identity: TopicIdentity, tables: Tables, stop: threading.Event) -> None:
        self._settings, self._identity, self._tables, self._stop = settings, identity, tables, stop
        self._topic_id: str | None = None

    def ends(self) -> Ends:
        self._topic_id = self._identity.now()
        ends = broker.topic_ends(self._identity.address, self._identity.topic)
        return ends.counted(self._tables.shifts(ends), self._topic_id)

    def run(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[Cleaned]:
        from py4j.protocol import Py4JError

        try:
            # Not before there is work: an idle run needs no JVM.
            cleaned = clean_with_spark(context(self._settings), self._identity.address, ranges, cleaning)
        except (Py4JError, SparkNotStarted, WorkerLost) as error:
            # Whoever stops a service may end its JVM and its workers with it.
            if self._stop.is_set():
                raise Abandoned from error
            raise
        # A topic keeps its id: all that was read is of the one that the plan was made for.
        require_same_topic(self._identity.topic, self._topic_id, self._identity.now())
        return cleaned

    def committed(self) -> None:
        pass

    def wait(self) -> None:
        self._stop.wait(POLL_S)

    def begin_anew(self) -> None:
        pass


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
    require_sound(lake, (*TOUCHED, kind.table))
    level(lake, tenant_id=settings.tenant)
    with TopicIdentity(address, topic) as identity:
        if engine == "spark":
            broker.topic_ends(address, topic)  # Without a broker no table is made.
            tables = Tables(lake, kind)
            yield _Intake(settings, tables, _Spark(settings, identity, tables, stop), MAX_RECORDS[engine])
            return
        with Feed(address, topic) as feed:
            feed.partitions()
            tables = Tables(lake, kind)
            yield _Intake(settings, tables, Embedded(feed, identity, tables, stop), MAX_RECORDS[engine])
