import gc
import subprocess
import sys
import threading
import tracemalloc

import pytest
from kafka import KafkaAdminClient

from pipelines.errors import BrokerUnreachable, TopicRemade
from pipelines.stream import broker as kafka
from pipelines.stream import identity as identity_module
from pipelines.stream.identity import TopicIdentity, require_same_topic


@pytest.mark.broker
def test_a_topic_keeps_its_id_until_it_is_made_anew(broker):
    name = "identity-test.telemetry"
    threads = threading.active_count()
    with TopicIdentity(broker.address, name) as identity, TopicIdentity(broker.address, name) as other:
        assert identity.now() is None
        kafka.ensure_topic(broker.address, name, 1)
        first = identity.now()
        assert (identity.now(), other.now()) == (first, first)
        # As Kafka's own tools write it: 16 bytes in URL-safe Base64.
        assert len(first) == 22
        _make_anew(broker.address, name)
        assert identity.now() not in {first, None}
    assert threading.active_count() == threads


def _make_anew(address, name):
    with KafkaAdminClient(bootstrap_servers=address) as admin:
        admin.delete_topics([name])
    while kafka.end_offsets(address, name):
        pass
    kafka.ensure_topic(address, name, 1)


@pytest.mark.broker
def test_to_ask_for_ever_takes_no_memory(broker):
    name = "often-asked.telemetry"
    kafka.ensure_topic(broker.address, name, 1)
    held = []
    tracemalloc.start()
    try:
        with TopicIdentity(broker.address, name) as identity:
            for _ in range(3):
                held.append(tracemalloc.get_traced_memory()[0])
                for _ in range(300):
                    identity.now()
                gc.collect()
        before, after = held[1:]
    finally:
        tracemalloc.stop()
    # confluent-kafka's describe_topics() keeps a hundred bytes each time.
    assert (after - before) / 300 < 20


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        # The same topic's id by confluent-kafka and Kafka's own tools.
        ({"topic_id": "ce9e28a1-e665-4f96-8939-a75e135bb523"}, "zp4ooeZlT5aJOadeE1u1Iw"),
        ({"topic_id": "00000000-0000-0000-0000-000000000000"}, None),
        ({}, None),  # a broker before 2.8
    ],
)
def test_an_id_is_written_as_kafka_does(described, expected):
    assert identity_module._id(described) == expected


def test_a_broker_that_does_not_answer_leaves_no_thread_behind(monkeypatch):
    monkeypatch.setattr(identity_module, "_ANSWER_S", 0.5)
    before = threading.active_count()
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9\).*got ConnectionRefusedError"):
        TopicIdentity("127.0.0.1:9", "acme.telemetry").now()
    assert threading.active_count() == before


# In a process of its own: among other tests something may close a file at any moment.
ALONE = """
import gc, os, resource, sys
from contextlib import suppress
from pipelines.errors import BrokerUnreachable
from pipelines.stream import identity

identity._ANSWER_S = 0.5
ask = identity.TopicIdentity("127.0.0.1:9", "acme.telemetry").now
with suppress(BrokerUnreachable):
    ask()  # what is loaded on first use is
gc.collect()
gc.disable()
room = max(map(int, os.listdir("/proc/self/fd"))) + 1
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (room, hard))
taken = []
with suppress(OSError):
    while True:
        taken.append(open(os.devnull))
resource.setrlimit(resource.RLIMIT_NOFILE, (room + int(sys.argv[1]), hard))
try:
    ask()
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize("left", range(4))
def test_where_no_descriptor_is_left_it_is_not_the_broker_that_is_blamed(left):
    """The client's loop takes three, a connection one more."""
    done = subprocess.run([sys.executable, "-c", ALONE, str(left)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("Too many open files\n", 0), done.stderr


@pytest.mark.parametrize(("planned", "now", "got"), [("a", "b", "one with id b"), ("a", None, "no topic of that name")])
def test_records_of_two_topics_are_not_mixed(planned, now, got):
    with pytest.raises(TopicRemade, match=f"expected the topic with id a, got {got}"):
        require_same_topic("t", planned, now)


def test_where_ids_are_not_known_nothing_is_refused():
    require_same_topic("t", None, "b")
    require_same_topic("t", "a", "a")
