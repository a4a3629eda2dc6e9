"""A stream that goes on: what it holds of memory, threads, descriptors and files, window after window."""

import json
import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile
from pathlib import Path

import numpy as np
import psutil
from deltalake import DeltaTable

from pipelines.errors import GateHeld
from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from pipelines.stream.broker import ensure_topic
from pipelines.stream.position import app_id
from tests.bench.load import PARTITIONS, deliver, paced, placed
from tests.bench.process_tree import CommandFailed
from tests.bench.stand import FIELDSTREAM

RATE = 2_000
BURST = 20 * RATE
# As few as send a day's messages in a minute or so. Flags look a week back: it has passed before anything is judged,
# and then they look at as much each time.
DEVICES = 1_000
TABLES = ("bronze.events", "silver.observations")
MAINTENANCE = ("maintain", "--apply")
# Maintenance in a window. Flags and the gate come once in it, so that all windows see the same, and on a clock of
# their own: they take as long as flags have to look at, and maintenance that waited for them would leave more files.
MAINTENANCES = 5
NICE = shutil.which("nice") or "nice"
# Until the windows that are judged begin, what is loaded on first use is.
WARM_UP_SHARE = 1 / 2

_log = logging.getLogger("bench")
_LOOK_S = 1.0
_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Window:
    """The most that was seen in a while, and what memory was in half of all looks."""

    memory_mb: float
    """Half of the time it was more."""
    peak_mb: float
    threads: int
    descriptors: int
    files: int
    """Files that the latest versions of both tables have."""
    log_files: int
    """Files of both tables' logs."""
    played_back: int
    """Commits since the last checkpoint, of the table that has more."""


@dataclass(frozen=True)
class Soak:
    """A stream's windows, and what it said when it ended."""

    windows: tuple[Window, ...]
    sent: int
    records: int
    observations: int
    batches: int
    behind_s: float
    """How long after the last message the last row came."""
    files_left: int
    """Files that both tables have after one maintenance more, when no row comes any more."""

    def growth(self, name: str) -> float:
        """Return by what share of its mean a figure grew over the windows judged, by a line through them."""
        values = [float(getattr(window, name)) for window in self.windows[round(len(self.windows) * WARM_UP_SHARE) :]]
        slope = np.polyfit(np.arange(len(values)), values, 1)[0]
        return float(slope * (len(values) - 1) / np.mean(values))


