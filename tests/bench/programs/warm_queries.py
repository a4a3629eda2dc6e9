"""Queries in a Spark session that is warm: each has run before, and its table is known."""

import json
import sys
import time
from statistics import median

from tests.bench.programs.tuned_job import session

RUNS = 5


def run(jars: str, cores: str, table: str, queries: list[str]) -> list[dict[str, float]]:
    """Return the wall seconds of each query, the median of its runs after two that do not count."""
    spark = session(jars, cores)
    spark.read.format("delta").load(table).createOrReplaceTempView("observations")
    found = []
    for query in queries:
        walls = []
        for _ in range(2 + RUNS):
            started = time.monotonic()
            spark.sql(query.replace("silver.observations", "observations")).collect()
            walls.append(time.monotonic() - started)
        found.append({"wall_s": median(walls[2:])})
    spark.stop()
    return found


if __name__ == "__main__":
    json.dump(run(*sys.argv[1:4], json.loads(sys.argv[4])), sys.stdout)
