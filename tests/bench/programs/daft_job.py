"""Daft's bounded read of a topic, decoded and appended to a Delta table. It runs in an environment of its own."""

import sys

import daft
from daft import DataType, col
from daft.functions import try_deserialize

from tests.bench.wide_rows import VALUES

UPLINK = DataType.struct(
    {
        "time": DataType.string(),
        "deviceInfo": DataType.struct({"devEui": DataType.string()}),
        "devAddr": DataType.string(),
        "fCnt": DataType.int64(),
        "object": DataType.struct(dict.fromkeys(VALUES, DataType.float64())),
    }
)


def run(address: str, topic: str, folder: str) -> None:
    """Take in what the topic holds."""
    records = daft.read_kafka(
        address,
        topic,
        chunk_size=10_000,
        timeout_ms=2_000,
        kafka_client_config={"enable.partition.eof": True, "fetch.queue.backoff.ms": 5},
    )
    uplinks = records.select(try_deserialize(col("value").cast(DataType.string()), "json", UPLINK).alias("uplink"))
    uplink = col("uplink")
    readings = uplinks.where(uplink["deviceInfo"]["devEui"].not_null()).select(
        uplink["deviceInfo"]["devEui"].alias("device_id"),
        uplink["devAddr"].alias("session"),
        uplink["fCnt"].alias("sequence"),
        uplink["time"].cast(DataType.timestamp("us", "UTC")).alias("time"),
        *(uplink["object"][name].alias(name) for name in VALUES),
    )
    readings.write_deltalake(f"{folder}/readings")


if __name__ == "__main__":
    run(*sys.argv[1:])
