"""What is sent to the broker, and how much of it the broker has for certain."""

from typing import TYPE_CHECKING

from pipelines.errors import NotAcknowledged

if TYPE_CHECKING:
    from kafka import KafkaProducer
    from kafka.producer.future import FutureRecordMetadata

# How long a broker may take over one request, and over a message with all that is tried again.
REQUEST_MS, DELIVERY_MS = 30_000, 60_000
_LEAVES_WITHIN_S = 10.0


class Sender:
    """Sends messages in order, and counts which of them the broker has acknowledged.

    The first that was not acknowledged in time is the last that is sent: none may take its place in the topic.
    """

    def __init__(self, client: "KafkaProducer", address: str) -> None:
        """Send over a client."""
        self._client, self._address = client, address
        self._sent = self._acknowledged = 0
        self._failure: BaseException | None = None

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> "FutureRecordMetadata":
        """Hand a message to the client, which sends it soon.

        Raises:
            NotAcknowledged: An earlier one was not.
        """
        from kafka.errors import KafkaError

        try:
            future = self._client.send(topic, value, key, headers, partition)
        except KafkaError:
            self._require_acknowledged()
            raise
        self._sent += 1
        future.add_callback(self._count)
        future.add_errback(self._give_up)
        return future

    def flush(self, within_s: float | None = None) -> None:
        """Wait until the broker has acknowledged everything sent.

        Raises:
            NotAcknowledged: It has not.
        """
        from kafka.errors import KafkaTimeoutError

        # While it waits for the broker's first answer the client lets no message expire, and would wait for ever.
        within_s = within_s or (DELIVERY_MS + REQUEST_MS) / 1000
        try:
            self._client.flush(within_s)
        except KafkaTimeoutError as error:
            self._give_up(error)
        self._require_acknowledged()

    def close(self) -> None:
        """Leave the broker; what is under way is given some seconds."""
        from kafka.errors import KafkaTimeoutError

        try:
            self._client.close(timeout=_LEAVES_WITHIN_S)
        except KafkaTimeoutError as error:
            self._give_up(error)

    def _count(self, _metadata: object) -> None:
        self._acknowledged += 1

    def _give_up(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
            # In public, the client ends only when it has waited for everything.
            self._client._sender.force_close()  # noqa: SLF001

    def _require_acknowledged(self) -> None:
        if self._failure:
            numbers = {"sent": self._sent, "acknowledged": self._acknowledged}
            raise NotAcknowledged(self._address, **numbers, cause=str(self._failure)) from self._failure
