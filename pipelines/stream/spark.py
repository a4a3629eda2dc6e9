"""The Spark engine: a task an offset range, nothing but file descriptions back.

The workers read Kafka themselves. Spark's own source would hand each record through the JVM, as a row and then as
Arrow over a socket, which costs several times what the cleaning does (docs/adr/0008).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.errors import FieldstreamError
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.consume import read
from pipelines.stream.plan import OffsetRange

if TYPE_CHECKING:
    from pyspark import SparkContext


def clean_with_spark(
    spark: "SparkContext", address: str, ranges: Sequence[OffsetRange], cleaning: Cleaning
) -> list[CleanedRange]:
    """Run the cleaning over the ranges, one task a Kafka partition.

    Raises:
        OffsetGap: Kafka does not hold a range; nothing of that range is on disk.
        BrokerUnreachable: The broker stopped answering.
    """

    def cleaned(wanted: OffsetRange) -> CleanedRange | FieldstreamError | None:
        # Raised in a worker, it would reach the driver as the text of a Java exception.
        try:
            return cleaning.clean(read(address, wanted))
        except FieldstreamError as error:
            return error

    done = []
    for result in spark.parallelize(ranges, len(ranges)).map(cleaned).collect():
        if isinstance(result, FieldstreamError):
            raise result
        if result is not None:
            done.append(result)
    return done
