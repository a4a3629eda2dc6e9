"""One Kafka partition's records through the kernel into data files: what every engine's workers do."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import OffsetGap
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch, Judged
from pipelines.kernel.steps import Steps
from pipelines.lake.files import DataFile, FileWriter
from pipelines.lake.ledger import LedgerFile, known_keys

# Large enough that the kernel's fixed costs vanish, small enough that a worker stays under half a gigabyte.
CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class CleanedRange:
    """What a worker made of one offset range: files that wait for their commit, and the counts for the report."""

    topic: str
    partition: int
    start: int
    end: int
    verdicts: dict[str, int]
    observation_count: int
    events_file: DataFile
    observations_file: DataFile | None


@dataclass(frozen=True)
class Cleaning:
    """Everything a worker needs to know, as plain data that can travel."""

    steps: Steps
    tenant_id: str
    ingest_time: datetime
    ledger: tuple[LedgerFile, ...]
    events_folder: Path
    observations_folder: Path

    def clean(self, records: Iterable[pa.RecordBatch]) -> CleanedRange | None:
        """Clean the records of one Kafka partition, in offset order; None where there are none.

        Raises:
            OffsetGap: An offset is missing between two records.
        """
        chunks = _chunks(records)
        first = next(chunks, None)
        if first is None:
            return None
        topic, partition, start = (first[name][0].as_py() for name in ("topic", "partition", "offset"))
        with (
            FileWriter(self.events_folder) as events,
            FileWriter(self.observations_folder) as observations,
        ):
            verdicts: Counter[str] = Counter()
            own_keys = KNOWN_KEYS_SCHEMA.empty_table()
            next_offset, observation_count = start, 0
            for chunk in _joined(first, chunks):
                next_offset = _contiguous(chunk, next_offset)
                judged = self._judged(chunk, own_keys)
                events.write(judged.events)
                observations.write(judged.observations)
                verdicts.update(_counts(judged.events["verdict"]))
                observation_count += judged.observations.num_rows
                own_keys = pa.concat_tables([own_keys, _accepted_keys(judged)])
            events_file = events.finish()
            if events_file is None:
                return None
            return CleanedRange(
                topic, partition, start, next_offset, dict(verdicts), observation_count, events_file,
                observations.finish(),
            )  # fmt: skip

    def _judged(self, chunk: pa.Table, own_keys: pa.Table) -> Judged:
        with Batch(self.steps, chunk, tenant_id=self.tenant_id, ingest_time=self.ingest_time) as batch:
            result_times = batch.result_times()
            if result_times is None:
                return batch.judge(own_keys)
            partition = chunk["partition"][0].as_py()
            return batch.judge(pa.concat_tables([known_keys(self.ledger, partition, result_times), own_keys]))


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
    rows = 0
    for batch in records:
        if batch.num_rows == 0:
            continue
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= CHUNK_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
