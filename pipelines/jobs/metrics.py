"""Measure the lake and the broker for Prometheus: once, or whenever it asks."""

import logging
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable

from pipelines.contracts.topics import KINDS
from pipelines.errors import BrokerUnreachable, PortInUse
from pipelines.lake.tables import Lake
from pipelines.local import kafka
from pipelines.metrics import catalogue
from pipelines.metrics.batches import batch_samples
from pipelines.metrics.catalogue import Sample
from pipelines.metrics.census import Census
from pipelines.metrics.exposition import exposition
from pipelines.metrics.gate import gate_samples
from pipelines.metrics.lag import lag_samples
from pipelines.metrics.server import served
from pipelines.metrics.tables import table_samples
from pipelines.settings import Settings
from pipelines.stream import broker
from pipelines.stream.batch import EVENTS
from pipelines.stream.position import next_at_broker

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Measurement:
    """The numbers as they are now."""

    tenant_id: str
    samples: tuple[Sample, ...]

    @property
    def text(self) -> str:
        """What Prometheus reads."""
        return exposition(self.samples, self.tenant_id)


def measure(settings: Settings, census: Census | None = None) -> Measurement:
    """Measure everything that is there; a broker that does not answer is a metric, not an error.

    A `census` that is kept from one call to the next spares reading files that it has read before.

    Raises:
        DataRefused: A table cannot be read.
    """
    lake = Lake(settings.lake)
    samples = (
        *(census or Census()).samples(lake),
        *table_samples(lake),
        *gate_samples(lake),
        *batch_samples(lake),
        *_broker_samples(settings, lake),
        *_disk_samples(settings),
    )
    return Measurement(settings.tenant, samples)


def serve(settings: Settings, host: str, port: int, stop: threading.Event) -> None:
    """Answer Prometheus at http://host:port/metrics until `stop` is set.

    Raises:
        PortInUse: The port belongs to another program.
    """
    census = Census()
    try:
        with served(host, port, lambda: measure(settings, census).text) as taken:
            _log.info("metrics at http://%s:%d/metrics", host, taken)
            stop.wait()
    except OSError as cause:
        raise PortInUse(
            "The metrics cannot be served",
            where=f"{host}:{port}",
            expected="a port of this machine that is free",
            got=str(cause),
            fix="Name another with --port, or stop the program that has it.",
        ) from cause


def _broker_samples(settings: Settings, lake: Lake) -> Iterator[Sample]:
    local = None if settings.kafka else kafka.running(settings)
    address = settings.kafka or (local.address if local else None)
    try:
        samples = list(_lag(settings, lake, address)) if address else None
    except BrokerUnreachable as error:
        _log.warning("%s", error)
        samples = None
    yield Sample(catalogue.BROKER_UP, (), samples is not None)
    yield from samples or ()


def _lag(settings: Settings, lake: Lake, address: str) -> Iterator[Sample]:
    events = lake.open(EVENTS) if lake.exists(EVENTS) else None
    for kind in KINDS:
        yield from _lag_of(settings.topic(kind.name), events, address)


def _lag_of(topic: str, events: DeltaTable | None, address: str) -> Iterator[Sample]:
    ends = broker.topic_ends(address, topic)
    taken = {each: next_at_broker(events, topic, each) if events else None for each in ends.ends}
    positions = {each: ends.beginnings[each] if next_ is None else next_ for each, next_ in taken.items()}
    behind = {each: offset for each, offset in positions.items() if offset < ends.ends[each]}
    waiting = broker.times_at(address, topic, behind)
    return lag_samples(topic, ends=ends.ends, positions=positions, waiting=waiting, now=datetime.now(UTC))


def _disk_samples(settings: Settings) -> Iterator[Sample]:
    lake = settings.lake
    # A bucket has no end; the home's disk has. Neither may be there before anything was written.
    disk_of = lake if isinstance(lake, Path) else settings.home
    folder = next(each for each in (disk_of, *disk_of.parents) if each.exists())
    disk = shutil.disk_usage(folder)
    yield Sample(catalogue.DISK_FREE, (), disk.free)
    yield Sample(catalogue.DISK_SIZE, (), disk.total)
