"""A Quix Streams application with a sink that appends to a Delta table. It runs in an environment of its own."""

import sys
import uuid
from datetime import datetime
from typing import Any

import pyarrow as pa
from deltalake import WriterProperties, write_deltalake
from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch

from tests.bench.wide_rows import ROW_SCHEMA, VALUES

COMMIT = 250_000


class DeltaSink(BatchingSink):
    """Appends each checkpoint's rows, a partition after another."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self._table = table

    def write(self, batch: SinkBatch) -> None:
        rows = pa.Table.from_pylist([item.value for item in batch], schema=ROW_SCHEMA)
        properties = WriterProperties(compression="ZSTD", compression_level=1)
        write_deltalake(self._table, rows, mode="append", writer_properties=properties)


def reading(uplink: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an event."""
    values = uplink["object"]
    return {
        "device_id": uplink["deviceInfo"]["devEui"],
        "session": uplink["devAddr"],
        "sequence": uplink["fCnt"],
        "time": datetime.fromisoformat(uplink["time"]),
        **{name: values[name] for name in VALUES},
    }


def run(address: str, topic: str, folder: str, whole: str) -> None:
    """Take in what the topic holds, of which so many messages are whole."""
    application = Application(
        broker_address=address,
        # A group of before would go on where it ended.
        consumer_group=uuid.uuid4().hex,
        auto_offset_reset="earliest",
        commit_every=COMMIT,
        commit_interval=600,
        state_dir=f"{folder}/state",
        auto_create_topics=False,
        loglevel="WARNING",
        # A message that cannot be read is passed over.
        on_consumer_error=lambda _error, message, _logger: message is not None,
        consumer_extra_config={"fetch.queue.backoff.ms": 5},
    )
    frame = application.dataframe(application.topic(topic)).apply(reading)
    frame.sink(DeltaSink(f"{folder}/readings"))
    application.run(count=int(whole), timeout=20, collect=False)


if __name__ == "__main__":
    run(*sys.argv[1:])
