"""A thousand small commits, with maintenance now and then, leave the next one and a query as cheap as they were.

Costs are CPU seconds of this process, as ratios within one run; the least of several, since other work only adds.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.ledger import ledger_files
from pipelines.lake.maintenance import maintain_table
from pipelines.lake.query import query
from pipelines.lake.retention import Needed
from pipelines.lake.tables import Lake
from tests.lakes import observation

SILVER = "silver.observations"
POINT = f"select value from {SILVER} where device_id = 'probe-0' and phenomenon_time = '2026-06-01T01:00:00Z'"  # noqa: S608 - names of ours
FEW, MANY, EVERY = 10, 1000, 250


def append(lake: Lake, number: int) -> None:
    """What a batch of the stream does to a table besides cleaning."""
    contract, snapshot = table(SILVER), lake.create(SILVER)
    ledger_files(snapshot, lake.path(SILVER))
    with FileWriter(lake.path(SILVER)) as writer:
        writer.write(pa.Table.from_pylist([observation(number)], schema=contract.arrow_schema))
        file = writer.finish()
    assert file
    append_once(snapshot, contract, [file], [Progress("p", number or None, number + 1)])


def least_cpu_s(work: Callable[[], object], times: int) -> float:
    costs = []
    for _ in range(times):
        started = time.process_time()
        work()
        costs.append(time.process_time() - started)
    return min(costs)


def costs(lake: Lake, numbers: list[int]) -> tuple[float, float]:
    def next_append() -> None:
        append(lake, len(numbers))
        numbers.append(len(numbers))

    appended = least_cpu_s(next_append, 5)
    return appended, least_cpu_s(lambda: query(lake, POINT), 10)


def test_a_thousand_commits_make_neither_an_append_nor_a_query_dear(tmp_path: Path) -> None:
    lake, numbers = Lake(tmp_path), []
    early = late = (0.0, 0.0)
    while len(numbers) < MANY:
        append(lake, len(numbers))
        numbers.append(len(numbers))
        if len(numbers) == FEW:
            early = costs(lake, numbers)
        if len(numbers) % EVERY == 0:
            maintain_table(lake.open(SILVER), lake.path(SILVER), SILVER, Needed(), keep=timedelta(days=7), apply=True)
    late = costs(lake, numbers)
    assert query(lake, POINT).rows == [(0.02,)]  # the half-hour from 01:00 is number 2
    assert late[0] < 4 * early[0]
    assert late[1] < 2 * early[1]
