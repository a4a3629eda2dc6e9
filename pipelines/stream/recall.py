"""What a process that goes on knows of the ledger without reading it again: the latest events, and those of each hour.

Nothing here can be out of date: an event that the lake has accepted stays accepted, so a key once remembered is true
for ever, and whoever adds keys says so (`add`) or has everything forgotten (`forget`). What is told apart by a hash is
read from the ledger's own files before it counts.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.flags import Indices, Truths
from pipelines.kernel.repeats import Numbers, identity_numbers
from pipelines.lake.ledger import LedgerFile, known_keys

RECENT_ROWS = 20_000
# Eight bytes an event.
REMEMBERED_BYTES = 64 * 2**20

_HOUR_US = 3_600_000_000


class Recall:
    """The keys of one topic's accepted events, as far as they have been asked for."""

    def __init__(self, files: Callable[[], Sequence[LedgerFile]]) -> None:
        """Remember nothing yet; `files` says which files the ledger has now."""
        self._files = files
        self._recent: dict[int, pa.Table] = {}
        self._hours: OrderedDict[tuple[int, int], _Prints] = OrderedDict()

    def forget(self) -> None:
        """Forget everything: somebody else has added to the ledger."""
        self._recent.clear()
        self._hours.clear()

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
            # An hour that is not remembered is read when it is asked for.
            self._file(partition, past, {hour for place, hour in self._hours if place == partition})
        else:
            self._recent[partition] = rows

    def older(self, partition: int, events: pa.Table) -> pa.Table | None:
        """Return what the ledger holds of the same identities near these events and `recent` does not; None if nothing.

        Shape: `events` has event_key and result_time; the answer is as that of `known_keys`, and may hold more.
        """
        if events.num_rows == 0:
            return None
        prints, hours = identity_numbers(events["event_key"]), _hours(events["result_time"])
        asked = np.unique(hours)
        self._read(partition, asked)
        found = np.zeros(len(prints), np.bool_)
        for hour in asked.tolist():
            rows = np.flatnonzero(hours == hour)
            for neighbour in (hour - 1, hour, hour + 1):
                found[rows] |= self._hours[partition, neighbour].hold(prints[rows])
        self._let_go(partition, asked)
        if not found.any():
            return None
        suspects = events.filter(pa.array(found))
        span = pc.min_max(suspects["result_time"]).as_py()
        known = known_keys(self._files(), partition, (span["min"], span["max"]))
        return known.filter(pa.array(np.isin(identity_numbers(known["event_key"]), prints[found])))

    def _read(self, partition: int, asked: Indices) -> None:
        """Read the hours around those asked for that are not remembered."""
        wanted = {hour + step for hour in asked.tolist() for step in (-1, 0, 1)}
        missing = {hour for hour in wanted if (partition, hour) not in self._hours}
        for hour in missing:
            self._hours[partition, hour] = _Prints()
        for first, last in _stretches(missing):
            low, high = (pa.scalar(hour * _HOUR_US, pa.timestamp("us", tz="UTC")).as_py() for hour in (first, last + 1))
            known = known_keys(self._files(), partition, (low, high))
            recent = self._recent.get(partition)
            if recent is not None:
                known = known.filter(pc.invert(pc.is_in(known["event_key"], recent["event_key"].combine_chunks())))
            self._file(partition, known, missing)

    def _file(self, partition: int, keys: pa.Table, chosen: set[int]) -> None:
        if keys.num_rows == 0:
            return
        hours, prints = _hours(keys["result_time"]), identity_numbers(keys["event_key"])
        for hour in np.unique(hours).tolist():
            if hour in chosen:
                self._hours[partition, hour].add(prints[hours == hour])

    def _let_go(self, partition: int, asked: Indices) -> None:
        """Move the hours asked for to the end, and forget those not asked for longest where they are too many."""
        for hour in asked.tolist():
            self._hours.move_to_end((partition, hour))
        while sum(each.size_bytes for each in self._hours.values()) > REMEMBERED_BYTES and len(self._hours) > 1:
            self._hours.popitem(last=False)


class _Prints:
    """A bag of hashes that grows cheaply: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []

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


def _hours(times: pa.ChunkedArray) -> Indices:
    hours: Indices = times.cast(pa.int64()).to_numpy() // _HOUR_US
    return hours


def _stretches(hours: set[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive hours."""
    stretches: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if stretches and hour == stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], hour)
        else:
            stretches.append((hour, hour))
    return stretches
