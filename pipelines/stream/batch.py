"""One batch, whole: read the lake's progress, bring silver level, plan, run, commit bronze, then silver."""

from collections.abc import Callable, Sequence
from datetime import datetime

from deltalake import DeltaTable

from pipelines import failpoints
from pipelines.contracts.tables import table
from pipelines.contracts.topics import TELEMETRY, TopicKind
from pipelines.errors import LakeDamaged, OffsetGap
from pipelines.kernel.batch import Batch
from pipelines.kernel.steps import steps
from pipelines.lake.access import catch_up
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.cost import Meter
from pipelines.lake.files import DataFile, FileWriter
from pipelines.lake.ledger import LedgerFile, ledger_file, ledger_files, rows_from
from pipelines.lake.overrides import DEVICES, SCHEMA, device_overrides
from pipelines.lake.tables import Lake
from pipelines.stream.clean import CHUNK_ROWS, Cleaned, CleanedRange, Cleaning
from pipelines.stream.known import Known, KnownFromFiles
from pipelines.stream.loss import Position
from pipelines.stream.plan import Ends, OffsetRange, plan
from pipelines.stream.position import app_id, identified, position

Engine = Callable[[Sequence[OffsetRange], Cleaning], list[Cleaned]]
"""Runs the cleaning over ranges, however it likes, and returns one result a worker."""

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
        catch_up(self.events, self.lake.path(EVENTS))
        catch_up(self.silver, self.lake.path(self.kind.table))
        if self.events.version() != version:
            self._relist()
        self._refresh_redrives()
        self._refresh_registry()

    def committed(self, cleaned: Sequence[Cleaned], progress: Sequence[Progress], noted: Sequence[Progress]) -> None:
        """Take note of a commit of our own: of its files, of both tables' progress, and what bronze noted besides."""
        version = self.events.version()
        for snapshot, moved in ((self.events, [*progress, *noted]), (self.silver, progress)):
            snapshot.update_incremental()
            snapshot.moved_on({each.app_id: each.next for each in moved})
        if self.events.version() == version + 1:
            self._taken.extend(map(self._ledger_file, cleaned))
        else:
            self._relist()

    def _ledger_file(self, cleaned: Cleaned) -> LedgerFile:
        file = cleaned.events_file
        accepted = {each.partition: each.accepted for each in cleaned.ranges if each.accepted}
        return ledger_file(self.lake.path(EVENTS) / file.name, file.statistics, accepted)

    def position(self, topic: str, partition: int, topic_id: str | None = None) -> Position:
        """Return where the lake stands in a partition of the topic that has this id now."""
        return position(self.events, topic, partition, topic_id)

    def shifts(self, ends: Ends) -> dict[int, int]:
        """Return how far the lake's count of offsets is ahead of the broker's, by partition."""
        return {each: self.position(ends.topic, each).shift for each in ends.ends}

    def _relist(self) -> None:
        self.times_told += 1
        self._taken = ledger_files(self.events, self.lake.path(EVENTS))

    def _refresh_redrives(self) -> None:
        before = self.redrives.version() if self.redrives else None
        if self.redrives is not None:
            catch_up(self.redrives, self.lake.path(REDRIVES))
        elif self.lake.exists(REDRIVES):
            self.redrives = self.lake.open(REDRIVES)
        if self.redrives is not None and self.redrives.version() != before:
            self.times_told += 1
            self._redriven = ledger_files(self.redrives, self.lake.path(REDRIVES))

    def _refresh_registry(self) -> None:
        before = self._devices.version() if self._devices else None
        if self._devices is not None:
            catch_up(self._devices, self.lake.path(DEVICES))
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
        OffsetGap: Records are missing, or Kafka has another topic of that name; nothing was committed.
        WriterConflict: Another writer was faster; nothing, or bronze alone, was committed.
        LakeDamaged: Bronze has lost commits that silver has seen.
    """
    level_silver(tables, ends, tenant_id=tenant_id, ingest_time=ingest_time)
    positions = {each: tables.position(ends.topic, each, ends.topic_id) for each in ends.ends}
    ranges = plan(ends, positions=positions, max_records=max_records)
    if not ranges:
        return []
    failpoints.reach(failpoints.Seam.PLANNED)
    meter = Meter()
    folders = tables.lake.path(EVENTS), tables.lake.path(tables.kind.table)
    known = known or KnownFromFiles(tables.ledger)
    cleaning = Cleaning(steps(tables.kind), tenant_id, ingest_time, known, *folders, tables.overrides)
    cleaned = engine(ranges, cleaning)
    done = [each for worker in cleaned for each in worker.ranges]
    _all_read(ranges, done)
    failpoints.reach(failpoints.Seam.WRITTEN)
    progress, noted = _commit(tables, ranges, cleaned, meter, ends.topic_id)
    failpoints.reach(failpoints.Seam.SILVER_COMMITTED)
    tables.committed(cleaned, progress, noted)
    failpoints.reach(failpoints.Seam.NOTED)
    return done


def level_silver(tables: Tables, ends: Ends, *, tenant_id: str, ingest_time: datetime) -> None:
    """Bring silver level with bronze, from bronze's own bytes and verdicts, where a crash came between the two.

    Raises:
        LakeDamaged: Silver is ahead: bronze has lost commits.
    """
    for partition in sorted(ends.ends):
        name = app_id(ends.topic, partition)
        taken, seen = tables.events.transaction_version(name), tables.silver.transaction_version(name)
        if seen is not None and (taken is None or taken < seen):
            # Taken in once more, the records between would be in silver twice.
            raise LakeDamaged(
                EVENTS, "_delta_log", f"progress {seen} of {name}, as {tables.kind.table} has", str(taken)
            )
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
        failpoints.reach(failpoints.Seam.LEVEL_WRITTEN)
        append_once(tables.silver, table(tables.kind.table), [file] if file else [], [Progress(name, seen, taken)])
        failpoints.reach(failpoints.Seam.LEVELLED)
        tables.silver.update_incremental()


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
    tables: Tables,
    ranges: Sequence[OffsetRange],
    cleaned: Sequence[Cleaned],
    meter: Meter,
    topic_id: str | None,
) -> tuple[list[Progress], list[Progress]]:
    """Commit to both tables; return their progress, and what bronze notes besides."""
    # Bronze first: silver can be made from bronze, never the other way round.
    progress = [Progress(app_id(each.topic, each.partition), each.recorded, each.end) for each in ranges]
    cost = meter.read(
        ranges[0].topic,
        records=sum(each.count for each in ranges),
        observations=sum(each.observation_count for worker in cleaned for each in worker.ranges),
    )
    noted = identified(tables.events, ranges[0].topic, [each.partition for each in ranges], topic_id)
    append_once(tables.events, table(EVENTS), [each.events_file for each in cleaned], [*progress, *noted], cost)
    failpoints.reach(failpoints.Seam.BRONZE_COMMITTED)
    files: list[DataFile] = [each.observations_file for each in cleaned if each.observations_file]
    append_once(tables.silver, table(tables.kind.table), files, progress)
    return progress, noted
