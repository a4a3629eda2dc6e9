"""One batch, whole: read the lake's progress, bring silver level, plan, run, commit bronze, then silver."""

from collections.abc import Callable, Sequence
from datetime import datetime

from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.contracts.topics import TELEMETRY, TopicKind, kind_of
from pipelines.errors import OffsetGap
from pipelines.kernel.batch import Batch
from pipelines.kernel.steps import steps
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.cost import Meter
from pipelines.lake.files import DataFile, FileWriter
from pipelines.lake.ledger import LedgerFile, ledger_file, ledger_files, rows_from
from pipelines.lake.overrides import DEVICES, SCHEMA, device_overrides
from pipelines.lake.tables import Lake
from pipelines.stream.clean import CHUNK_ROWS, CleanedRange, Cleaning
from pipelines.stream.known import Known, KnownFromFiles
from pipelines.stream.plan import Ends, OffsetRange, plan

Engine = Callable[[Sequence[OffsetRange], Cleaning], list[CleanedRange]]
"""Runs the cleaning over ranges, however it likes, and returns one result a range."""

EVENTS, REDRIVES = "bronze.events", "ops.redrives"


class Tables:
    """Both tables of a kind of topic as their logs had them last, what the ledger holds, and what the registry says.

    Nobody who trusts it too long does harm: a commit is made from this very state, and the log refuses one whose
    progress has moved on.
    """

    def __init__(self, lake: Lake, kind: TopicKind = TELEMETRY) -> None:
        """Open the tables, creating those that are not there."""
        self.lake, self.kind = lake, kind
        self.events, self.silver = lake.create(EVENTS), lake.create(kind.table)
        self.redrives: DeltaTable | None = None
        self.times_told = 0
        """How often somebody else has added to the ledger, or rewritten it."""
        self._taken = ledger_files(self.events, lake.path(EVENTS))
        self._redriven: list[LedgerFile] = []
        self._refresh_redrives()
        self._devices: DeltaTable | None = None
        self.overrides = SCHEMA.empty_table()
        """What the registry says of single devices."""
        self._refresh_registry()

    @property
    def ledger(self) -> list[LedgerFile]:
        """The files that hold what has been accepted, and more."""
        return [*self._taken, *self._redriven]

    @property
    def taken(self) -> list[LedgerFile]:
        """The files of bronze.events."""
        return self._taken

    def refresh(self) -> None:
        """Read what the logs have had since."""
        version = self.events.version()
        self.events.update_incremental()
        self.silver.update_incremental()
        if self.events.version() != version:
            self._relist()
        self._refresh_redrives()
        self._refresh_registry()

    def committed(self, cleaned: Sequence[CleanedRange]) -> None:
        """Take note of a commit of our own."""
        version = self.events.version()
        self.events.update_incremental()
        self.silver.update_incremental()
        if self.events.version() == version + 1:
            folder = self.lake.path(EVENTS)
            files = (each.events_file for each in cleaned)
            self._taken.extend(ledger_file(folder / file.name, file.statistics) for file in files)
        else:
            self._relist()

    def progress(self, topic: str, partition: int) -> int | None:
        """Return the next offset of a partition, None where none of it has been taken in."""
        recorded = self.events.transaction_version(app_id(topic, partition))
        return None if recorded is None else int(recorded)

    def _relist(self) -> None:
        self.times_told += 1
        self._taken = ledger_files(self.events, self.lake.path(EVENTS))

    def _refresh_redrives(self) -> None:
        before = self.redrives.version() if self.redrives else None
        if self.redrives is not None:
            self.redrives.update_incremental()
        elif self.lake.exists(REDRIVES):
            self.redrives = self.lake.open(REDRIVES)
        if self.redrives is not None and self.redrives.version() != before:
            self.times_told += 1
            self._redriven = ledger_files(self.redrives, self.lake.path(REDRIVES))

    def _refresh_registry(self) -> None:
        before = self._devices.version() if self._devices else None
        if self._devices is not None:
            self._devices.update_incremental()
        elif self.lake.exists(DEVICES):
            self._devices = self.lake.open(DEVICES)
        if self._devices is not None and self._devices.version() != before:
            self.overrides = device_overrides(self.lake)


def run_batch(
    tables: Tables,
    ends: Ends,
    engine: Engine,
    *,
    tenant_id: str,
    ingest_time: datetime,
    max_records: int,
    known: Known | None = None,
) -> list[CleanedRange]:
    """Take in the next batch; the empty list says that there was nothing to take in.

    Without a `known` of the caller's own, copies are looked up in the ledger's files.

    Raises:
        OffsetGap: Records are missing; nothing was committed.
        WriterConflict: Another writer was faster; nothing, or bronze alone, was committed.
    """
    level_silver(tables, ends, tenant_id=tenant_id, ingest_time=ingest_time)
    progress = {partition: tables.progress(ends.topic, partition) for partition in ends.ends}
    ranges = plan(ends, progress=progress, max_records=max_records)
    if not ranges:
        return []
    meter = Meter()
    folders = tables.lake.path(EVENTS), tables.lake.path(tables.kind.table)
    known = known or KnownFromFiles(tables.ledger)
    cleaning = Cleaning(steps(tables.kind), tenant_id, ingest_time, known, *folders, tables.overrides)
    cleaned = engine(ranges, cleaning)
    _all_read(ranges, cleaned)
    _commit(tables, ranges, cleaned, meter)
    tables.committed(cleaned)
    return cleaned


def level_silver(tables: Tables, ends: Ends, *, tenant_id: str, ingest_time: datetime) -> None:
    """Bring silver level with bronze, from bronze's own bytes and verdicts, where a crash came between the two."""
    for partition in sorted(ends.ends):
        name = app_id(ends.topic, partition)
        taken, seen = tables.events.transaction_version(name), tables.silver.transaction_version(name)
        if taken is None or taken == seen:
            continue
        rows = rows_from(tables.taken, ends.topic, partition, seen or 0, taken)
        with FileWriter(tables.lake.path(tables.kind.table)) as writer:
            for start in range(0, rows.num_rows, CHUNK_ROWS):
                chunk = rows.slice(start, CHUNK_ROWS)
                with Batch(
                    steps(tables.kind), chunk, tenant_id=tenant_id, ingest_time=ingest_time, overrides=tables.overrides
                ) as batch:
                    writer.write(batch.observe())
            file = writer.finish()
        append_once(tables.silver, table(tables.kind.table), [file] if file else [], [Progress(name, seen, taken)])
        tables.silver.update_incremental()


def app_id(topic: str, partition: int) -> str:
    """Return the transaction id under which the log keeps a partition's progress."""
    return f"{kind_of(topic).name}/{topic}/{partition}"


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


def _commit(tables: Tables, ranges: Sequence[OffsetRange], cleaned: Sequence[CleanedRange], meter: Meter) -> None:
    # Bronze first: silver can be made from bronze, never the other way round.
    progress = [Progress(app_id(each.topic, each.partition), each.recorded, each.end) for each in ranges]
    cost = meter.read(
        ranges[0].topic,
        records=sum(each.count for each in ranges),
        observations=sum(each.observation_count for each in cleaned),
    )
    append_once(tables.events, table(EVENTS), [each.events_file for each in cleaned], progress, cost)
    files: list[DataFile] = [each.observations_file for each in cleaned if each.observations_file]
    append_once(tables.silver, table(tables.kind.table), files, progress)
