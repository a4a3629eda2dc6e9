"""The streaming job as tutorials write it: Kafka, `from_json`, select, filter, Delta; default settings.

The shape is that of the Structured Streaming chapters of Delta's and Spark's own documentation
(https://docs.delta.io/latest/quick-start.html, https://docs.delta.io/latest/delta-streaming.html,
https://spark.apache.org/docs/latest/streaming/structured-streaming-kafka-integration.html) and of the tutorials that
follow them (https://ifkarsyah.github.io/blog/delta-lake-series-6-streaming is a typical one): an explicit schema,
`from_json(col("value").cast("string"), schema).alias("data")`, `select("data.*")`, a checkpoint, append.

Where forms differ, the one that costs least is taken: everything in one batch (`availableNow` without
`maxOffsetsPerTrigger`, unless one is given), and jars that lie on this machine, instead of `spark.jars.packages`, which
resolves them anew at every start. Told to follow, it goes on for ever with the default trigger: the next batch begins
when the last one ends.
"""

import argparse

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json
from pyspark.sql.types import DoubleType, LongType, StringType, StructField, StructType, TimestampType

from tests.bench.wide_rows import VALUES

SCHEMA = StructType(
    [
        StructField("time", TimestampType()),
        StructField("deviceInfo", StructType([StructField("devEui", StringType())])),
        StructField("devAddr", StringType()),
        StructField("fCnt", LongType()),
        StructField("object", StructType([StructField(name, DoubleType()) for name in VALUES])),
    ]
)


def session(jars: str) -> SparkSession:
    """Start Spark as Delta's quick start says."""
    return (
        SparkSession.builder.appName("tutorial")
        .master("local[*]")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.jars", jars)
        .getOrCreate()
    )


def run(spark: SparkSession, address: str, topic: str, folder: str, batch: str | None, *, follow: bool) -> None:
    """Take in what the topic holds, or what ever comes."""
    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", address)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
    )
    records = (source.option("maxOffsetsPerTrigger", batch) if batch else source).load()
    readings = (
        records.select(from_json(col("value").cast("string"), SCHEMA).alias("data"))
        .select("data.*")
        .select(
            col("deviceInfo.devEui").alias("device_id"),
            col("devAddr").alias("session"),
            col("fCnt").alias("sequence"),
            col("time"),
            *(col(f"object.{name}").alias(name) for name in VALUES),
        )
        .filter(col("device_id").isNotNull())
    )
    writer = (
        readings.writeStream.format("delta").outputMode("append").option("checkpointLocation", f"{folder}/checkpoint")
    )
    query = (writer if follow else writer.trigger(availableNow=True)).start(f"{folder}/readings")
    query.awaitTermination()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("jars", "address", "topic", "folder"):
        parser.add_argument(name)
    parser.add_argument("--batch")
    parser.add_argument("--follow", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    started = session(asked.jars)
    run(started, asked.address, asked.topic, asked.folder, asked.batch, follow=asked.follow)
    started.stop()
