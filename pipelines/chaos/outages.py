"""Take the broker away under a stream and a producer at work, and bring it back: killed, frozen, gone for long."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.chaos.checker import SILVER, stream_breaches
from pipelines.chaos.delta_log import DeltaLog
from pipelines.chaos.kills import BATCH, ending, idle
from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Process, Site
from pipelines.chaos.truth import PARTITIONS, Truth, truth
from pipelines.local import kafka
from pipelines.settings import Settings, from_environment
from pipelines.stream import broker

_STREAM = ("stream", "--engine", "embedded", "--max-records", str(BATCH))
_ONCE = ("stream", "--once", "--engine", "embedded")
_HOLDS = ("P1", "P2", "P3", "P6", "P7")
# The producer is at work for so long beside the outage, and when it has ended the stream is level within so long.
_SENDING_S = 4.0
LEVEL_S = 60.0
# A consumer's session ends after 45 s by default; an outage beyond it is another to a client.
_LONG_S = 60.0


def scenarios() -> list[Scenario]:
    """Return the scenarios of a broker that goes away."""
    return [
        Scenario("outage.killed", "the broker killed -9 while it is read and written, and started again", _HOLDS,
                 _Outage(_killed(1.0)), 4),
        Scenario("outage.frozen", "the broker stopped for a minute (SIGSTOP), then woken", _HOLDS, _Outage(_frozen), 1),
        Scenario("outage.long", "the broker away for longer than a session's time-out", _HOLDS,
                 _Outage(_killed(_LONG_S)), 1),
    ]  # fmt: skip


def _killed(down_s: float) -> Callable[[Settings], None]:
    def strike(settings: Settings) -> None:
        os.kill(_pid(settings), signal.SIGKILL)
        time.sleep(down_s)
        kafka.start(settings)

    return strike


def _frozen(settings: Settings) -> None:
    pid = _pid(settings)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(_LONG_S)
    os.kill(pid, signal.SIGCONT)


def _pid(settings: Settings) -> int:
    running = kafka.running(settings)
    return running.pid if running else 0


@dataclass(frozen=True)
class _Outage:
    """Sends a tenant's traffic while a stream takes it in, and strikes in between."""

    strike: Callable[[Settings], None]

    def __call__(self, site: Site, seed: int) -> Outcome:
        with _own_broker(site) as (settings, own):
            sent, home = truth(f"outage{seed}", seed), own.home("outage")
            broker.ensure_topic(own.address, sent.topic, PARTITIONS)
            sender = _Sender(own.address, sent)
            with own.watched(home, sent) as seen:
                stream = own.begin(home, sent.tenant, _STREAM)
                sender.start()
                time.sleep(_SENDING_S / 4 + seed % 3 * _SENDING_S / 8)
                self.strike(settings)
                sender.join()
                breaches = [*sender.breaches, *_level(home / "lake" / sent.tenant / SILVER, sent)]
                breaches += _stopped(own, stream)
                breaches += idle(own.run(home, sent.tenant, _ONCE))
            breaches += seen.breaches
            breaches += stream_breaches(home / "lake" / sent.tenant, sent.sent, sent.meant, sent.topic)
            return Outcome(seed, 1, tuple(breaches), seen.looks)


@contextmanager
def _own_broker(site: Site) -> Iterator[tuple[Settings, Site]]:
    """Start a broker that may be broken, on a port that it keeps, and a site that uses it."""
    port, _ = kafka.free_ports(None)
    folder = site.home("own-broker")
    found = from_environment(os.environ)
    settings = replace(found, home=folder / "broker", kafka=None, kafka_port=port, cache=site.cache or found.cache)
    try:
        with Site(folder / "site", kafka.start(settings).address, site.warm, site.cache) as own:
            yield settings, own
    finally:
        kafka.stop(settings)


class _Sender(threading.Thread):
    """Sends every message to its offset, little by little; says what was not acknowledged."""

    def __init__(self, address: str, sent: Truth) -> None:
        super().__init__(daemon=True)
        self._address, self._sent = address, sent
        self.breaches: list[str] = []

    def run(self) -> None:
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self._address, "enable.idempotence": True, "log_level": 2})
        pause_s = _SENDING_S / sum(map(len, self._sent.parts))
        for partition, part in enumerate(self._sent.parts):
            for message in part:
                headers: list[tuple[str, str | bytes | None]] = list(message.headers)
                producer.produce(
                    self._sent.topic, message.value, message.key, partition, headers=headers, on_delivery=self._note
                )
                producer.poll(0)
                time.sleep(pause_s)
        left = producer.flush(2 * LEVEL_S)
        if left:
            self.breaches.append(f"{left} messages were never acknowledged")

    def _note(self, error: object, _message: object) -> None:
        if error:
            self.breaches.append(f"a message was not acknowledged: {error}")


def _level(silver: Path, sent: Truth) -> list[str]:
    """Wait until silver has seen every offset."""
    deadline = time.monotonic() + LEVEL_S
    while time.monotonic() < deadline:
        log = DeltaLog(silver)
        progress = log.at(log.latest()).progress
        if all(progress.get(f"telemetry/{sent.topic}/{each}") == end for each, end in sent.ends.items() if end):
            return []
        time.sleep(0.2)
    return [f"the stream was not level {LEVEL_S:.0f} s after the last message: {progress}"]


def _stopped(site: Site, stream: Process) -> list[str]:
    os.kill(stream.pid, signal.SIGTERM)
    done = site.end(stream)
    return [] if done.code == 0 else [f"the stream {ending(done)}"]
