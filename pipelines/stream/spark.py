"""The Spark engine: Kafka ranges into the cleaning workers, nothing but file descriptions back."""

import json
import pickle
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import DataRefused
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.plan import OffsetRange

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_RESULT = pa.schema([("cleaned", pa.binary())])


def clean_with_spark(
    spark: "SparkSession", address: str, ranges: Sequence[OffsetRange], cleaning: Cleaning
) -> list[CleanedRange]:
    """Run the cleaning over the ranges, one task a Kafka partition.

    Raises:
        DataRefused: Kafka let go of records while they were read.
    """

    def cleaned(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        result = cleaning.clean(batches)
        if result is not None:
            yield pa.RecordBatch.from_pylist([{"cleaned": pickle.dumps(result)}], schema=_RESULT)

    try:
        rows = _records(spark, address, ranges).mapInArrow(cleaned, "cleaned binary").collect()
    except Exception as cause:
        if "failOnDataLoss" in str(cause):
            raise _records_lost(ranges, cause) from cause
        raise
    return [pickle.loads(row.cleaned) for row in rows]  # noqa: S301 - made by our own worker a moment ago


def _records(spark: "SparkSession", address: str, ranges: Sequence[OffsetRange]) -> "DataFrame":
    topic = ranges[0].topic
    return (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", address)
        .option("assign", json.dumps({topic: [each.partition for each in ranges]}))
        .option("startingOffsets", json.dumps({topic: {each.partition: each.start for each in ranges}}))
        .option("endingOffsets", json.dumps({topic: {each.partition: each.end for each in ranges}}))
        .option("includeHeaders", "true")
        .option("failOnDataLoss", "true")
        .load()
        .selectExpr("topic", "partition", "offset", "timestamp as kafka_time", "key", "headers", "value as raw")
    )


def _records_lost(ranges: Sequence[OffsetRange], cause: Exception) -> DataRefused:
    wanted = ", ".join(f"partition {each.partition}: {each.start} to {each.end - 1}" for each in ranges)
    return DataRefused(
        "Records were lost while they were being read",
        where=ranges[0].topic,
        expected=f"offsets of {wanted}",
        got=str(cause).splitlines()[0],
        fix="Nothing was written. Raise the topic's retention, then run again: the plan will name the gap.",
    )
