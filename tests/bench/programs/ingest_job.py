"""Take in what there is with Spark, in a Spark that runs already, and say how long that took: standalone clusters."""

import json
import sys
import time

from pipelines.jobs.ingest import ingest
from pipelines.jvm.spark import context
from pipelines.settings import from_environment


def timed() -> dict[str, float]:
    """Return the seconds from the first batch to the last, without what it takes to start Spark and its workers."""
    settings = from_environment()
    spark = context(settings)
    tasks = spark.defaultParallelism
    spark.parallelize(range(tasks), tasks).map(str).collect()
    started = time.monotonic()
    report = ingest(settings)
    return {"wall_s": time.monotonic() - started, "records": report.records, "tasks": tasks}


if __name__ == "__main__":
    json.dump(timed(), sys.stdout)