def soak(
    environ: Mapping[str, str], lake: Lake, topic: str, address: str, *, windows: int, window_s: float, before: int = 0
) -> Soak:
    """Let the embedded engine take in a load to its end, with maintenance again and again, and the gate in each window.

    The load is steady, but for a burst in the first third: as many as come in twenty seconds, at once. So many commits
    are made `before` that the logs are as long as in a stream that has gone on for long.

    Raises:
        CommandFailed: The stream ended when it should not have, or stood still; or maintenance or the gate failed.
    """
    ensure_topic(address, topic, PARTITIONS)
    steady = round(RATE * windows * window_s)
    sent = steady + BURST
    messages = placed(Farm(before + sent, DEVICES, duplicate_share=0.05, poison_share=0.005, tenant=lake.root.name))
    deliver(islice(messages, before), address, topic)
    _run(environ, "stream", "--once", "--engine", "embedded", "--max-records", "1")
    load = chain(paced(islice(messages, steady // 6), RATE), islice(messages, BURST), paced(messages, RATE))

    def send(ended: threading.Event) -> None:
        deliver(takewhile(lambda _: not ended.is_set(), load), address, topic)

    with _stream(environ) as process:
        _until(lambda: all(lake.exists(name) for name in TABLES), "the tables were not made", _STARTS_WITHIN_S)
        seen, sent_at = _watched(process, environ, lake, send, windows, window_s)
        _until(lambda: _taken_in(lake, topic) >= before + sent, f"not all of {sent:,} records came", _ENDS_WITHIN_S)
        behind_s = time.monotonic() - sent_at
        process.terminate()
        said, _ = process.communicate(timeout=_ENDS_WITHIN_S)
    _run(environ, *MAINTENANCE)
    left = sum(len(lake.open(name).file_uris()) for name in TABLES)
    report = json.loads(said)
    return Soak(seen, sent, report["records"], report["observations"], report["batches"], round(behind_s, 1), left)


@contextmanager
def _stream(environ: Mapping[str, str]) -> "Iterator[subprocess.Popen[str]]":
    command = [*FIELDSTREAM, "stream", "--engine", "embedded", "--json"]
    process = subprocess.Popen(command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _watched(
    process: "subprocess.Popen[str]",
    environ: Mapping[str, str],
    lake: Lake,
    send: Callable[[threading.Event], None],
    windows: int,
    window_s: float,
) -> tuple[tuple[Window, ...], float]:
    """Look at a stream, window after window, while messages come and the house is kept; say when the last was sent."""
    ended, begun = threading.Event(), time.monotonic()
    ends = [begun + number * window_s for number in range(1, windows + 1)]
    maintenances = [begun + number * window_s / MAINTENANCES for number in range(1, windows * MAINTENANCES)]
    with ThreadPoolExecutor(3) as pool:
        sending = pool.submit(send, ended)
        keeping = [
            pool.submit(_keep_house, environ, maintenances, ended, [MAINTENANCE]),
            pool.submit(_keep_house, environ, ends[:-1], ended, [("flag",), ("gate", "run", TABLES[1])]),
        ]
        try:
            seen = tuple(_window(process, lake, number, end, keeping) for number, end in enumerate(ends, 1))
            sending.result()
            sent_at = time.monotonic()
        finally:
            # What fails is told at once, not after an hour of messages for nobody.
            ended.set()
        for kept in keeping:
            kept.result()
    return seen, sent_at


def _window(
    process: "subprocess.Popen[str]", lake: Lake, number: int, ends: float, keeping: "Sequence[Future[None]]"
) -> Window:
    tables = [lake.open(name) for name in TABLES]
    looks = [_look(process, lake, tables)]
    while time.monotonic() < ends:
        time.sleep(_LOOK_S)
        looks.append(_look(process, lake, tables))
        for kept in keeping:
            if kept.done():
                kept.result()
    most = _most(looks)
    _log.info("window %d: %s", number, most)
    return most


def _keep_house(
    environ: Mapping[str, str], clock: Sequence[float], ended: threading.Event, commands: Sequence[Sequence[str]]
) -> None:
    """Do at each time what an operator does, or as soon as the time before is done with."""
    for time_s in clock:
        if ended.wait(max(0.0, time_s - time.monotonic())):
            return
        for command in commands:
            _run(environ, *command)


def _run(environ: Mapping[str, str], *command: str) -> None:
    done = subprocess.run([NICE, *FIELDSTREAM, *command], env=dict(environ), check=False, stdout=subprocess.DEVNULL)
    # What the gate holds shows in the length of the log.
    if done.returncode not in {0, GateHeld.exit_code}:
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}")


def _most(looks: Sequence[Window]) -> Window:
    most = Window(*(max(getattr(look, name) for look in looks) for name in Window.__dataclass_fields__))
    return replace(most, memory_mb=float(np.median([look.memory_mb for look in looks])))


def _look(process: "subprocess.Popen[str]", lake: Lake, tables: Sequence[DeltaTable]) -> Window:
    if process.poll() is not None:
        raise CommandFailed(f"the stream ended with {process.returncode}")
    for table in tables:
        table.update_incremental()
    stream = psutil.Process(process.pid)
    memory_mb = stream.memory_info().rss / 1e6
    logs = [lake.path(name) / "_delta_log" for name in TABLES]
    return Window(
        memory_mb,
        memory_mb,
        stream.num_threads(),
        stream.num_fds(),
        sum(len(table.file_uris()) for table in tables),
        sum(1 for log in logs for _ in log.iterdir()),
        max(table.version() - _checkpoint(log) for table, log in zip(tables, logs, strict=True)),
    )


def _checkpoint(log: Path) -> int:
    pointer = log / "_last_checkpoint"
    return int(json.loads(pointer.read_text(encoding="utf-8"))["version"]) if pointer.exists() else -1


def _taken_in(lake: Lake, topic: str) -> int:
    # Progress is the next offset of each partition.
    events = lake.open(TABLES[0])
    return sum(events.transaction_version(app_id(topic, each)) or 0 for each in range(PARTITIONS))


def _until(done: Callable[[], bool], complaint: str, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > deadline:
            raise CommandFailed(f"{complaint} within {patience_s:.0f} s")
        time.sleep(0.2)
