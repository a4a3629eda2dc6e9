"""The Spark engine: a task an offset range, nothing but file descriptions back.

The workers read Kafka themselves. Spark's own source would hand each record through the JVM, as a row and then as
Arrow over a socket, which costs several times what the cleaning does (docs/adr/0008).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import FieldstreamError, WorkerLost
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.consume import read
from pipelines.stream.plan import OffsetRange

if TYPE_CHECKING:
    from pyspark import SparkContext

# How Spark's own reader of a worker's answers says that there is nobody any more (PythonRunner).
_WORKER_GONE = re.compile(r"Python worker exited unexpectedly \(crashed\)")


def clean_with_spark(
    spark: "SparkContext", address: str, ranges: Sequence[OffsetRange], cleaning: Cleaning
) -> list[CleanedRange]:
    """Run the cleaning over the ranges, one task a Kafka partition.

    Raises:
        OffsetGap: Kafka does not hold a range; nothing of that range is on disk.
        BrokerUnreachable: The broker stopped answering.
        WorkerLost: A worker was killed.
    """

    def cleaned(wanted: OffsetRange) -> CleanedRange | FieldstreamError | None:
        # Raised in a worker, it would reach the driver as the text of a Java exception.
        try:
            return cleaning.clean(read(address, wanted))
        except FieldstreamError as error:
            return error

    done = []
    with _workers_named(ranges[0].topic):
        results = spark.parallelize(ranges, len(ranges)).map(cleaned).collect()
    for result in results:
        if isinstance(result, FieldstreamError):
            raise result
        if result is not None:
            done.append(result)
    return done


@contextmanager
def _workers_named(topic: str) -> Iterator[None]:
    """Tell a worker that is no more, which says nothing of the code, from an error in the code."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        if found := _WORKER_GONE.search(str(error)):
            raise WorkerLost(topic, found.group()) from error
        raise
