"""From the moment that a message is handed to the producer until its rows can be seen in the table."""

import itertools
import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.lake.tables import Lake
from pipelines.simulate.farm import Farm
from pipelines.stream.broker import ensure_topic
from tests.bench.following import Watched, following, watched
from tests.bench.load import PARTITIONS, paced, placed
from tests.bench.process_tree import CommandFailed
from tests.bench.result import Chart, Result, Table, Target, surroundings
from tests.bench.stand import FIELDSTREAM, FOLDER, Stand, program

RATES = (100, 1_000, 5_000)
WARM_UP_S = 5.0
_STARTS_WITHIN_S = 300.0
_ARRIVES_WITHIN_S = 300.0

_log = logging.getLogger("bench")

METHOD = """\
A producer of its own sends at a steady rate; each message's time is taken as it is handed to the producer. A watcher
in another process looks every 4 ms for the file that the table's next commit makes. What a commit holds is read from
its own transaction ids, or, for the tutorials' job, from its checkpoint; ours count as visible when silver has them,
which is committed after bronze. The tutorials' job runs with the default trigger, a batch as soon as the last one is
done. Each is started once and gets every rate in turn, {warm_up:.0f} s unmeasured before {seconds} s measured; all
share the two cores with producer and broker."""


@dataclass(frozen=True)
class Follower:
    """Somebody who goes on taking in: how it is started, which table it writes, what a commit of it holds."""

    name: str
    title: str
    command: Callable[[Path], tuple[str, ...]]
    table: Callable[[Path], Path]
    reached: Callable[[Path, dict[str, Any]], dict[int, int]]
    """Next offset of each partition after a commit, from the transactions in it, by id."""


@dataclass(frozen=True)
class Latency:
    """How long messages took, in seconds."""

    p50_s: float
    p95_s: float
    p99_s: float
    messages: int
    commits: int


def run(stand: Stand) -> Result:
    """Measure."""
    found = surroundings()
    latencies = {
        (follower.name, rate): latency
        for follower in followers(stand)
        for rate, latency in _measured(stand, follower).items()
    }
    titles = {each.name: each.title for each in followers(stand)}
    return Result(
        "latency",
        "Latency",
        METHOD.format(warm_up=WARM_UP_S, seconds=stand.options.latency_s),
        found,
        (_table(latencies, titles),),
        (
            Target(
                "latency",
                "p99 of the embedded engine at 1,000 events/s, of the tutorials' p50",
                latencies["embedded", 1_000].p99_s / latencies["tutorial", 1_000].p50_s,
                0.1,
                at_least=False,
            ),
        ),
        (_chart(latencies, titles),),
        measured={f"{name} {rate}": vars(latency) for (name, rate), latency in latencies.items()},
    )


def followers(stand: Stand) -> list[Follower]:
    """Return those who are measured."""

    def ours(engine: str, title: str) -> Follower:
        return Follower(
            engine,
            title,
            lambda _: (*FIELDSTREAM, "stream", "--engine", engine),
            lambda home: Lake(home / "lake" / f"latency-{engine}").path("silver.observations"),
            lambda _, transactions: {int(name.rpartition("/")[2]): next_ for name, next_ in transactions.items()},
        )

    def tutorial(folder: Path) -> tuple[str, ...]:
        topic = "latency-tutorial.telemetry"
        return program("tutorial_job", stand.jars, stand.address, topic, str(folder), "--follow")

    return [
        ours("embedded", "Fieldstream, embedded engine"),
        ours("spark", "Fieldstream, Spark engine"),
        Follower(
            "tutorial", "Spark job as tutorials write it", tutorial, lambda folder: folder / "readings", _in_checkpoint
        ),
    ]


def _in_checkpoint(folder: Path, transactions: dict[str, Any]) -> dict[int, int]:
    """Return what a batch of Spark's reached: the commit names the batch, the checkpoint its offsets."""
    reached: dict[int, int] = {}
    for batch in transactions.values():
        offsets = json.loads((folder / "checkpoint" / "offsets" / str(batch)).read_text().splitlines()[2])
        reached |= {int(place): offset for topic in offsets.values() for place, offset in topic.items()}
    return reached


def _measured(stand: Stand, follower: Follower) -> dict[int, Latency]:
    from confluent_kafka import Producer

    tenant = f"latency-{follower.name}"
    topic = f"{tenant}.telemetry"
    ensure_topic(stand.address, topic, PARTITIONS)
    client = Producer({"bootstrap.servers": stand.address, "enable.idempotence": True, "log_level": 3})
    sender = _Sender(client, topic, tenant)
    with stand.folder() as folder:
        home = folder / follower.name
        home.mkdir(parents=True)
        environ = stand.environment(tenant, home)
        log = follower.table(home) / "_delta_log"
        with (
            watched(log, folder) as table,
            following(follower.command(home), environ, FOLDER / f"{follower.name}-latency.log"),
        ):
            _until_it_takes_in(sender, table)
            found = {}
            for rate in RATES:
                sender.send(rate, WARM_UP_S)
                mark = sender.send(rate, stand.options.latency_s)
                found[rate] = _latency(sender, mark, table, lambda: _reached(follower, home, log, table))
                _log.info(
                    "%s, %d/s: p50 %.3f s, p99 %.3f s", follower.title, rate, found[rate].p50_s, found[rate].p99_s
                )
            return found


