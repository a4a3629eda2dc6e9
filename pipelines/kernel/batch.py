"""One batch of Kafka records through the steps."""

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

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
        self._constants = {
            "tenant_id": tenant_id,
            "topic": records["topic"][0].as_py(),
            "ingest_time": ingest_time,
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
        contract = table("bronze.events")
        found = self._query(self._steps.events)
        columns = {name: self._records[name] for name in RECORD_COLUMNS} | {
            name: found[name] for name in found.column_names
        }
        return pa.table(columns).select(contract.column_names).cast(contract.arrow_schema)

    def _observations(self) -> pa.Table:
        self._register("readings", self._steps.readings)
        contract = table("silver.observations")
        return self._query(self._steps.observations).select(contract.column_names).cast(contract.arrow_schema)

    def _register(self, name: str, data: pa.Table) -> None:
        self._connection.register(name, data)

    def _run(self, sql: str) -> None:
        self._connection.execute(*self._bound(sql))

    def _query(self, sql: str) -> pa.Table:
        sql, constants = self._bound(sql)
        return self._connection.sql(sql, params=constants).to_arrow_table()

    def _bound(self, sql: str) -> tuple[str, dict[str, Any]]:
        return sql, {name: value for name, value in self._constants.items() if f"${name}" in sql}
