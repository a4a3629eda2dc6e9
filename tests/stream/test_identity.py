import pytest
from kafka import KafkaAdminClient

from pipelines.errors import BrokerUnreachable, TopicRemade
from pipelines.stream import broker as kafka
from pipelines.stream import identity as identity_module
from pipelines.stream.identity import TopicIdentity, require_same_topic


@pytest.mark.broker
def test_a_topic_keeps_its_id_until_it_is_made_anew(broker):
    name = "identity-test.telemetry"
    identity = TopicIdentity(broker.address, name)
    assert identity.now() is None
    kafka.ensure_topic(broker.address, name, 1)
    first = identity.now()
    assert (identity.now(), TopicIdentity(broker.address, name).now()) == (first, first)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    # As Kafka's own tools write it: 16 bytes in URL-safe Base64.
    assert len(first) == 22
    admin.delete_topics([name])
    while kafka.end_offsets(broker.address, name):
        pass
    kafka.ensure_topic(broker.address, name, 1)
    admin.close()
    assert identity.now() not in {first, None}


def test_a_broker_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(identity_module, "_ANSWER_S", 0.5)
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9"):
        TopicIdentity("127.0.0.1:9", "acme.telemetry").now()


@pytest.mark.parametrize(("planned", "now", "got"), [("a", "b", "one with id b"), ("a", None, "no topic of that name")])
def test_records_of_two_topics_are_not_mixed(planned, now, got):
    with pytest.raises(TopicRemade, match=f"expected the topic with id a, got {got}"):
        require_same_topic("t", planned, now)


def test_where_ids_are_not_known_nothing_is_refused():
    require_same_topic("t", None, "b")
    require_same_topic("t", "a", "a")
