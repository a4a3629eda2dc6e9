"""The cleaning alone: records in memory, judged, written as Parquet; no Kafka, no Spark, no commit."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from pipelines.kernel.steps import steps
from pipelines.stream.clean import Cleaning
from pipelines.stream.known import KnownFromFiles


def clean_files(records: list[str], folder: Path) -> None:
    """Clean Arrow files, a partition each, into `folder`/events and `folder`/observations."""
    events, observations = folder / "events", folder / "observations"
    for each in (events, observations):
        each.mkdir(parents=True)
    cleaning = Cleaning(steps(), "bench", datetime.now(UTC), KnownFromFiles(()), events, observations)
    for path in records:
        with pa.memory_map(path) as file:
            reader = pa.ipc.open_file(file)
            cleaning.clean(reader.get_batch(number) for number in range(reader.num_record_batches))


if __name__ == "__main__":
    clean_files(sys.argv[2:], Path(sys.argv[1]))
