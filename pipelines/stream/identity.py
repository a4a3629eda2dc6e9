"""Which topic it is that has a name now: the id that the broker gave it when it was made."""

from typing import TYPE_CHECKING

from pipelines.errors import BrokerUnreachable, TopicRemade

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

_ANSWER_S = 8.0
# What brokers answer that know no ids, those before 2.8.
_NONE = "AAAAAAAAAAAAAAAAAAAAAA"


class TopicIdentity:
    """Asks for the id of one topic, as often as wanted over one connection."""

    def __init__(self, address: str, topic: str) -> None:
        """Prepare; nothing is asked of the broker yet."""
        self._address, self._topic = address, topic
        self._client: AdminClient | None = None

    def now(self) -> str | None:
        """Return the topic's id; None where there is no such topic, or the broker knows no ids.

        Raises:
            BrokerUnreachable: The broker does not answer.
        """
        from confluent_kafka import KafkaError, KafkaException, TopicCollection
        from confluent_kafka.admin import AdminClient

        self._client = self._client or AdminClient({"bootstrap.servers": self._address, "log_level": 2})
        asked = self._client.describe_topics(TopicCollection([self._topic]), request_timeout=_ANSWER_S)
        try:
            found = str(asked[self._topic].result().topic_id)
        except KafkaException as cause:
            if cause.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return None
            raise BrokerUnreachable(self._address, cause.args[0].str()) from cause
        return None if found == _NONE else found


def require_same_topic(topic: str, planned: str | None, now: str | None) -> None:
    """Refuse records of which nobody can say any more from which topic they are; where ids are unknown, none.

    Raises:
        TopicRemade: The topic was made anew, or deleted, while it was read.
    """
    if planned is not None and now != planned:
        raise TopicRemade(topic, planned, now)
