"""Take in what Kafka holds: until the lake has caught up, or until told to stop."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.jvm.spark import session
from pipelines.lake.tables import Lake
from pipelines.local.kafka import kafka_address
from pipelines.quarantine.level import level
from pipelines.settings import Settings
from pipelines.stream import broker
from pipelines.stream.batch import EVENTS, OBSERVATIONS, run_batch
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.plan import Ends, OffsetRange
from pipelines.stream.spark import clean_with_spark

# A batch costs a second whatever its size; a million records are where that no longer shows.
MAX_RECORDS = 1_000_000
POLL_S = 1.0

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


def ingest(settings: Settings, max_records: int = MAX_RECORDS) -> IngestReport:
    """Take in everything up to where the topic ends now, in batches of at most `max_records`.

    Raises:
        BrokerUnreachable: The broker does not answer.
        OffsetGap: Records are missing; the batch was not committed.
        WriterConflict: Another writer of this pipeline is at work.
    """
    address = kafka_address(settings)
    level(Lake(settings.lake), tenant_id=settings.tenant)
    ends = broker.topic_ends(address, settings.telemetry_topic)
    batches = []
    while batch := _batch(settings, address, ends, max_records):
        batches.append(batch)
    return _report(settings, batches)


def follow(settings: Settings, stop: threading.Event, max_records: int = MAX_RECORDS) -> IngestReport:
    """Take in whatever comes until `stop` is set; the batch under way is finished first.

    Raises:
        As `ingest`.
    """
    address = kafka_address(settings)
    level(Lake(settings.lake), tenant_id=settings.tenant)
    batches = []
    while not stop.is_set():
        ends = broker.topic_ends(address, settings.telemetry_topic)
        if batch := _batch(settings, address, ends, max_records):
            batches.append(batch)
        else:
            stop.wait(POLL_S)
    return _report(settings, batches)


def _batch(settings: Settings, address: str, ends: Ends, max_records: int) -> list[CleanedRange]:
    def engine(ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[CleanedRange]:
        # Not before there is work: an idle run needs no JVM.
        return clean_with_spark(session(settings), address, ranges, cleaning)

    started = time.monotonic()
    cleaned = run_batch(
        Lake(settings.lake),
        ends,
        engine,
        tenant_id=settings.tenant,
        ingest_time=datetime.now(UTC),
        max_records=max_records,
    )
    if cleaned:
        records = sum(each.end - each.start for each in cleaned)
        _log.info("%s: took in %d records in %.1f s", ends.topic, records, time.monotonic() - started)
    return cleaned


def _report(settings: Settings, batches: list[list[CleanedRange]]) -> IngestReport:
    ranges = [each for batch in batches for each in batch]
    verdicts: Counter[str] = Counter()
    for each in ranges:
        verdicts.update(each.verdicts)
    lake = Lake(settings.lake)
    return IngestReport(
        topic=settings.telemetry_topic,
        records=verdicts.total(),
        accepted=verdicts["accepted"],
        duplicate=verdicts["duplicate"],
        quarantined=verdicts["quarantined"],
        observations=sum(each.observation_count for each in ranges),
        batches=len(batches),
        bronze_version=lake.version(EVENTS),
        silver_version=lake.version(OBSERVATIONS),
    )
