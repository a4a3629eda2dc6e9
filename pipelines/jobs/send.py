"""Send a sequence of messages to a topic, each once, however often this is begun."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipelines.errors import DataRefused
from pipelines.local.kafka import kafka_address
from pipelines.settings import Settings
from pipelines.simulate.uplinks import Uplink
from pipelines.stream import broker
from pipelines.stream.sender import Sender

PARTITIONS = 4

_PROGRESS_EVERY = 10_000
_log = logging.getLogger("fieldstream")

Records = Mapping[tuple[int, int], tuple[bytes | None, bytes | None]]


@dataclass(frozen=True)
class SendReport:
    """What one run of `send` found and did."""

    topic: str
    sent: int
    already_there: int


def send(settings: Settings, sequence: Iterable[Uplink], kind: str = "telemetry") -> SendReport:
    """Send what the tenant's topic of a kind does not hold yet.

    The topic itself is the memory of earlier runs: where a partition holds n records, the first n messages that
    belong there are passed over. So the sequence is always the whole of it, from the topic's first message on:
    to add a block, send the earlier messages and the block as one sequence.

    Raises:
        BrokerUnreachable: The broker does not answer.
        NotAcknowledged: It did not have all in time; what it has stays, and the next run goes on.
        DataRefused: The topic holds something else than this sequence.
    """
    address, topic = kafka_address(settings), settings.topic(kind)
    broker.ensure_topic(address, topic, PARTITIONS)
    ends = broker.end_offsets(address, topic)
    ends_of_what_lies_there = {partition: sorted({0, end - 1}) for partition, end in ends.items() if end}
    present = broker.records_at(address, topic, ends_of_what_lies_there)
    with broker.producer(address) as sender:
        report = _send_rest(sender, topic, sequence, ends, present)
    _log.info("%s: sent %d messages, %d were there already", topic, report.sent, report.already_there)
    return report


def _send_rest(
    sender: Sender, topic: str, sequence: Iterable[Uplink], ends: Mapping[int, int], present: Records
) -> SendReport:
    partition_of = lru_cache(maxsize=10_000)(broker.partition_of)
    seen: Counter[int] = Counter()
    sent = 0
    for uplink in sequence:
        partition = partition_of(uplink.key, len(ends))
        offset = seen[partition]
        seen[partition] += 1
        if offset < ends[partition]:
            _compare(uplink, topic, (partition, offset), present)
            continue
        sender.send(topic, uplink.value, uplink.key, list(uplink.headers), partition)
        sent += 1
        if sent % _PROGRESS_EVERY == 0:
            _log.info("%s: sent %d messages", topic, sent)
    return SendReport(topic, sent, already_there=seen.total() - sent)


def _compare(uplink: Uplink, topic: str, place: tuple[int, int], present: Records) -> None:
    """Check the first and the last record of each partition: enough to tell this sequence from another."""
    if place in present and present[place] != (uplink.key, uplink.value):
        raise DataRefused(
            "The topic holds other messages than these",
            where=f"{topic}, partition {place[0]}, offset {place[1]}",
            expected=f"the message of device {uplink.key.decode()} at {uplink.time:%Y-%m-%dT%H:%MZ}",
            got=f"another, with key {present[place][0]!r}",
            fix="Nothing was sent to this partition. Use another FIELDSTREAM_TENANT, or an empty topic.",
        )
