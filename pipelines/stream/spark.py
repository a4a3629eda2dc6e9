"""The Spark engine: a task an offset range, nothing but file descriptions back.

The workers read Kafka themselves. Spark's own source would hand each record through the JVM, as a row and then as
Arrow over a socket, which costs several times what the cleaning does (docs/adr/0008).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.errors import WorkerLost
from pipelines.jvm.workers import run_in_workers
from pipelines.stream.clean import Cleaned, Cleaning
from pipelines.stream.consume import read
from pipelines.stream.plan import OffsetRange

if TYPE_CHECKING:
    from pyspark import SparkContext


def clean_with_spark(
    spark: "SparkContext", address: str, ranges: Sequence[OffsetRange], cleaning: Cleaning
) -> list[Cleaned]:
    """Run the cleaning over the ranges, one task a Kafka partition.

    Raises:
        OffsetGap: Kafka does not hold a range; nothing of that range is on disk.
        BrokerUnreachable: The broker stopped answering.
        WorkerLost: A worker was killed.
    """

    def cleaned(wanted: OffsetRange) -> Cleaned | None:
        return cleaning.clean(read(address, wanted))

    def lost(cause: str) -> WorkerLost:
        return WorkerLost("cleaned records", f"topic {ranges[0].topic}", cause, "fewer --max-records need less")

    return [each for each in run_in_workers(spark, cleaned, ranges, lost) if each is not None]
