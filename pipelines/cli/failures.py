"""What to tell the user about exceptions that other libraries raise for reasons a user can mend."""

import errno
import sys
from collections.abc import Iterator

from pipelines.errors import BrokerUnreachable, FieldstreamError, StorageFull
from pipelines.settings import Settings

# Java's words for ENOSPC, which reach us inside the text of a Spark or py4j error.
NO_SPACE = "No space left on device"


def explained(error: BaseException, settings: Settings) -> FieldstreamError | None:
    """Return the error that explains the exception to a user, None where it is a bug of ours."""
    if isinstance(error, FieldstreamError):
        return error
    chain = list(_chain(error))
    for link in chain:
        if _is_full_disk(link):
            return StorageFull(str(getattr(link, "filename", None) or settings.home), NO_SPACE)
    for link in chain:
        if _is_kafka(link):
            cause = " ".join(f"{type(link).__name__}: {link}".split())
            return BrokerUnreachable(settings.kafka or "the local broker", cause)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full_disk(error: BaseException) -> bool:
    return (isinstance(error, OSError) and error.errno == errno.ENOSPC) or NO_SPACE in str(error)


def _is_kafka(error: BaseException) -> bool:
    # Whoever raised it has imported it; a command without Kafka need not.
    kafka_errors = sys.modules.get("kafka.errors")
    return kafka_errors is not None and isinstance(error, kafka_errors.KafkaError)
