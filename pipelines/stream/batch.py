"""One batch, whole: read the lake's progress, bring silver level, plan, run, commit bronze, then silver."""

from collections.abc import Callable, Sequence
from datetime import datetime

from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.errors import OffsetGap
from pipelines.kernel.batch import Batch
from pipelines.kernel.steps import steps
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.cost import Meter
from pipelines.lake.files import DataFile, FileWriter
from pipelines.lake.ledger import LedgerFile, ledger_files, redriven_files, rows_from
from pipelines.lake.tables import Lake
from pipelines.stream.clean import CHUNK_ROWS, CleanedRange, Cleaning
from pipelines.stream.plan import Ends, OffsetRange, plan

Engine = Callable[[Sequence[OffsetRange], Cleaning], list[CleanedRange]]
"""Runs the cleaning over ranges, however it likes, and returns one result a range."""

EVENTS, OBSERVATIONS = "bronze.events", "silver.observations"


def run_batch(
    lake: Lake, ends: Ends, engine: Engine, *, tenant_id: str, ingest_time: datetime, max_records: int
) -> list[CleanedRange]:
    """Take in the next batch; the empty list says that there was nothing to take in.

    Raises:
        OffsetGap: Records are missing; nothing was committed.
        WriterConflict: Another writer was faster; nothing, or bronze alone, was committed.
    """
    meter = Meter()
    events, observations = lake.create(EVENTS), lake.create(OBSERVATIONS)
    ledger = ledger_files(events, lake.path(EVENTS))
    level_silver(lake, ends, events, observations, ledger, tenant_id=tenant_id, ingest_time=ingest_time)
    progress = {partition: events.transaction_version(app_id(ends.topic, partition)) for partition in ends.ends}
    ranges = plan(ends, progress=progress, max_records=max_records)
    if not ranges:
        return []
    known = (*ledger, *redriven_files(lake))
    cleaning = Cleaning(steps(), tenant_id, ingest_time, known, lake.path(EVENTS), lake.path(OBSERVATIONS))
    cleaned = engine(ranges, cleaning)
    _all_read(ranges, cleaned)
    _commit(events, observations, ranges, cleaned, meter)
    return cleaned


def level_silver(
    lake: Lake,
    ends: Ends,
    events: DeltaTable,
    observations: DeltaTable,
    ledger: Sequence[LedgerFile],
    *,
    tenant_id: str,
    ingest_time: datetime,
) -> None:
    """Bring silver level with bronze, from bronze's own bytes and verdicts, where a crash came between the two."""
    for partition in sorted(ends.ends):
        name = app_id(ends.topic, partition)
        taken, seen = events.transaction_version(name), observations.transaction_version(name)
        if taken is None or taken == seen:
            continue
        rows = rows_from(ledger, partition, seen or 0, taken)
        with FileWriter(lake.path(OBSERVATIONS)) as writer:
            for start in range(0, rows.num_rows, CHUNK_ROWS):
                chunk = rows.slice(start, CHUNK_ROWS)
                with Batch(steps(), chunk, tenant_id=tenant_id, ingest_time=ingest_time) as batch:
                    writer.write(batch.observe())
            file = writer.finish()
        append_once(observations, table(OBSERVATIONS), [file] if file else [], [Progress(name, seen, taken)])
        observations.update_incremental()


def app_id(topic: str, partition: int) -> str:
    """Return the transaction id under which the log keeps a partition's progress."""
    return f"telemetry/{topic}/{partition}"


def _all_read(ranges: Sequence[OffsetRange], cleaned: Sequence[CleanedRange]) -> None:
    read = {each.partition: each for each in cleaned}
    for wanted in ranges:
        got = read.get(wanted.partition)
        if got is None:
            raise OffsetGap(wanted.topic, wanted.partition, wanted.start, wanted.end)
        if got.start != wanted.start:
            raise OffsetGap(wanted.topic, wanted.partition, wanted.start, got.start)
        if got.end != wanted.end:
            raise OffsetGap(wanted.topic, wanted.partition, got.end, wanted.end)


def _commit(
    events: DeltaTable,
    observations: DeltaTable,
    ranges: Sequence[OffsetRange],
    cleaned: Sequence[CleanedRange],
    meter: Meter,
) -> None:
    # Bronze first: silver can be made from bronze, never the other way round.
    progress = [Progress(app_id(each.topic, each.partition), each.recorded, each.end) for each in ranges]
    cost = meter.read(
        ranges[0].topic,
        records=sum(each.count for each in ranges),
        observations=sum(each.observation_count for each in cleaned),
    )
    append_once(events, table(EVENTS), [each.events_file for each in cleaned], progress, cost)
    files: list[DataFile] = [each.observations_file for each in cleaned if each.observations_file]
    append_once(observations, table(OBSERVATIONS), files, progress)
