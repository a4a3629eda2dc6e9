"""Records of Kafka partitions through the kernel into data files: what every engine's workers do."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import TracebackType
from typing import Self

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
        with CleanedFiles(self) as files:
            cleaner = RangeCleaner(self, files, topic, partition, start)
            for chunk in _joined(first, chunks):
                cleaner.add(chunk)
            return files.finish([cleaner])


class CleanedFiles:
    """The two files of a worker, for all of its ranges; leaving the block with an error removes them."""

    def __init__(self, cleaning: Cleaning) -> None:
        """Prepare; nothing is on disk before the first chunk."""
        self._events = FileWriter(cleaning.events_folder)
        self._observations = FileWriter(cleaning.observations_folder)

    def __enter__(self) -> Self:
        """Hand out the files."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the files where the block failed."""
        self._events.__exit__(kind, error, at)
        self._observations.__exit__(kind, error, at)

    def write(self, judged: Judged) -> None:
        """Write a chunk of one partition, which is a row group then."""
        self._events.write(judged.events)
        self._observations.write(judged.silver)

    def finish(self, cleaners: Iterable["RangeCleaner"]) -> Cleaned | None:
        """Close the files and say what is in them; None where there were no records."""
        events_file = self._events.finish()
        if events_file is None:
            return None
        ranges = tuple(cleaner.cleaned for cleaner in cleaners if cleaner.has_records)
        return Cleaned(ranges, events_file, self._observations.finish())


class RangeCleaner:
    """Cleans one range, a chunk after another."""

    def __init__(self, cleaning: Cleaning, files: CleanedFiles, topic: str, partition: int, start: int) -> None:
        """Begin at an offset."""
        self._cleaning, self._files = cleaning, files
        self._topic, self._partition, self._start = topic, partition, start
        self._next_offset = start
        self._verdicts: Counter[str] = Counter()
        # The events accepted so far, which no commit has made part of the ledger yet.
        self.own_keys = KNOWN_KEYS_SCHEMA.empty_table()
        self._observation_count = 0

    def add(self, chunk: pa.Table) -> None:
        """Clean the records that follow.

        Raises:
            OffsetGap: They do not follow, or an offset is missing between them.
        """
        self._next_offset = _contiguous(chunk, self._next_offset)
        cleaning = self._cleaning
        with Batch(
            cleaning.steps, chunk, tenant_id=cleaning.tenant_id, ingest_time=cleaning.ingest_time,
            overrides=cleaning.overrides,
        ) as batch:  # fmt: skip
            judged = cleaning.known.judge(batch, self._partition, self.own_keys)
        failpoints.reach(failpoints.Seam.CLEANED)
        self._files.write(judged)
        self._verdicts.update(_counts(judged.events["verdict"]))
        self._observation_count += judged.silver.num_rows
        self.own_keys = pa.concat_tables([self.own_keys, _accepted_keys(judged)])

    @property
    def has_records(self) -> bool:
        """Say whether any have come."""
        return self._next_offset > self._start

    @property
    def cleaned(self) -> CleanedRange:
        """What has come of the range so far."""
        times = pc.min_max(self.own_keys["result_time"]).as_py()
        return CleanedRange(
            self._topic, self._partition, self._start, self._next_offset, dict(self._verdicts), self._observation_count,
            (times["min"], times["max"]) if times["min"] else None,
        )  # fmt: skip


def _accepted_keys(judged: Judged) -> pa.Table:
    is_accepted = pc.equal(judged.events["verdict"], "accepted")
    return judged.events.select(KNOWN_KEYS_SCHEMA.names).filter(is_accepted)


def _counts(verdicts: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(verdicts).to_pylist()}


def _contiguous(chunk: pa.Table, expected: int) -> int:
    """Return the offset after the chunk, which must run on from `expected` without a hole."""
    offsets = chunk["offset"]
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    if first != expected or last - first + 1 != len(offsets):
        topic, partition = chunk["topic"][0].as_py(), chunk["partition"][0].as_py()
        raise OffsetGap(topic, partition, expected, first if first != expected else _hole(offsets.to_pylist()))
    return int(last + 1)


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
