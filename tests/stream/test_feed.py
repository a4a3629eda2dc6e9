"""A consumer of several partitions: where each stands, ends and is paused."""

import threading
from types import SimpleNamespace

import pytest
from kafka import KafkaAdminClient, TopicPartition

from pipelines.errors import BrokerUnreachable, OffsetGap
from pipelines.stream import broker as kafka
from pipelines.stream import feed as feed_module
from pipelines.stream.feed import Feed

pytestmark = pytest.mark.broker


@pytest.fixture
def topic(broker, home_settings):
    name = home_settings.telemetry_topic
    kafka.ensure_topic(broker.address, name, 2)
    with kafka.producer(broker.address) as producer:
        for number in range(4):
            producer.send(name, str(number).encode(), partition=number % 2)
    return name


def offsets_until_quiet(feed):
    found = []
    while True:
        polled = feed.poll(wait_s=1)
        if not polled.records and not polled.ends:
            return found
        found += [(partition, offset) for partition, rows in polled.records for offset in rows["offset"].to_pylist()]


def test_each_partition_is_read_from_where_it_is_told_to(broker, topic):
    with Feed(broker.address, topic) as feed:
        assert feed.partitions() == [0, 1]
        assert [feed.bounds(partition) for partition in (0, 1)] == [(0, 2), (0, 2)]
        feed.start({0: 0, 1: 1})
        assert sorted(offsets_until_quiet(feed)) == [(0, 0), (0, 1), (1, 1)]
        assert [feed.seen_end(partition) for partition in (0, 1)] == [2, 2]


def test_more_than_the_broker_may_send_at_once_comes_all_the_same(broker, topic):
    large = b"x" * (feed_module._FETCH_BYTES * 3 // 4)
    with kafka.producer(broker.address) as producer:
        for partition in (0, 1, 1):
            producer.send(topic, large, partition=partition)
    with Feed(broker.address, topic) as feed:
        feed.start({0: 0, 1: 1})
        assert sorted(offsets_until_quiet(feed)) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]


def test_one_that_stands_there_already_is_let_be_and_one_sent_back_reads_again(broker, topic):
    with Feed(broker.address, topic) as feed:
        feed.start({0: 0})
        assert offsets_until_quiet(feed) == [(0, 0), (0, 1)]
        feed.start({0: 2})
        assert offsets_until_quiet(feed) == []
        feed.start({0: 1})
        assert offsets_until_quiet(feed) == [(0, 1)]


def test_a_topic_that_is_not_there_has_no_partitions(broker):
    with Feed(broker.address, "nobody.telemetry") as feed:
        assert feed.partitions() == []


def test_a_broker_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("pipelines.stream.feed._ANSWER_S", 1.0)
    with Feed("127.0.0.1:9", "acme.telemetry") as feed, pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9"):
        feed.partitions()


def test_a_client_that_does_not_end_is_left_behind(broker, topic, monkeypatch):
    monkeypatch.setattr(feed_module, "_LEAVES_WITHIN_S", 0.1)
    feed, never = Feed(broker.address, topic), threading.Event()
    consumer, feed._consumer = feed._consumer, SimpleNamespace(close=never.wait)
    with feed:
        pass
    (left,) = [each for each in threading.enumerate() if each.name == "leave-broker" and each.daemon]
    never.set()
    left.join()
    consumer.close()


def test_leaving_where_the_broker_refuses_the_offset_ends(broker, topic):
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.delete_records({TopicPartition(topic, 0): 2})
    admin.close()
    for _ in range(2):
        with Feed(broker.address, topic) as feed:
            feed.start({0: 0})
            with pytest.raises(OffsetGap, match="expected offset 0 next, got offset 2"):
                offsets_until_quiet(feed)