class _Sender:
    """Sends a farm's messages at a steady rate, and remembers when it sent the n-th of each partition."""

    def __init__(self, producer: Any, topic: str, tenant: str) -> None:
        self._producer, self._topic = producer, topic
        self._messages: Iterator[tuple[int, bytes, bytes]] = placed(Farm(100_000_000, tenant=tenant))
        self.sent_at: dict[int, list[float]] = defaultdict(list)

    def send(self, rate: int, duration_s: float) -> dict[int, int]:
        """Send, and return how many each partition had before."""
        before = {partition: len(times) for partition, times in self.sent_at.items()}
        for partition, key, value in paced(itertools.islice(self._messages, round(rate * duration_s)), rate):
            self.sent_at[partition].append(time.monotonic())
            self._producer.produce(self._topic, value, key, partition)
            self._producer.poll(0)
        self._producer.flush()
        return before


def _until_it_takes_in(sender: _Sender, table: Watched) -> None:
    """Send a little now and then, until the table has a commit with rows; version 0 may be the empty table."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while len(table.versions()) < 2:
        if time.monotonic() > deadline:
            raise CommandFailed(f"nothing was taken in within {_STARTS_WITHIN_S:.0f} s")
        sender.send(20, 0.5)


def _reached(follower: Follower, home: Path, log: Path, table: Watched) -> list[tuple[float, dict[int, int]]]:
    """Return when each commit could be seen, and how far it reaches."""
    found = []
    for version, seen_at in sorted(table.versions().items()):
        actions = map(json.loads, (log / f"{version:020}.json").read_text(encoding="utf-8").splitlines())
        transactions = {each["txn"]["appId"]: each["txn"]["version"] for each in actions if "txn" in each}
        if transactions:
            found.append((seen_at, follower.reached(home, transactions)))
    return found


def _latency(
    sender: _Sender, mark: dict[int, int], table: Watched, reached: Callable[[], list[tuple[float, dict[int, int]]]]
) -> Latency:
    """Wait until everything sent can be seen, and return how long what was sent since the mark took."""
    deadline = time.monotonic() + _ARRIVES_WITHIN_S
    commits = reached()
    while any(_furthest(commits, each) < len(times) for each, times in sender.sent_at.items()):
        if time.monotonic() > deadline:
            raise CommandFailed(f"not everything could be seen within {_ARRIVES_WITHIN_S:.0f} s")
        time.sleep(0.2)
        commits = reached()
    took = np.concatenate(
        [
            _seen_at(commits, partition, np.arange(mark.get(partition, 0), len(times)))
            - times[mark.get(partition, 0) :]
            for partition, times in sender.sent_at.items()
        ]
    )
    p50, p95, p99 = (float(each) for each in np.percentile(took, (50, 95, 99)))
    return Latency(p50, p95, p99, len(took), len(table.versions()))


def _furthest(commits: list[tuple[float, dict[int, int]]], partition: int) -> int:
    return max((reached.get(partition, 0) for _, reached in commits), default=0)


def _seen_at(commits: list[tuple[float, dict[int, int]]], partition: int, offsets: Any) -> Any:
    """Return when each offset could be seen first."""
    of_partition = [(at, reached[partition]) for at, reached in commits if partition in reached]
    times, ends = (np.array(each) for each in zip(*of_partition, strict=True))
    return times[np.searchsorted(ends, offsets, side="right")]


def _table(latencies: dict[tuple[str, int], Latency], titles: dict[str, str]) -> Table:
    rows = tuple(
        (titles[name], f"{rate:,}", *(f"{each:.3f}" for each in (found.p50_s, found.p95_s, found.p99_s)))
        for (name, rate), found in latencies.items()
    )
    return Table("Produce to visible", ("", "events/s", "p50 s", "p95 s", "p99 s"), rows)


def _chart(latencies: dict[tuple[str, int], Latency], titles: dict[str, str]) -> Chart:
    lines = {
        f"{title}, {label}": [
            (float(rate), getattr(found, label + "_s")) for (each, rate), found in latencies.items() if each == name
        ]
        for name, title in titles.items()
        for label in ("p50", "p99")
    }
    return Chart("latency", "From produce to visible in the table", "seconds", x_label="events/s", lines=lines)
