"""The embedded engine over a real broker: bounded memory, holes, new partitions, another writer, being told to stop."""

import threading
from collections import Counter

import pytest

from pipelines.errors import OffsetGap
from pipelines.lake.tables import Lake
from pipelines.stream import broker as kafka
from pipelines.stream import embedded, feed
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.clean import Cleaner
from pipelines.stream.embedded import Abandoned, Embedded
from pipelines.stream.feed import Feed
from pipelines.stream.identity import TopicIdentity
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, uplink

pytestmark = pytest.mark.broker


class Run:
    """An engine with its tables, batch by batch."""

    def __init__(self, address, topic, folder):
        self.stop = threading.Event()
        self.feed = Feed(address, topic)
        self.tables = Tables(Lake(folder))
        self.identity = TopicIdentity(address, topic)
        self.engine = Embedded(self.feed, self.identity, self.tables, self.stop)

    def batch(self, max_records=1000, ends=None):
        self.tables.refresh()
        cleaned = run_batch(
            self.tables, ends or self.engine.ends(), self.engine.run,
            tenant_id="acme", ingest_time=INGEST_TIME, max_records=max_records, known=self.engine.known,
        )  # fmt: skip
        self.engine.committed()
        return sorted((each.partition, each.start, each.end) for each in cleaned)

    def next_batch(self):
        """What came of the next records, once they are there."""
        while not (taken := self.batch()):
            self.engine.wait()
        return taken

    def verdicts(self):
        return Counter(self.tables.lake.read("bronze.events", columns=["verdict"])["verdict"].to_pylist())


@pytest.fixture
def topic(broker, home_settings):
    name = home_settings.telemetry_topic
    kafka.ensure_topic(broker.address, name, 2)
    return name


@pytest.fixture
def run(broker, topic, tmp_path):
    made = Run(broker.address, topic, tmp_path / "lake")
    with made.feed, made.identity:
        yield made


def send(broker, topic, partition, counters):
    with kafka.producer(broker.address) as producer:
        for counter in counters:
            value = uplink({"air_temperature": 20.0}, device=f"{partition:016x}", counter=counter)
            producer.send(topic, value, partition=partition)


def test_what_came_early_waits_for_its_batch_and_a_partition_ahead_is_paused(broker, topic, run, monkeypatch):
    send(broker, topic, 0, range(300))
    send(broker, topic, 1, range(200))
    monkeypatch.setattr(embedded, "AHEAD_BYTES", 5_000)
    monkeypatch.setattr(feed, "_ROWS", 40)
    paused = []
    monkeypatch.setattr(
        run.feed, "pause", lambda partition, pause=run.feed.pause: (paused.append(partition), pause(partition))
    )
    assert run.batch(20) == [(0, 0, 10), (1, 0, 10)]
    assert paused
    while run.batch(130):
        assert sum(kept.size_bytes for kept in run.engine._ahead.values()) < 5_000 + 2 * 40 * 300
    assert run.verdicts() == {"accepted": 500}


def test_a_batch_is_one_part_and_one_file_of_each_table_whatever_partitions_it_is_of(broker, topic, run, monkeypatch):
    send(broker, topic, 0, range(30))
    send(broker, topic, 1, range(20))
    parts = []
    add = Cleaner.add
    monkeypatch.setattr(Cleaner, "add", lambda cleaner, part: (parts.append(part.num_rows), add(cleaner, part)))
    assert run.batch() == [(0, 0, 30), (1, 0, 20)]
    assert parts == [50]
    for table in (run.tables.events, run.tables.silver):
        (file,) = table.get_add_actions(flatten=True)["size_bytes"]
        assert file.as_py() > 0
    send(broker, topic, 1, range(15, 25))  # copies of five are known from the file of both
    assert run.next_batch() == [(1, 20, 30)]
    assert run.verdicts() == {"accepted": 55, "duplicate": 5}


def test_copies_are_known_from_batch_to_batch_and_after_a_restart(broker, topic, run, tmp_path):
    send(broker, topic, 0, [1, 2, 3])
    assert run.batch() == [(0, 0, 3)]
    send(broker, topic, 0, [3, 4])
    assert run.next_batch() == [(0, 3, 5)]
    with Feed(broker.address, topic) as feed, TopicIdentity(broker.address, topic) as identity:
        again = Run(broker.address, topic, tmp_path / "lake")
        again.feed.__exit__(None, None, None)
        again.feed, again.engine = feed, Embedded(feed, identity, again.tables, again.stop)
        send(broker, topic, 0, [4, 1, 5])
        assert again.batch() == [(0, 5, 8)]
    assert run.verdicts() == {"accepted": 5, "duplicate": 3}


