"""Records of Kafka partitions through the kernel into data files: what every engine's workers do."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import failpoints
from pipelines.errors import OffsetGap
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch, Judged
from pipelines.kernel.steps import Steps
from pipelines.lake.files import DataFile, FileWriter
from pipelines.places import Place
from pipelines.stream.known import Known

# Large enough that the kernel's fixed costs vanish, small enough that a worker stays under half a gigabyte.
CHUNK_ROWS = 100_000
CHUNK_BYTES = 128 * 2**20


@dataclass(frozen=True)
class CleanedRange:
    """What came of one offset range, counted for the report."""

    topic: str
    partition: int
    start: int
    end: int
    verdicts: dict[str, int]
    observation_count: int
    accepted: tuple[datetime, datetime] | None
    """The first and the last result time of its accepted events."""


@dataclass(frozen=True)
class Cleaned:
    """What a worker made of the ranges that it was given: files that wait for their commit."""

    ranges: tuple[CleanedRange, ...]
    events_file: DataFile
    observations_file: DataFile | None


@dataclass(frozen=True)
class Cleaning:
    """Everything a worker needs to know, as plain data that can travel."""

    steps: Steps
    tenant_id: str
    ingest_time: datetime
    known: Known
    events_folder: Place
    observations_folder: Place
    overrides: pa.Table | None = None
    """What the registry says of single devices, for the kernel."""

    def clean(self, records: Iterable[pa.RecordBatch]) -> Cleaned | None:
        """Clean the records of one Kafka partition, in offset order; None where there are none.

        Raises:
            OffsetGap: An offset is missing between two records.
        """
        chunks = _chunks(records)
        first = next(chunks, None)
        if first is None:
            return None
        topic, partition, start = (first[name][0].as_py() for name in ("topic", "partition", "offset"))
        with Cleaner(self, topic, {partition: start}) as cleaner:
            for chunk in _joined(first, chunks):
                cleaner.add(chunk)
            return cleaner.finish()


class Cleaner:
    """Cleans ranges of one topic into a file of each table, chunk by chunk, each of which is a row group then.

    A chunk may hold some of each partition's. Leaving the block with an error removes the files.
    """

    def __init__(self, cleaning: Cleaning, topic: str, starts: Mapping[int, int]) -> None:
        """Begin at an offset of each partition; nothing is on disk before the first chunk."""
        self._cleaning, self._topic = cleaning, topic
        self._events, self._silver = FileWriter(cleaning.events_folder), FileWriter(cleaning.observations_folder)
        self._starts, self._next_offsets = starts, dict(starts)
        self._verdicts: Counter[tuple[int, str]] = Counter()
        self._observations: Counter[int] = Counter()
        self.own_keys = KNOWN_KEYS_SCHEMA.empty_table()
        """The events accepted so far, which no commit has made part of the ledger yet."""

    def __enter__(self) -> Self:
        """Hand out the cleaner."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the files where the block failed."""
        self._events.__exit__(kind, error, at)
        self._silver.__exit__(kind, error, at)

    def add(self, chunk: pa.Table) -> None:
        """Clean the records that follow, which are in offset order within each partition.

        Raises:
            OffsetGap: They do not follow, or an offset is missing between them.
        """
        self._next_offsets |= {partition: self._after(chunk, partition) for partition in _partitions(chunk)}
        cleaning = self._cleaning
        with Batch(
            cleaning.steps, chunk, tenant_id=cleaning.tenant_id, ingest_time=cleaning.ingest_time,
            overrides=cleaning.overrides,
        ) as batch:  # fmt: skip
            judged = cleaning.known.judge(batch, self.own_keys)
        failpoints.reach(failpoints.Seam.CLEANED)
        self._events.write(judged.events)
        self._silver.write(judged.silver)
        self._count(judged)
        self.own_keys = pa.concat_tables([self.own_keys, judged.accepted_keys])

    def finish(self) -> Cleaned | None:
        """Close the files and say what came of each range; None where there were no records."""
        events_file = self._events.finish()
        if events_file is None:
            return None
        ranges = [self._cleaned(*each) for each in self._starts.items() if self._next_offsets[each[0]] > each[1]]
        return Cleaned(tuple(ranges), events_file, self._silver.finish())

    def _after(self, chunk: pa.Table, partition: int) -> int:
        """Return the offset after the partition's records, which must run on without a hole."""
        offsets = chunk["offset"].filter(pc.equal(chunk["partition"], partition))
        expected, first, last = self._next_offsets[partition], offsets[0].as_py(), offsets[-1].as_py()
        if first != expected or last - first + 1 != len(offsets):
            got = first if first != expected else _hole(offsets.to_pylist())
            raise OffsetGap(self._topic, partition, expected, got)
        return int(last + 1)

    def _count(self, judged: Judged) -> None:
        for partition in _partitions(judged.events):
            verdicts = judged.events["verdict"].filter(pc.equal(judged.events["partition"], partition))
            self._verdicts.update({(partition, verdict): count for verdict, count in _counts(verdicts)})
        self._observations.update(dict(_counts(judged.silver["partition"])))

    def _cleaned(self, partition: int, start: int) -> CleanedRange:
        own_times = self.own_keys["result_time"].filter(pc.equal(self.own_keys["partition"], partition))
        times = pc.min_max(own_times).as_py()
        return CleanedRange(
            self._topic, partition, start, self._next_offsets[partition],
            {verdict: count for (of, verdict), count in self._verdicts.items() if of == partition},
            self._observations[partition],
            (times["min"], times["max"]) if times["min"] else None,
        )  # fmt: skip


def _partitions(rows: pa.Table) -> list[int]:
    partitions: list[int] = rows["partition"].unique().to_pylist()
    return partitions


def _counts(values: pa.ChunkedArray) -> Iterator[tuple[Any, int]]:
    return ((each["values"], each["counts"]) for each in pc.value_counts(values).to_pylist())


def _hole(offsets: list[int]) -> int:
    return next(after for before, after in pairwise(offsets) if after != before + 1)


def _joined(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _chunks(records: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    rows = size_bytes = 0
    for batch in records:
        if batch.num_rows == 0:
            continue
        waiting.append(batch)
        rows += batch.num_rows
        size_bytes += batch.nbytes
        if rows >= CHUNK_ROWS or size_bytes >= CHUNK_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, rows, size_bytes = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting)
