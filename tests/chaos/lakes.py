"""A lake that has taken in a topic without a broker, and ways to spoil it through its log alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.chaos.truth import Truth
from pipelines.contracts.tables import table
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.lake.tables import Lake
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.plan import Ends
from tests.uplinks import INGEST_TIME, KAFKA_TIME

SCHEMA = pa.schema([table("bronze.events").arrow_schema.field(name) for name in RECORD_COLUMNS])


def take_in(root: Path, of: Truth, max_records: int = 60) -> None:
    tables = Tables(Lake(root))
    ends = Ends(of.topic, dict.fromkeys(of.ends, 0), of.ends)

    def engine(ranges, cleaning):
        read = [records(of, each.partition, each.start, each.end) for each in ranges]
        return [cleaned for rows in read if (cleaned := cleaning.clean(rows.to_batches()))]

    while run_batch(tables, ends, engine, tenant_id=of.tenant, ingest_time=INGEST_TIME, max_records=max_records):
        pass


def records(of: Truth, partition: int, start: int, end: int) -> pa.Table:
    rows = [
        {
            "topic": of.topic,
            "partition": partition,
            "offset": offset,
            "kafka_time": KAFKA_TIME,
            "key": each.key,
            "headers": [{"key": name, "value": value} for name, value in each.headers] or None,
            "raw": each.value,
        }
        for offset, each in enumerate(of.parts[partition][start:end], start)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def latest(folder: Path) -> int:
    return max(int(path.stem) for path in folder.glob("_delta_log/*.json"))


def commit(folder: Path, *actions: dict) -> None:
    path = folder / "_delta_log" / f"{latest(folder) + 1:020}.json"
    path.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def added(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.glob("_delta_log/*.json")):
        found += [each["add"]["path"] for each in map(json.loads, path.read_text().splitlines()) if "add" in each]
    return found


def lose(folder: Path) -> None:
    """Take the first file back."""
    commit(folder, {"remove": {"path": added(folder)[0]}})


def double(folder: Path) -> None:
    """Add the first file once more, under another name."""
    change(folder, lambda rows: rows, keep=True)


def change(folder: Path, how: Callable[[pa.Table], pa.Table], *, keep: bool = False) -> None:
    """Put changed rows in the first file's place."""
    name = added(folder)[0]
    pq.write_table(how(pq.read_table(folder / name)), folder / "changed.parquet")
    size = (folder / "changed.parquet").stat().st_size
    remove = [] if keep else [{"remove": {"path": name}}]
    commit(folder, *remove, {"add": {"path": "changed.parquet", "size": size}})
