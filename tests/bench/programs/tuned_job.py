"""The streaming job as somebody writes it who knows Spark: the tutorial's, and whatever makes it cheaper.

The JSON is parsed once (a filter above `select("data.*")` would have it parsed again for each predicate), with the
fields that are wanted alone; Delta's own bookkeeping and the shuffles get as many partitions as there are cores; files
are written with zstd; a batch is a million records; there is no interface and no progress bar. Copies stay: to drop
them takes state, which costs more than all of this saves, and a watermark, which drops late rows too.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import array, col, from_json, inline

from tests.bench.programs.tutorial_job import SCHEMA
from tests.bench.wide_rows import VALUES

BATCH = 1_000_000


def session(jars: str, cores: str) -> SparkSession:
    """Start Spark for a small machine."""
    return (
        SparkSession.builder.appName("tuned")
        .master(f"local[{cores}]")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.jars", jars)
        .config("spark.driver.extraClassPath", jars.replace(",", ":"))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", cores)
        .config("spark.databricks.delta.snapshotPartitions", cores)
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.sql.streaming.metricsEnabled", "false")
        .config("spark.sql.streaming.stateStore.maintenanceInterval", "1h")
        .getOrCreate()
    )


def run(spark: SparkSession, address: str, topic: str, folder: str) -> None:
    """Take in what the topic holds."""
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", address)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", BATCH)
        .load()
    )
    readings = (
        records.select(inline(array(from_json(col("value").cast("string"), SCHEMA))))
        .where(col("deviceInfo.devEui").isNotNull())
        .select(
            col("deviceInfo.devEui").alias("device_id"),
            col("devAddr").alias("session"),
            col("fCnt").alias("sequence"),
            col("time"),
            *(col(f"object.{name}").alias(name) for name in VALUES),
        )
    )
    query = (
        readings.writeStream.format("delta")
        .outputMode("append")
        .option("checkpointLocation", f"{folder}/checkpoint")
        .trigger(availableNow=True)
        .start(f"{folder}/readings")
    )
    query.awaitTermination()


if __name__ == "__main__":
    started = session(*sys.argv[1:3])
    run(started, *sys.argv[3:])
    started.stop()
