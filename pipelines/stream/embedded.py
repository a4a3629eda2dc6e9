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

from pipelines.memory import give_back_freed_memory
from pipelines.stream.batch import Tables
from pipelines.stream.clean import Cleaned, CleanedFiles, Cleaning, RangeCleaner
from pipelines.stream.consume import Patience, divided, require_no_end_before
from pipelines.stream.feed import POLL_S, Feed
from pipelines.stream.identity import TopicIdentity, require_same_topic
from pipelines.stream.known import KnownByHeart
from pipelines.stream.plan import Ends, OffsetRange
from pipelines.stream.recall import Recall

# What waits in all partitions together before the one that has most of it is cleaned: 16 MiB cost a backlog a sixth
# more CPU, for 40 MB less; 64 MiB a tenth less, for 80 MB more.
WAITING_BYTES = 24 * 2**20
# What may be there of one partition before a batch wants it.
AHEAD_BYTES = 12 * 2**20

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
        self._accepted: dict[int, pa.Table] = {}

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
        with CleanedFiles(cleaning) as files:
            cleaners = {
                each.partition: RangeCleaner(cleaning, files, each.topic, each.partition, each.start) for each in ranges
            }
            for partition, chunk in self._chunks({each.partition: each for each in ranges}):
                cleaners[partition].add(chunk)
                if self._stop.is_set():
                    raise Abandoned
            # A topic keeps its id: all that was read is of the one that the plan was made for.
            require_same_topic(self._feed.topic, self._topic_id, self._identity.now())
            self._accepted = {partition: cleaner.own_keys for partition, cleaner in cleaners.items()}
            done = files.finish(cleaners.values())
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
        for partition, keys in self._accepted.items():
            self._recall.add(partition, keys)
        self._accepted = {}

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

    def _chunks(self, ranges: Mapping[int, OffsetRange]) -> Iterator[tuple[int, pa.Table]]:
        waiting = {partition: _Waiting(each) for partition, each in ranges.items()}
        for partition, batch in self._from_ahead(ranges):
            waiting[partition].add(batch)
        patience = Patience(self._feed.address)
        while missing := sum(each.missing for each in waiting.values()):
            while sum(each.size_bytes for each in waiting.values()) >= WAITING_BYTES:
                largest = max(waiting.values(), key=lambda each: each.size_bytes)
                yield largest.partition, largest.take()
            if self._stop.is_set():
                raise Abandoned
            polled = self._feed.poll(missing)
            for partition, batch in polled.records:
                patience.renew()
                self._distribute(waiting, partition, batch)
            for partition, end in polled.ends.items():
                if partition in waiting:
                    require_no_end_before(self._feed, ranges[partition], waiting[partition].next_offset, end)
            patience.require()
        yield from ((partition, each.take()) for partition, each in waiting.items() if each.size_bytes)

    def _distribute(self, waiting: Mapping[int, "_Waiting"], partition: int, batch: pa.RecordBatch) -> None:
        if partition not in waiting:
            self._keep(partition, batch)
            return
        place = waiting[partition]
        wanted, rest = divided(batch, place.range.end)
        if wanted.num_rows:
            place.add(wanted)
        if rest.num_rows:
            require_no_end_before(self._feed, place.range, place.next_offset, rest["offset"][0].as_py())
            self._keep(partition, rest)

    def _keep(self, partition: int, batch: pa.RecordBatch) -> None:
        """Keep what belongs to a later batch; a partition far ahead of the others has to wait for them."""
        ahead = self._ahead[partition]
        ahead.add(batch)
        if partition not in self._paused and ahead.size_bytes > AHEAD_BYTES:
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
    """Records of one range that wait to be a chunk."""

    def __init__(self, wanted: OffsetRange) -> None:
        self.range = wanted
        self.partition = wanted.partition
        self.next_offset = wanted.start
        self.size_bytes = 0
        self._batches: list[pa.RecordBatch] = []

    @property
    def missing(self) -> int:
        return self.range.end - self.next_offset

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self.size_bytes += batch.nbytes
        self.next_offset = batch["offset"][-1].as_py() + 1

    def take(self) -> pa.Table:
        chunk = pa.Table.from_batches(self._batches)
        self._batches, self.size_bytes = [], 0
        return chunk
