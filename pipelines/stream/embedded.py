"""The embedded engine: one process, no JVM; what a stream needs again from batch to batch stays in memory.

What stays, and why it is never wrong:
- the consumer with what it has read ahead: records of a partition in order, which do not change at the broker;
- the state of both tables' logs (`Tables`): a commit is made from it, and refused where it is not the latest;
- the ledger's keys (`Recall`): accepted stays accepted, and another writer's commit has them forgotten.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA
from pipelines.memory import give_back_freed_memory
from pipelines.stream.batch import Tables
from pipelines.stream.clean import Cleaned, Cleaner, Cleaning
from pipelines.stream.consume import Patience, divided, require_no_end_before
from pipelines.stream.feed import POLL_S, Feed
from pipelines.stream.identity import TopicIdentity, require_same_topic
from pipelines.stream.known import KnownByHeart
from pipelines.stream.plan import Ends, OffsetRange
from pipelines.stream.recall import Recall

# What waits of all partitions before it is cleaned: 24 MiB cost a backlog 4 % less CPU, and 30 MB more.
WAITING_BYTES = 16 * 2**20
# What may be there of all partitions together before a batch wants it.
AHEAD_BYTES = 4 * 2**20

# How often to ask whether the broker is still there, and has new partitions; and to give back memory.
LOOK_S = 10.0


class Abandoned(Exception):
    """Told to stop within a batch: it was given up whole, and the next run takes it in."""


class Embedded:
    """Reads a topic and cleans it in this process, for one pair of tables."""

    def __init__(self, feed: Feed, identity: TopicIdentity, tables: Tables, stop: threading.Event) -> None:
        """Prepare; a batch under way when `stop` is set is given up between two chunks."""
        self._feed, self._tables, self._stop = feed, tables, stop
        self._recall = Recall(lambda: tables.ledger)
        self._told = tables.times_told
        self._looked_at = -LOOK_S
        self._identity = identity
        self._topic_id: str | None = None
        self._beginnings: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._ahead: dict[int, _Ahead] = defaultdict(_Ahead)
        self._paused: set[int] = set()
        self._accepted = KNOWN_KEYS_SCHEMA.empty_table()

    @property
    def known(self) -> KnownByHeart:
        """What tells copies, for this engine's batches."""
        if self._told != self._tables.times_told:
            self._recall.forget()
            self._told = self._tables.times_told
        return KnownByHeart(self._tables.ledger, self._recall)

    def wait(self) -> None:
        """Return as soon as there is a record, or soon without one.

        Raises:
            OffsetGap: Kafka has let go of the next record of a partition.
            BrokerUnreachable: The client gave up.
        """
        for partition, batch in self._feed.wait(POLL_S).records:
            self._keep(partition, batch)

    def ends(self) -> Ends:
        """Say how far each partition goes, from what came with its records; the broker is asked only now and then.

        Raises:
            BrokerUnreachable: It does not answer.
        """
        if time.monotonic() - self._looked_at >= LOOK_S:
            self._look()
            give_back_freed_memory()
            self._looked_at = time.monotonic()
        # Kept: while a partition has no leader, as when its broker is shut down, the client knows of no end.
        self._ends = {partition: max(end, self._feed.seen_end(partition)) for partition, end in self._ends.items()}
        return Ends(self._feed.topic, self._beginnings, self._ends, self._topic_id)

    def run(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[Cleaned]:
        """Clean the ranges; the engine of `run_batch`.

        Raises:
            OffsetGap: Kafka does not hold a range, or the topic was made anew meanwhile.
            BrokerUnreachable: The broker stopped answering.
            Abandoned: `stop` was set meanwhile.
        """
        starts = {each.partition: each.start for each in ranges}
        with Cleaner(cleaning, self._feed.topic, starts) as cleaner:
            for chunk in self._chunks({each.partition: each for each in ranges}):
                cleaner.add(chunk)
                del chunk  # it would lie there until the next one is full
                if self._stop.is_set():
                    raise Abandoned
            # A topic keeps its id: all that was read is of the one that the plan was made for.
            require_same_topic(self._feed.topic, self._topic_id, self._identity.now())
            self._accepted = cleaner.own_keys
            done = cleaner.finish()
            return [done] if done else []

    def begin_anew(self) -> None:
        """Forget what was read ahead, and begin again at the lake's progress: a batch was given up half-way."""
        for partition in self._paused:
            self._feed.resume(partition)
        for state in (self._paused, self._ahead, self._beginnings, self._ends):
            state.clear()
        self._looked_at = -LOOK_S

    def committed(self) -> None:
        """Remember what the last batch accepted, now that the lake holds it."""
        self._recall.add(self._accepted)
        self._accepted = KNOWN_KEYS_SCHEMA.empty_table()

    def _look(self) -> None:
        """See which topic it is, and begin to read the partitions that are new."""
        self._topic_id = self._identity.now()
        for partition in self._feed.partitions():
            if partition not in self._beginnings:
                position = self._tables.position(self._feed.topic, partition)
                self._feed.shift(partition, position.shift)
                self._beginnings[partition], self._ends[partition] = self._feed.bounds(partition)
                start = self._beginnings[partition] if position.next is None else position.next
                if self._beginnings[partition] <= start <= self._ends[partition]:  # what is not so, the plan refuses
                    self._feed.start({partition: start})

    def _chunks(self, ranges: Mapping[int, OffsetRange]) -> Iterator[pa.Table]:
        """Give the records of the ranges as they come, those of all partitions together."""
        waiting = _Waiting(ranges)
        for partition, batch in self._from_ahead(ranges):
            waiting.add(partition, batch)
            if waiting.size_bytes >= WAITING_BYTES:
                yield waiting.take()
        patience = Patience(self._feed.address)
        while missing := waiting.missing:
            if self._stop.is_set():
                raise Abandoned
            polled = self._feed.poll(missing)
            for partition, batch in polled.records:
                patience.renew()
                self._distribute(waiting, partition, batch)
            for partition, end in polled.ends.items():
                if partition in ranges:
                    require_no_end_before(self._feed, ranges[partition], waiting.next_offsets[partition], end)
            patience.require()
            if waiting.size_bytes >= WAITING_BYTES:
                yield waiting.take()
        if waiting.size_bytes:
            yield waiting.take()

    def _distribute(self, waiting: "_Waiting", partition: int, batch: pa.RecordBatch) -> None:
        wanted = waiting.ranges.get(partition)
        if wanted is None:
            self._keep(partition, batch)
            return
        rows, rest = divided(batch, wanted.end)
        if rows.num_rows:
            waiting.add(partition, rows)
        if rest.num_rows:
            reached = rest["offset"][0].as_py()
            require_no_end_before(self._feed, wanted, waiting.next_offsets[partition], reached)
            self._keep(partition, rest)

    def _keep(self, partition: int, batch: pa.RecordBatch) -> None:
        """Keep what belongs to a later batch; where much is ahead, its partition has to wait for the others."""
        self._ahead[partition].add(batch)
        if partition not in self._paused and sum(each.size_bytes for each in self._ahead.values()) > AHEAD_BYTES:
            self._feed.pause(partition)
            self._paused.add(partition)

    def _from_ahead(self, ranges: Mapping[int, OffsetRange]) -> Iterator[tuple[int, pa.RecordBatch]]:
        for partition, wanted in ranges.items():
            ahead, next_offset = self._ahead[partition], wanted.start
            for batch in ahead.take(wanted.end):
                next_offset = batch["offset"][-1].as_py() + 1
                yield partition, batch
            if ahead.batches:
                require_no_end_before(self._feed, wanted, next_offset, ahead.batches[0]["offset"][0].as_py())
            elif partition in self._paused:
                self._feed.resume(partition)
                self._paused.discard(partition)


class _Ahead:
    """Records of one partition that came before they were wanted, in order."""

    def __init__(self) -> None:
        self.batches: deque[pa.RecordBatch] = deque()
        self.size_bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self.batches.append(batch)
        self.size_bytes += batch.nbytes

    def take(self, end: int) -> Iterator[pa.RecordBatch]:
        """Give up what lies before an offset."""
        while self.batches and self.batches[0]["offset"][0].as_py() < end:
            batch = self.batches.popleft()
            self.size_bytes -= batch.nbytes
            wanted, rest = divided(batch, end)
            if rest.num_rows:
                self.batches.appendleft(rest)
                self.size_bytes += rest.nbytes
            yield wanted


class _Waiting:
    """Records of a batch's ranges that wait to be a chunk."""

    def __init__(self, ranges: Mapping[int, OffsetRange]) -> None:
        self.ranges = ranges
        self.next_offsets = {partition: each.start for partition, each in ranges.items()}
        self.size_bytes = 0
        self._batches: dict[int, list[pa.RecordBatch]] = defaultdict(list)

    @property
    def missing(self) -> int:
        return sum(each.end - self.next_offsets[partition] for partition, each in self.ranges.items())

    def add(self, partition: int, batch: pa.RecordBatch) -> None:
        self._batches[partition].append(batch)
        self.size_bytes += batch.nbytes
        self.next_offsets[partition] = batch["offset"][-1].as_py() + 1

    def take(self) -> pa.Table:
        """Give up all that waits, one partition after another."""
        chunk = pa.Table.from_batches([batch for _, batches in sorted(self._batches.items()) for batch in batches])
        self._batches.clear()
        self.size_bytes = 0
        return chunk
