"""What a process that goes on knows of the ledger without reading it again: the latest events, and those of any time.

Nothing here can be out of date: an event that the lake has accepted stays accepted, so a key once remembered is true
for ever, and whoever adds keys says so (`add`) or has everything forgotten (`forget`). What is told apart by a hash is
read from the ledger's own files before it counts.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.copies import SAME_EVENT_WITHIN
from pipelines.kernel.flags import Indices, Truths
from pipelines.kernel.repeats import Numbers, identity_numbers
from pipelines.lake.ledger import LedgerFile, known_keys

RECENT_ROWS = 20_000
# Eight bytes an event: an hour and a half of 2,300 a second, as far back as copies are told where times are now.
REMEMBERED_BYTES = 96 * 2**20
# What had no part in so many events, those of all partitions together, is not kept until the room is full.
UNUSED_EVENTS = 1_000_000

# Times are remembered a stretch of them at once: short ones keep less that is too old, long ones are fewer to look up.
_SPAN = timedelta(minutes=30)
_SPAN_US = _SPAN // timedelta(microseconds=1)
_REACH = range(-(SAME_EVENT_WITHIN // _SPAN), SAME_EVENT_WITHIN // _SPAN + 1)


class Recall:
    """The keys of one topic's accepted events, as far as they have been asked for."""

    def __init__(self, files: Callable[[], Sequence[LedgerFile]]) -> None:
        """Remember nothing yet; `files` says which files the ledger has now."""
        self._files = files
        self._recent: dict[int, pa.Table] = {}
        self._spans: OrderedDict[tuple[int, int], _Prints] = OrderedDict()
        self._asked = 0

    def forget(self) -> None:
        """Forget everything: somebody else has added to the ledger."""
        self._recent.clear()
        self._spans.clear()

    def recent(self, partition: int) -> pa.Table | None:
        """Return the keys added last, None where there are none."""
        return self._recent.get(partition)

    def add(self, partition: int, keys: pa.Table) -> None:
        """Remember keys that are in the ledger's files from now on."""
        before = self._recent.get(partition)
        rows = keys if before is None else pa.concat_tables([before, keys])
        if rows.num_rows > 2 * RECENT_ROWS:
            past, rows = rows.slice(0, rows.num_rows - RECENT_ROWS), rows.slice(rows.num_rows - RECENT_ROWS)
            self._recent[partition] = rows.combine_chunks()
            # What is not remembered is read when it is asked for.
            self._file(partition, past, {span for place, span in self._spans if place == partition})
        else:
            self._recent[partition] = rows

    def older(self, partition: int, events: pa.Table) -> pa.Table | None:
        """Return what the ledger holds of the same identities near these events and `recent` does not; None if nothing.

        Shape: `events` has event_key and result_time; the answer is as that of `known_keys`, and may hold more.
        """
        if events.num_rows == 0:
            return None
        prints, spans = identity_numbers(events["event_key"]), _spans(events["result_time"])
        asked = np.unique(spans)
        near = sorted({span + step for span in asked.tolist() for step in _REACH})
        self._read(partition, near)
        found = np.zeros(len(prints), np.bool_)
        for span in asked.tolist():
            rows = np.flatnonzero(spans == span)
            for step in _REACH:
                found[rows] |= self._spans[partition, span + step].hold(prints[rows])
        self._asked += events.num_rows
        self._use(partition, near)
        self._let_go()
        if not found.any():
            return None
        suspects = events.filter(pa.array(found))
        span = pc.min_max(suspects["result_time"]).as_py()
        known = known_keys(self._files(), partition, (span["min"], span["max"]))
        return known.filter(pa.array(np.isin(identity_numbers(known["event_key"]), prints[found])))

    def _read(self, partition: int, near: Sequence[int]) -> None:
        """Read those spans that are not remembered."""
        missing = {span for span in near if (partition, span) not in self._spans}
        for span in missing:
            self._spans[partition, span] = _Prints()
        for first, last in _stretches(missing):
            low, high = (pa.scalar(span * _SPAN_US, pa.timestamp("us", tz="UTC")).as_py() for span in (first, last + 1))
            known = known_keys(self._files(), partition, (low, high), margin=timedelta(0))
            recent = self._recent.get(partition)
            if recent is not None:
                known = known.filter(pc.invert(pc.is_in(known["event_key"], recent["event_key"].combine_chunks())))
            self._file(partition, known, missing)

    def _file(self, partition: int, keys: pa.Table, chosen: set[int]) -> None:
        if keys.num_rows == 0:
            return
        spans, prints = _spans(keys["result_time"]), identity_numbers(keys["event_key"])
        for span in np.unique(spans).tolist():
            if span in chosen:
                self._spans[partition, span].add(prints[spans == span])

    def _use(self, partition: int, near: Sequence[int]) -> None:
        """Move what is used to the end: what was not used for longest comes first."""
        for span in near:
            self._spans.move_to_end((partition, span))
            self._spans[partition, span].used_at = self._asked

    def _let_go(self) -> None:
        """Forget what was not used for longest, as far as that is long ago or all of it too much."""
        size_bytes = sum(each.size_bytes for each in self._spans.values())
        while len(self._spans) > 1:
            longest = next(iter(self._spans.values()))
            if size_bytes <= REMEMBERED_BYTES and self._asked - longest.used_at <= UNUSED_EVENTS:
                break
            self._spans.popitem(last=False)
            size_bytes -= longest.size_bytes


class _Prints:
    """A bag of hashes that grows cheaply: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []
        self.used_at = 0

    @property
    def size_bytes(self) -> int:
        return 128 + sum(run.nbytes for run in self._runs)

    def add(self, prints: Numbers) -> None:
        run = np.sort(prints)
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)

    def hold(self, prints: Numbers) -> Truths:
        found = np.zeros(len(prints), np.bool_)
        for run in self._runs:
            at = np.searchsorted(run, prints)
            found |= run[np.minimum(at, len(run) - 1)] == prints
        return found


def _spans(times: pa.ChunkedArray) -> Indices:
    spans: Indices = times.cast(pa.int64()).to_numpy() // _SPAN_US
    return spans


def _stretches(spans: set[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive spans."""
    stretches: list[tuple[int, int]] = []
    for span in sorted(spans):
        if stretches and span == stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], span)
        else:
            stretches.append((span, span))
    return stretches
