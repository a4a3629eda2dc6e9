"""What a process that goes on knows of the ledger without reading it again: the latest events, and those of any time.

Nothing here can be out of date: an event that the lake has accepted stays accepted, so a key once remembered is true
for ever, and whoever adds keys says so (`add`) or has everything forgotten (`forget`). What is told apart by a hash is
read from the ledger's own files before it counts.
"""

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA
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

_Place = tuple[int, int]
"""A partition, and a span of time."""


class Recall:
    """The keys of one topic's accepted events, as far as they have been asked for."""

    def __init__(self, files: Callable[[], Sequence[LedgerFile]]) -> None:
        """Remember nothing yet; `files` says which files the ledger has now."""
        self._files = files
        self.recent = KNOWN_KEYS_SCHEMA.empty_table()
        """The keys added last, of all partitions."""
        self._spans: OrderedDict[_Place, _Prints] = OrderedDict()
        self._asked = 0

    def forget(self) -> None:
        """Forget everything: somebody else has added to the ledger."""
        self.recent = KNOWN_KEYS_SCHEMA.empty_table()
        self._spans.clear()

    def add(self, keys: pa.Table) -> None:
        """Remember keys (`KNOWN_KEYS_SCHEMA`) that are in the ledger's files from now on."""
        self.recent = pa.concat_tables([self.recent, keys])
        count = self.recent.num_rows
        if count > 2 * RECENT_ROWS:
            past, self.recent = self.recent.slice(0, count - RECENT_ROWS), self.recent.slice(count - RECENT_ROWS)
            self.recent = self.recent.combine_chunks()
            # What is not remembered is read when it is asked for.
            self._file(past, set(self._spans))

    def older(self, events: pa.Table) -> pa.Table | None:
        """Return what the ledger holds of the same identities near these events and `recent` does not; None if nothing.

        Shape: `events` as `KNOWN_KEYS_SCHEMA`; the answer is as that of `known_keys`, and may hold more.
        """
        if events.num_rows == 0:
            return None
        prints, asked = identity_numbers(events["event_key"]), _rows_by_place(events)
        near = sorted({(partition, span + step) for partition, span in asked for step in _REACH})
        self._read(near)
        found = np.zeros(len(prints), np.bool_)
        for (partition, span), rows in asked.items():
            for step in _REACH:
                found[rows] |= self._spans[partition, span + step].hold(prints[rows])
        self._asked += events.num_rows
        self._use(near)
        self._let_go()
        if not found.any():
            return None
        suspects = events.filter(pa.array(found))
        times = pc.min_max(suspects["result_time"]).as_py()
        known = known_keys(self._files(), suspects["partition"].unique().to_pylist(), (times["min"], times["max"]))
        return known.filter(pa.array(np.isin(identity_numbers(known["event_key"]), prints[found])))

    def _read(self, near: Iterable[_Place]) -> None:
        """Read what is not remembered of those places."""
        missing = {place for place in near if place not in self._spans}
        for place in missing:
            self._spans[place] = _Prints()
        for first, last in _stretches({span for _, span in missing}):
            low, high = (pa.scalar(span * _SPAN_US, pa.timestamp("us", tz="UTC")).as_py() for span in (first, last + 1))
            partitions = sorted({partition for partition, span in missing if first <= span <= last})
            known = known_keys(self._files(), partitions, (low, high), margin=timedelta(0))
            self._file(self._not_recent(known), missing)

    def _not_recent(self, keys: pa.Table) -> pa.Table:
        """Leave out what is recent; a key that is recent of another partition stays."""
        at = pc.index_in(keys["event_key"], self.recent["event_key"].combine_chunks())
        is_recent = pc.equal(self.recent["partition"].take(at), keys["partition"])
        return keys.filter(pc.invert(is_recent.fill_null(False)))

    def _file(self, keys: pa.Table, chosen: Container[_Place]) -> None:
        if keys.num_rows == 0:
            return
        prints = identity_numbers(keys["event_key"])
        for place, rows in _rows_by_place(keys).items():
            if place in chosen:
                self._spans[place].add(prints[rows])

    def _use(self, near: Iterable[_Place]) -> None:
        """Move what is used to the end: what was not used for longest comes first."""
        for place in near:
            self._spans.move_to_end(place)
            self._spans[place].used_at = self._asked

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


def _rows_by_place(keys: pa.Table) -> dict[_Place, Indices]:
    """Return which rows are of each partition and span; there are some."""
    partitions, spans = keys["partition"].to_numpy(), keys["result_time"].cast(pa.int64()).to_numpy() // _SPAN_US
    order = np.lexsort((spans, partitions))
    is_first = (np.diff(partitions[order]) != 0) | (np.diff(spans[order]) != 0)
    return {
        (int(partitions[rows[0]]), int(spans[rows[0]])): rows for rows in np.split(order, np.flatnonzero(is_first) + 1)
    }


def _stretches(spans: set[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive spans."""
    stretches: list[tuple[int, int]] = []
    for span in sorted(spans):
        if stretches and span == stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], span)
        else:
            stretches.append((span, span))
    return stretches
