"""The page that says what holds: written from the result of the last full sweep, which is kept beside this file."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.chaos.scenario import PROMISES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
RESULT = Path(__file__).with_name("sweep.json")

_METHOD = """\
# Reliability

Written by `make faults` from the result of its last full run; do not edit. `fieldstream chaos` tries any of it on your
own machine: [how](../how-to/try-the-faults.md).

On {day}, {injections} faults struck in {runs} runs; {verdict}. A reader beside them looked at the tables
{looks:,} times.

## What is promised

{promises}

## How it was tried

A topic of 360 messages a seed lies on a real broker: every format and sensor, a tenth of the events weeks late, a
tenth of the messages copies, one in twenty poison. A process takes it in and is killed with kill -9 at a named place
between two of its steps, once or up to nine times in a row, at that place and at others; what is left runs again until
it has nothing to do. Then a checker that shares no code with the pipeline reads the Delta log as JSON and the files
with DuckDB, and compares every record and every observation with what the generator meant. Steps after the stream
(flags, gate, gold, scores, redrive, replay, maintenance, registry, training) are compared row by row with the same lake
left in peace. Meanwhile another process reads the tables and expects every version to be whole. Three bugs planted on
purpose are found by every run of the tests. [Why so](../adr/0015-faults-are-planted-at-named-seams.md).

A kill that struck nothing counts as a breach. `seed to repeat` names a seed that shows a breach again.

## What was tried, and what held

{matrix}
"""

_NOT_PROMISED = """\
## What is not promised

- Atomicity across tables: between two commits bronze is ahead of silver, and a reader of both may see it. Each table
  alone is always whole.
- Order across partitions. Within a partition the order is Kafka's.
- Exactly once by Kafka's transactions: nothing here rests on them.
- Isolation of tenants by a `WHERE`: storage prefixes and credentials isolate.
- That one of two streams is refused before it has read: it is refused when it commits. Two that take turns and never
  meet harm nothing and are not refused.
- A power cut: kill -9 ends a process, not the machine. Files are not synced one by one, so what the operating system
  had not written yet may be lost, and with it the newest commits.
- Delivery of events between Airflow's DAGs, and isolation between those who write DAGs.
- Faults of the broker, the disk and the log itself, unless the table above names them.
"""


def surroundings() -> dict[str, str]:
    """Where a sweep ran."""
    packages = ("deltalake", "duckdb", "pyspark", "delta-spark", "confluent-kafka", "pyarrow")
    return {
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
    }


def as_page(result: dict[str, Any]) -> str:
    """Return the page."""
    matrix = result["matrix"]
    rows = matrix["rows"]
    breaches = [f"- `{row['fault']}`: {breach}" for row in rows for breach in row["breaches"]]
    method = _METHOD.format(
        day=result["began"][:10],
        injections=matrix["injections"],
        runs=sum(row["runs"] for row in rows),
        looks=sum(row["looks"] for row in rows),
        verdict=f"{matrix['breaches']} breaches" if matrix["breaches"] else "no promise was broken",
        promises="\n".join(f"- **{name}** {promise}." for name, promise in PROMISES.items()),
        matrix=_table(rows, result["first_seed"]),
    )
    where = [f"- {name}: {value}" for name, value in result["surroundings"].items()]
    took = f"- seeds from {result['first_seed']} on; {matrix['duration_s'] / 60:.0f} minutes"
    found = ["## What was broken", "", *breaches, ""] if breaches else []
    return "\n".join([method, *found, _NOT_PROMISED, "## Where this was tried", "", *where, took, ""])


def _table(rows: list[dict[str, Any]], first_seed: int) -> str:
    names = ("fault", "what is done", "faults", "runs", "seeds", "held to", "result", "seed to repeat")
    head = f"| {' | '.join(names)} |\n|---|---|--:|--:|---|---|---|---|"
    lines = [
        f"| `{row['fault']}` | {row['what']} | {row['injections']} | {row['runs']} "
        f"| {first_seed}-{first_seed + row['runs'] - 1} | {' '.join(row['holds'])} | {row['result']} "
        f"| {'' if row['seed'] is None else row['seed']} |"
        for row in rows
    ]
    return "\n".join([head, *lines])
