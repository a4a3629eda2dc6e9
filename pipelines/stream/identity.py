"""Which topic it is that has a name now: the id that the broker gave it when it was made."""

import errno
import socket
import time
from base64 import urlsafe_b64encode
from contextlib import ExitStack, closing
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pipelines.errors import BrokerUnreachable, TopicRemade

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

_ANSWER_S = 8.0
_AGAIN_S = 0.1
# No broker's doing: this process, or this machine, has no file descriptor left.
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})
# What brokers say that know no ids.
_NONE = "00000000-0000-0000-0000-000000000000"


class TopicIdentity:
    """Asks for the id of one topic, as often as wanted over one connection, which is closed with the `with` block.

    By kafka-python: confluent-kafka keeps a hundred bytes of each answer for ever, of a busy stream 60 MB a day.
    """

    def __init__(self, address: str, topic: str) -> None:
        """Prepare; nothing is asked of the broker yet."""
        self.address, self.topic = address, topic
        self._client: KafkaAdminClient | None = None

    def __enter__(self) -> Self:
        """Hand out the one who asks."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the broker: the client's thread would look for it for ever."""
        if self._client:
            self._client.close()

    def now(self) -> str | None:
        """Return the topic's id; None where there is no such topic, or the broker knows no ids: one before 2.8.

        Raises:
            BrokerUnreachable: The broker does not answer.
            OSError: No file descriptor is left for the connection.
        """
        from kafka.errors import KafkaError

        deadline = time.monotonic() + _ANSWER_S
        while True:
            try:
                return self._asked()
            except (KafkaError, OSError) as cause:
                if isinstance(cause, OSError) and cause.errno in _NO_DESCRIPTOR:
                    raise
                # The client gives up at once where a connection was lost a moment ago.
                if time.monotonic() >= deadline:
                    raise BrokerUnreachable(self.address, f"{type(cause).__name__}: {cause}") from cause
                time.sleep(_AGAIN_S)

    def _asked(self) -> str | None:
        from kafka.errors import UnknownTopicOrPartitionError, for_code

        self._client = self._client or _connected(self.address)
        (found,) = self._client.describe_topics([self.topic])
        refused = for_code(found["error_code"])
        if refused is UnknownTopicOrPartitionError:
            return None
        if found["error_code"]:
            raise refused(self.topic)
        return _id(found)


def _connected(address: str) -> "KafkaAdminClient":
    """Return a client that has reached the broker; one that has not leaves no thread behind."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError
    from kafka.net.compat import KafkaNetClient
    from kafka.net.selector import NetworkSelector

    with ExitStack() as failed:
        net = failed.enter_context(closing(NetworkSelector()))
        try:
            client = KafkaAdminClient(
                bootstrap_servers=address,
                bootstrap_timeout_ms=round(_ANSWER_S * 1000),
                request_timeout_ms=round(_ANSWER_S * 1000),
                reconnect_backoff_max_ms=1000,
                kafka_client=partial(KafkaNetClient, net=net),
            )
        except KafkaError:
            # The client keeps to itself what the system said; to a connection made by hand it says it again.
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), _ANSWER_S).close()
            raise
        failed.pop_all()
    return client


def _id(described: dict[str, Any]) -> str | None:
    """Return a topic's id as Kafka's own tools write it."""
    known = UUID(described.get("topic_id") or _NONE)
    return urlsafe_b64encode(known.bytes).rstrip(b"=").decode() if known.int else None


def require_same_topic(topic: str, planned: str | None, now: str | None) -> None:
    """Refuse records of which nobody can say any more from which topic they are; where ids are unknown, none.

    Raises:
        TopicRemade: The topic was made anew, or deleted, while it was read.
    """
    if planned is not None and now != planned:
        raise TopicRemade(topic, planned, now)