def test_records_that_kafka_let_go_of_while_they_waited_are_named(broker, topic, run):
    from kafka import KafkaAdminClient, TopicPartition

    send(broker, topic, 0, range(10))
    assert run.batch(4) == [(0, 0, 4)]
    run.engine._ahead.clear()
    run.feed.start({0: 4})
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.delete_records({TopicPartition(topic, 0): 7})
    admin.close()
    run.feed.start({0: 5})  # as after a disturbance, when the client has to ask anew
    with pytest.raises(OffsetGap, match=r"partition 0\): expected offset 5 next, got offset 7"):
        run.batch()
    assert run.verdicts() == {"accepted": 4}


def test_ends_that_the_broker_does_not_hold_are_refused(broker, topic, run):
    send(broker, topic, 0, range(3))
    run.engine.ends()
    with pytest.raises(OffsetGap, match=r"partition 0\): expected offset 3 next, got offset 9"):
        run.batch(ends=Ends(topic, {0: 0}, {0: 9}))


def test_what_the_client_forgets_while_a_partition_has_no_leader_is_not_lost(broker, topic, run, monkeypatch):
    """A broker that is shut down in order: until its client says so, librdkafka knows of no end."""
    assert run.engine.ends().ends == {0: 0, 1: 0}
    send(broker, topic, 0, range(3))
    assert run.next_batch() == [(0, 0, 3)]
    monkeypatch.setattr(run.feed, "seen_end", lambda _: -1)
    assert run.batch() == []
    assert run.engine.ends().ends == {0: 3, 1: 0}


def test_partitions_that_are_new_are_found(broker, topic, run, monkeypatch):
    from kafka import KafkaAdminClient

    monkeypatch.setattr(embedded, "LOOK_S", 0.0)
    assert run.batch() == []
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_partitions({topic: 3})
    admin.close()
    send(broker, topic, 2, [1])
    ranges = []
    while not ranges:
        ranges = run.batch()
    assert ranges == [(2, 0, 1)]


def test_a_file_of_its_own_is_known_by_what_each_partition_has_in_it(broker, topic, run, tmp_path):
    days = {0: (20, 24), 1: (3, 8)}
    with kafka.producer(broker.address) as producer:
        for partition, both in days.items():
            for day in both:
                time = f"2026-05-{day:02}T12:00:00Z"
                value = uplink({"air_temperature": 20.0}, device=f"{partition:016x}", counter=day, time=time)
                producer.send(topic, value, partition=partition)
            producer.send(topic, b"{", partition=partition)
    assert run.batch() == [(0, 0, 3), (1, 0, 3)]
    (own,) = run.tables.ledger
    assert {partition: (first.day, last.day) for partition, (first, last) in own.accepted.items()} == days
    (listed,) = Tables(Lake(tmp_path / "lake")).ledger
    assert (listed.path, listed.accepted) == (own.path, None)


def test_told_to_stop_it_gives_up_the_batch_and_leaves_nothing(broker, topic, run, monkeypatch):
    send(broker, topic, 0, range(100))
    monkeypatch.setattr(embedded, "WAITING_BYTES", 1)
    run.engine.ends()
    run.stop.set()
    with pytest.raises(Abandoned):
        run.batch()
    assert list(run.tables.lake.root.rglob("*.parquet")) == []
    run.stop.clear()
    run.engine._ahead.clear()
    assert run.verdicts() == {}


def test_another_writers_commit_is_seen(broker, topic, run, tmp_path):
    send(broker, topic, 0, [1, 2])
    other = Run(broker.address, topic, tmp_path / "lake")
    with other.feed:
        assert run.batch(1) == [(0, 0, 1)]
        assert other.batch(1) == [(0, 1, 2)]
    send(broker, topic, 1, [1])
    run.engine.wait()
    run.tables.refresh()
    assert run.tables.times_told == 1
    assert len(run.tables.ledger) == 2
