"""One batch of Kafka records through the steps."""

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.kernel.steps import Steps

RECORD_COLUMNS = ("topic", "partition", "offset", "kafka_time", "key", "headers", "raw")
KNOWN_KEYS_SCHEMA = pa.schema([("event_key", pa.string())])


@dataclass(frozen=True)
class Judged:
    """What became of a batch: rows for bronze.events and for silver.observations."""

    events: pa.Table
    observations: pa.Table


class Batch:
    """Records of one topic in a DuckDB of their own: read first, judged once the known keys are there.

    Shape: records are rows of `RECORD_COLUMNS` with the types of bronze.events, one topic, ascending offsets within a
    partition; events come back in the same order.
    """

    def __init__(self, steps: Steps, records: pa.Table, *, tenant_id: str, ingest_time: datetime) -> None:
        """Read every record; `ingest_time` is the caller's clock, for the kernel has none."""
        self._steps = steps
        self._records = records
        self._tenant_id = tenant_id
        self._constants = {
            "tenant_id": pa.scalar(tenant_id),
            "topic": records["topic"][0],
            "ingest_time": pa.scalar(ingest_time, pa.timestamp("us", tz="UTC")),
        }
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._register("records", records)
        self._run(steps.messages)

    def __enter__(self) -> Self:
        """Hand out the batch; leaving it frees its memory."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the batch's memory."""
        self._connection.close()

    def result_times(self) -> tuple[datetime, datetime] | None:
        """Return the earliest and the latest result time of readable records, None where there is none."""
        query = "SELECT min(result_time), max(result_time) FROM messages WHERE fault IS NULL"
        earliest, latest = self._connection.sql(query).fetchall()[0]
        return None if earliest is None else (earliest, latest)

    def judge(self, known_keys: pa.Table) -> Judged:
        """Give each record its verdict; `known_keys` (column event_key) are the events that the lake holds already."""
        self._register("known_keys", known_keys)
        self._register("sensor_aliases", self._steps.sensor_aliases)
        self._run(self._steps.verdicts)
        return Judged(self._events(), self._observations())

    def observe(self) -> pa.Table:
        """Return the observations of records that carry their verdict already (rows of bronze.events)."""
        self._run(self._steps.verdicts_given)
        return self._observations()

    def _events(self) -> pa.Table:
        # What Kafka gave goes around DuckDB: only what was found out about it needs to come back.
        found = self._query(self._steps.events)
        given = {name: self._records[name] for name in RECORD_COLUMNS}
        return self._completed("bronze.events", given | dict(zip(found.column_names, found.columns, strict=True)))

    def _observations(self) -> pa.Table:
        self._register("readings", self._steps.readings)
        found = self._query(self._steps.observations)
        return self._completed("silver.observations", dict(zip(found.column_names, found.columns, strict=True)))

    def _completed(self, name: str, columns: dict[str, pa.ChunkedArray]) -> pa.Table:
        """Add what is the same in every row: DuckDB would write it out row by row, at a third of its whole cost."""
        contract = table(name)
        count = len(columns["event_key"])
        same = {column: pa.repeat(value, count) for column, value in self._constants.items() if column not in columns}
        return pa.table(columns | same).select(contract.column_names).cast(contract.arrow_schema)

    def _register(self, name: str, data: pa.Table) -> None:
        self._connection.register(name, data)

    def _run(self, sql: str) -> None:
        self._connection.execute(sql, {"tenant_id": self._tenant_id} if "$tenant_id" in sql else None)

    def _query(self, sql: str) -> pa.Table:
        return self._connection.sql(sql).to_arrow_table()
