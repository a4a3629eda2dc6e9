from dataclasses import replace

import pytest

from pipelines.errors import UsageError
from pipelines.jobs import stack
from pipelines.lake.tables import Lake


def test_nothing_is_there_yet(home_settings):
    status = stack.status(home_settings)
    assert (status.broker_address, status.broker_answers, status.topics, status.tables) == (None, False, {}, {})
    assert not home_settings.home.joinpath("kafka").exists()


def test_tables_are_listed_with_their_versions(home_settings):
    lake = Lake(home_settings.lake)
    lake.create("silver.observations")
    lake.create("gold.field_daily")
    assert stack.status(home_settings).tables == {"gold.field_daily": 0, "silver.observations": 0}


def test_a_named_broker_that_does_not_answer_is_said(home_settings, monkeypatch):
    monkeypatch.setattr(stack, "ANSWER_TIMEOUT_MS", 200)
    status = stack.status(replace(home_settings, kafka="127.0.0.1:9"))
    assert (status.broker_address, status.broker_answers, status.broker_pid) == ("127.0.0.1:9", False, None)


def test_a_local_broker_beside_a_named_one_is_refused(home_settings):
    with pytest.raises(UsageError, match="FIELDSTREAM_KAFKA"):
        stack.up(replace(home_settings, kafka="k:9092"))


@pytest.mark.broker
def test_up_send_down_up(home_settings):
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    first = stack.up(home_settings)
    try:
        admin = KafkaAdminClient(bootstrap_servers=first.broker_address)
        admin.create_topics([NewTopic("acme.telemetry", 2, 1), NewTopic("empty", 1, 1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=first.broker_address)
        for partition in (0, 1, 1):
            producer.send("acme.telemetry", b"x", partition=partition)
        producer.flush()
        producer.close()
        topics = stack.status(home_settings).topics
    finally:
        down = stack.down(home_settings)
    assert (first.broker_answers, first.topics) == (True, {})
    assert topics == {"acme.telemetry": {0: 1, 1: 2}, "empty": {0: 0}}
    assert (down.broker_address, down.broker_pid, down.topics) == (None, None, {})
    assert stack.down(home_settings) == down
