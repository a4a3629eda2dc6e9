"""What to tell the user about exceptions that other libraries raise for reasons a user can mend."""

import errno
import os
import sys
from collections.abc import Iterator

from pipelines.errors import BrokerUnreachable, FieldstreamError, StorageFull, StorageRefused
from pipelines.places import store_error
from pipelines.settings import Settings

# Java's words for ENOSPC, which reach us inside the text of a Spark or py4j error.
NO_SPACE = "No space left on device"

# What else a file system says for reasons that have nothing to do with us.
_REFUSALS = {
    errno.EROFS: "Make the file system writable again; if it made itself read-only, look at the disk first.",
    errno.EMFILE: "Allow more open files: ulimit -n.",
    errno.ENFILE: "Close other programs: this machine has no more open files to give.",
    errno.EFBIG: "Allow larger files: ulimit -f.",
    errno.EACCES: "Give this user the right to write and read there.",
}


def explained(error: BaseException, settings: Settings) -> FieldstreamError | None:
    """Return the error that explains the exception to a user, None where it is a bug of ours."""
    if isinstance(error, FieldstreamError):
        return error
    chain = list(_chain(error))
    for link in chain:
        if trouble := store_error(settings.lake, link):
            return trouble
    for link in chain:
        if _is_full_disk(link):
            return StorageFull(str(getattr(link, "filename", None) or settings.home), NO_SPACE)
        if number := _refusal(link):
            path = str(getattr(link, "filename", None) or settings.home)
            return StorageRefused(path, os.strerror(number), _REFUSALS[number])
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


def _refusal(error: BaseException) -> int | None:
    """Return the number of what a file system said; Delta's and Java's errors hold it as words alone."""
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return error.errno
    return next((number for number in _REFUSALS if os.strerror(number) in str(error)), None)


def _is_kafka(error: BaseException) -> bool:
    # Whoever raised it has imported it; a command without Kafka need not.
    kafka_errors = sys.modules.get("kafka.errors")
    return kafka_errors is not None and isinstance(error, kafka_errors.KafkaError)
