"""What the broker has for certain; answers that are lost or late are in tests/jobs/test_lost_answers.py."""

import pytest

from pipelines.errors import NotAcknowledged
from pipelines.stream import broker as kafka

pytestmark = pytest.mark.broker

TOPIC = "sender-test.telemetry"


@pytest.fixture(autouse=True)
def topic(broker):
    kafka.ensure_topic(broker.address, TOPIC, 1)


def test_after_a_flush_everything_is_there(broker):
    before = kafka.end_offsets(broker.address, TOPIC)[0]
    with kafka.producer(broker.address) as sender:
        futures = [sender.send(TOPIC, b"%d" % number) for number in range(5)]
        sender.flush()
        assert [future.get(0).offset - before for future in futures] == [0, 1, 2, 3, 4]
        assert kafka.end_offsets(broker.address, TOPIC)[0] == before + 5


def test_what_is_not_acknowledged_within_the_time_is_said_in_numbers(broker):
    def flush_at_once():
        with kafka.producer(broker.address) as sender:
            sender.send(TOPIC, b"first")
            sender.flush()
            sender.send(TOPIC, b"second")
            sender.flush(within_s=1e-6)

    with pytest.raises(NotAcknowledged, match="acknowledge 2 messages, got 1 acknowledged"):
        flush_at_once()
