"""A thousand small commits, with maintenance now and then, leave the next one and a query as cheap as they were.

Costs are CPU seconds of this process, as ratios within one run, of both tables in turns; the least of several, since
other work only adds.
"""

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
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
FEW, MANY, EVERY, TURNS = 10, 1000, 250, 10


def append(lake: Lake, number: int) -> None:
    """What a batch of the stream does to a table besides cleaning."""
    contract, snapshot = table(SILVER), lake.create(SILVER)
    ledger_files(snapshot, lake.path(SILVER))
    with FileWriter(lake.path(SILVER)) as writer:
        writer.write(pa.Table.from_pylist([observation(number)], schema=contract.arrow_schema))
        file = writer.finish()
    assert file
    append_once(snapshot, contract, [file], [Progress("p", number or None, number + 1)])


def cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_a_thousand_commits_make_neither_an_append_nor_a_query_dear(tmp_path: Path) -> None:
    few, many = Lake(tmp_path / "few"), Lake(tmp_path / "many")
    for number in range(MANY):
        append(many, number)
        if number + 1 == FEW:
            shutil.copytree(tmp_path / "many", tmp_path / "few")
        if (number + 1) % EVERY == 0:
            maintain_table(many.open(SILVER), many.path(SILVER), SILVER, Needed(), keep=timedelta(days=7), apply=True)
    appends: dict[Lake, list[float]] = {few: [], many: []}
    queries: dict[Lake, list[float]] = {few: [], many: []}
    for turn in range(TURNS):
        for lake, commits in ((few, FEW), (many, MANY)):
            appends[lake].append(cpu_s(partial(append, lake, commits + turn)))
            queries[lake].append(cpu_s(partial(query, lake, POINT)))
    assert query(many, POINT).rows == query(few, POINT).rows == [(0.02,)]  # the half-hour from 01:00 is number 2
    assert min(appends[many]) < 4 * min(appends[few])
    assert min(queries[many]) < 2 * min(queries[few])
