"""Leaders that move and brokers that answer with errors while a range is read: each record once, in order."""

import pytest
from confluent_kafka import Producer

from pipelines.stream import feed
from pipelines.stream.consume import read
from pipelines.stream.plan import OffsetRange
from tests.mock_cluster import (
    FENCED_LEADER_EPOCH,
    FETCH,
    LEADER_NOT_AVAILABLE,
    LIST_OFFSETS,
    METADATA,
    NOT_LEADER,
    TIMED_OUT,
    UNKNOWN_LEADER_EPOCH,
    cluster,
)

TOPIC, RECORDS = "acme.telemetry", 2000


@pytest.fixture(scope="module")
def brokers():
    with cluster() as made:
        made.create(TOPIC, 1)
        producer = Producer({"bootstrap.servers": made.address, "log_level": 2})
        for number in range(RECORDS):
            producer.produce(TOPIC, b"%d" % number, partition=0)
            if number % 100 == 99:
                producer.flush(30)
        assert producer.flush(30) == 0
        made.lead(TOPIC, 0, 1)
        yield made


def nothing(_brokers):
    pass


def errors(request, *codes):
    return lambda brokers: brokers.answer(request, *codes)


def lead_by(broker):
    return lambda brokers: brokers.lead(TOPIC, 0, broker)


def leader_gone(brokers):
    brokers.lead(TOPIC, 0, 3)
    brokers.down(1)


def leader_back(brokers):
    brokers.up(1)


# What happens before reading, and what after the first records have come.
@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        (nothing, nothing),
        (nothing, lead_by(2)),
        (lead_by(3), lead_by(1)),
        (errors(FETCH, NOT_LEADER, NOT_LEADER), errors(FETCH, NOT_LEADER, LEADER_NOT_AVAILABLE)),
        (nothing, errors(FETCH, TIMED_OUT, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH)),
        (errors(METADATA, TIMED_OUT), errors(METADATA, LEADER_NOT_AVAILABLE)),
        (errors(LIST_OFFSETS, NOT_LEADER, TIMED_OUT), nothing),
        (lead_by(1), leader_gone),
        (leader_back, lead_by(2)),
    ],
    ids=["quiet", "moved", "moved-twice", "not-leader", "epochs", "metadata", "list-offsets", "gone", "back"],
)
def test_each_record_is_read_once_in_order(brokers, monkeypatch, before, meanwhile):
    monkeypatch.setattr(feed, "_READ_AHEAD_KB", 1)
    monkeypatch.setattr(feed, "_FIRST_ROWS", 100)
    before(brokers)
    values = []
    for batch in read(brokers.address, OffsetRange(TOPIC, 0, 0, RECORDS, None)):
        if not values:
            meanwhile(brokers)
        values += batch["raw"].to_pylist()
    assert values == [b"%d" % number for number in range(RECORDS)]
