"""Somebody who looks at the tables all the while: sees that each version is whole, and that none goes back.

Runs beside the pipeline as a process of its own. Lines of JSON on stdin tell it what to do: `{"watch": FOLDER, "steps":
FILE}` begins to look at a lake, `{"stop": true}` ends that and is answered with `looks` and `breaches`. FILE is a table
of (partition, offset, observations, total): how many observations each message brings, and the sum of their values.
"""

import json
import select
import sys
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.chaos.checker import BRONZE, SILVER
from pipelines.chaos.delta_log import Broken, DeltaLog, Version

PAUSE_S = 0.05
# A version that stands still is read again at every so many looks.
_AGAIN_EVERY = 10
_PREFIX = "telemetry/"

Figures = list[tuple[int, int, float]]
"""Of each partition: its number, rows, and first offset (bronze) or sum of values (silver)."""


@dataclass
class _Watched:
    """One table as it was seen so far."""

    log: DeltaLog
    version: int = -1
    figures: dict[int, Figures] = field(default_factory=dict)


class Reader:
    """Looks at one lake again and again."""

    def __init__(self, lake: Path, steps: Path) -> None:
        """Take note of what there must be after each offset."""
        self.looks, self.breaches = 0, dict[str, None]()
        self._bronze, self._silver = _Watched(DeltaLog(lake / BRONZE)), _Watched(DeltaLog(lake / SILVER))
        self._after = _after(steps)
        self._seen = (-1, -1)
        self._session = duckdb.connect()

    def look(self) -> None:
        """Read the latest version of both tables, and hold each to being whole."""
        try:
            # Silver first: what it shows must be in a bronze that is looked at later.
            silver = self._next(self._silver, "silver")
            bronze = self._next(self._bronze, "bronze")
            if silver is None or bronze is None:
                return
            self.looks += 1
            versions = silver.number, bronze.number
            if versions == self._seen and self.looks % _AGAIN_EVERY:
                return
            self._seen = versions
            self._hold_silver(silver)
            self._hold_bronze(bronze)
            ahead = {key for key, end in _streamed(silver).items() if end > bronze.progress.get(key, 0)}
            if ahead:
                self._breach(f"silver is ahead of bronze in {sorted(ahead)}")
        except (Broken, OSError, duckdb.Error) as cause:
            self._breach(f"a reader met {cause}")

    def _next(self, watched: _Watched, name: str) -> Version | None:
        latest = watched.log.latest()
        if latest < watched.version:
            self._breach(f"{name} went back from version {watched.version} to {latest}")
        watched.version = latest
        return watched.log.at(latest) if latest >= 0 else None

    def _hold_bronze(self, version: Version) -> None:
        figures = self._figures(self._bronze, version, 'count(distinct "offset"), min("offset")')
        expected = [(_partition(key), end, 0.0) for key, end in sorted(_streamed(version).items())]
        if [each for each in expected if each[1]] != figures:
            self._breach(f"bronze version {version.number} holds {figures}, its log says {expected}")

    def _hold_silver(self, version: Version) -> None:
        figures = self._figures(self._silver, version, "count(*), coalesce(sum(value), 0)")
        held = {partition: (rows, total) for partition, rows, total in figures}
        for key, end in _streamed(version).items():
            partition = _partition(key)
            rows, total = self._after[partition][end]
            got_rows, got_total = held.get(partition, (0, 0.0))
            if rows != got_rows or abs(total - got_total) > 1e-6 * max(1.0, abs(total)):
                self._breach(
                    f"silver version {version.number} holds {got_rows} observations of partition {partition}, "
                    f"{rows} were meant up to offset {end}"
                )

    def _figures(self, watched: _Watched, version: Version, what: str) -> Figures:
        paths = [str(watched.log.folder / name) for name in version.files]
        found: Figures = []
        if paths:
            query = f'select "partition", {what} from read_parquet({paths}) group by 1 order by 1'  # noqa: S608 - ours
            found = self._session.execute(query).fetchall()
        before = watched.figures.setdefault(version.number, found)
        if [each[:2] for each in before] != [each[:2] for each in found]:
            self._breach(f"{watched.log.folder.name} version {version.number} changed from {before} to {found}")
        return found

    def _breach(self, sentence: str) -> None:
        self.breaches[sentence] = None


def serve() -> None:
    """Obey stdin until it ends."""
    reader: Reader | None = None
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], PAUSE_S if reader else None)
        if not ready and reader:
            reader.look()
            continue
        line = sys.stdin.readline()
        if not line:
            return
        told = json.loads(line)
        if "watch" in told:
            reader = Reader(Path(told["watch"]), Path(told["steps"]))
        elif reader:
            reader.look()
            answer = {"looks": reader.looks, "breaches": list(reader.breaches)}
            reader = None
            print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


def _streamed(version: Version) -> dict[str, int]:
    return {key: end for key, end in version.progress.items() if key.startswith(_PREFIX)}


def _partition(key: str) -> int:
    return int(key.rpartition("/")[2])


def _after(steps: Path) -> dict[int, list[tuple[int, float]]]:
    """Return for each partition what there must be after 0, 1, 2, ... of its messages."""
    brought: dict[int, list[tuple[int, float]]] = {}
    for row in pq.read_table(steps).to_pylist():
        brought.setdefault(row["partition"], []).append((row["observations"], row["total"]))
    return {
        partition: list(accumulate(each, lambda sum_, more: (sum_[0] + more[0], sum_[1] + more[1]), initial=(0, 0.0)))
        for partition, each in brought.items()
    }


if __name__ == "__main__":
    serve()
