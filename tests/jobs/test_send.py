from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.jobs.send import PARTITIONS, SendReport, send
from pipelines.local.kafka import Broker
from pipelines.settings import Settings, from_environment
from pipelines.simulate.uplinks import HEADERS, Uplink
from pipelines.stream import broker as kafka


def settings_of(broker: Broker, tenant: str, home: Path) -> Settings:
    return replace(from_environment({}), home=home, kafka=broker.address, tenant=tenant)


def uplinks(count: int, word: bytes = b"value") -> list[Uplink]:
    start = datetime(2017, 6, 1, tzinfo=UTC)
    return [
        Uplink(b"device-%d" % (number % 7), b"%s %d" % (word, number), HEADERS, start + timedelta(seconds=number))
        for number in range(count)
    ]


def lying_there(address: str, topic: str) -> dict[int, list[tuple[bytes | None, bytes | None]]]:
    ends = kafka.end_offsets(address, topic)
    records = kafka.records_at(address, topic, {partition: range(end) for partition, end in ends.items()})
    return {partition: [records[partition, offset] for offset in range(end)] for partition, end in ends.items()}


def in_partitions(sequence: list[Uplink]) -> dict[int, list[tuple[bytes, bytes]]]:
    return {
        partition: [(u.key, u.value) for u in sequence if kafka.partition_of(u.key, PARTITIONS) == partition]
        for partition in range(PARTITIONS)
    }


@pytest.mark.broker
def test_half_finished_run_is_completed_in_order_and_a_third_sends_nothing(broker: Broker, tmp_path: Path) -> None:
    settings = settings_of(broker, "send-resume", tmp_path)
    sequence = uplinks(200)

    class Killed(Exception):
        pass

    def until_killed():  # type: ignore[no-untyped-def]  # a generator that dies
        yield from islice(sequence, 120)
        raise Killed

    with pytest.raises(Killed):
        send(settings, until_killed())
    there = sum(kafka.end_offsets(broker.address, settings.telemetry_topic).values())
    assert 0 < there <= 120
    assert send(settings, sequence) == SendReport("send-resume.telemetry", 200 - there, there)
    assert lying_there(broker.address, settings.telemetry_topic) == in_partitions(sequence)
    assert send(settings, sequence) == SendReport("send-resume.telemetry", 0, 200)
    assert lying_there(broker.address, settings.telemetry_topic) == in_partitions(sequence)


@pytest.mark.broker
def test_block_is_added_by_sending_the_longer_sequence(broker: Broker, tmp_path: Path) -> None:
    settings = settings_of(broker, "send-block", tmp_path)
    sequence = uplinks(60)
    assert send(settings, sequence[:50]).sent == 50
    assert send(settings, sequence).sent == 10
    assert send(settings, sequence[:50]) == SendReport("send-block.telemetry", 0, 50)
    assert lying_there(broker.address, settings.telemetry_topic) == in_partitions(sequence)


@pytest.mark.broker
def test_topic_with_other_messages_is_left_alone(broker: Broker, tmp_path: Path) -> None:
    settings = settings_of(broker, "send-other", tmp_path)
    send(settings, uplinks(20, b"other"))
    with pytest.raises(DataRefused, match="The topic holds other messages than these"):
        send(settings, uplinks(50))
    assert lying_there(broker.address, settings.telemetry_topic) == in_partitions(uplinks(20, b"other"))
