"""One batch of Kafka records through the steps."""

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.tables import table
from pipelines.kernel.copies import Candidate, Known, copies
from pipelines.kernel.database import Database
from pipelines.kernel.expand import Context, general_rows, hot_rows
from pipelines.kernel.flags import Truths
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.steps import Steps
from pipelines.kernel.values import read_values
from pipelines.kernel.verdicts import EXCEPTIONS, Verdicts, verdicts

RECORD_COLUMNS = ("topic", "partition", "offset", "kafka_time", "key", "headers", "raw")
KNOWN_KEYS_SCHEMA = pa.schema(
    [("event_key", pa.string()), ("result_time", pa.timestamp("us", tz="UTC")), ("body_digest", pa.string())]
)
CONTEXT_SCHEMA = pa.schema([("datastream_id", pa.string()), ("datastream", pa.string())])


@dataclass(frozen=True)
class Judged:
    """What became of a batch: rows for bronze.events and for silver.observations."""

    events: pa.Table
    observations: pa.Table


class Batch:
    """Records of one topic in a DuckDB of their own: read first, judged once the known events are there.

    Shape: records are rows of `RECORD_COLUMNS` with the types of bronze.events, one topic, ascending offsets within a
    partition; events come back in the same order.
    """

    def __init__(
        self,
        steps: Steps,
        records: pa.Table,
        *,
        tenant_id: str,
        ingest_time: datetime,
        default_sensor: str | None = None,
        context: pa.Table | None = None,
    ) -> None:
        """Read every record; `ingest_time` is the caller's clock, for the kernel has none.

        `default_sensor` is the sensor's model where a message names none that has a contract; `context` holds the
        SensorThings Datastreams that are known already, as JSON (`CONTEXT_SCHEMA`).
        """
        self._steps = steps
        self._records = records
        self._meanings = Meanings(default_sensor)
        self._constants = {"tenant_id": tenant_id, "topic": records["topic"][0].as_py(), "ingest_time": ingest_time}
        self._database = Database(steps.macros, self._constants)
        self._database.register("context", CONTEXT_SCHEMA.empty_table() if context is None else context)
        self._read_messages()
        self._values = read_values(self._database, steps, self._meanings)

    def __enter__(self) -> Self:
        """Hand out the batch; leaving it frees its memory."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the batch's memory."""
        self._database.close()

    def result_times(self) -> tuple[datetime, datetime] | None:
        """Return the earliest and the latest result time of readable records, None where there is none."""
        query = "SELECT min(result_time), max(result_time) FROM messages WHERE fault IS NULL"
        earliest, latest = self._database.rows(query)[0]
        return None if earliest is None else (earliest, latest)

    def judge(self, known_keys: pa.Table) -> Judged:
        """Give each record its verdict; `known_keys` (`KNOWN_KEYS_SCHEMA`) are events that the lake holds already."""
        self._database.register("known_events", known_keys)
        candidates = (Candidate(*row) for row in self._database.rows(self._steps.candidates))
        known = (Known(*row) for row in self._database.rows(self._steps.known))
        self._database.register("copies", copies(candidates, known))
        found = self._found()
        is_exceptional = self._database.rows(self._steps.are_exceptions)[0][0]
        exceptions = self._database.query(self._steps.exceptions) if is_exceptional else EXCEPTIONS.empty_table()
        told = verdicts(exceptions, found["event_key"].combine_chunks())
        return Judged(self._events(found, told), self._observations(found, told.is_accepted()))

    def observe(self) -> pa.Table:
        """Return the observations of records that carry their verdict already (rows of bronze.events)."""
        is_accepted = pc.equal(self._records["verdict"], "accepted").to_numpy()
        return self._observations(self._found(), is_accepted)

    def _read_messages(self) -> None:
        row_ids = pa.array(np.arange(self._records.num_rows))
        records = self._records.select(RECORD_COLUMNS).append_column("row_id", row_ids)
        records = records.append_column("text", self._texts())
        self._database.register("records", records)
        try:
            self._read_texts(self._steps.hopeful_texts)
        except duckdb.Error:
            self._database.drop("texts", "messages", "readings")
            self._read_texts(self._steps.texts)

    def _read_texts(self, texts: str) -> None:
        self._database.run(texts)
        names = [name for (name,) in self._database.rows("SELECT DISTINCT format FROM texts ORDER BY format")]
        messages = "\nUNION ALL\n".join(f"({self._steps.messages[name]})" for name in names)
        self._database.run(f"CREATE TEMP TABLE messages AS\n{messages}")
        self._database.run(self._steps.readings_table)
        for name in names:
            if name in self._steps.readings:
                self._database.run(self._steps.readings[name])

    def _texts(self) -> pa.ChunkedArray:
        """Return the values as text, null where they are none; at once where all are text, as in most batches."""
        try:
            return self._records["raw"].cast(pa.string())
        except pa.ArrowInvalid:
            self._database.register("raws", self._records.select(["raw"]))
            return self._database.query("SELECT try(decode(raw)) AS text FROM raws")["text"]

    def _found(self) -> pa.Table:
        """Return what was found out about each record, in the records' order."""
        found = self._database.query(self._steps.events)
        row_ids = found["row_id"].to_numpy()
        if (np.diff(row_ids) < 0).any():
            found = found.take(pa.array(np.argsort(row_ids)))
        return found.append_column("partition", self._records["partition"]).append_column(
            "offset", self._records["offset"]
        )

    def _events(self, found: pa.Table, told: Verdicts) -> pa.Table:
        # What Kafka gave goes around DuckDB: only what was found out about it needs to come back.
        contract = table("bronze.events")
        columns = {name: self._records[name] for name in RECORD_COLUMNS} | told._asdict()
        columns |= {name: found[name] for name in ("format", "device_id", "result_time", "body_digest")}
        for name in ("tenant_id", "ingest_time"):
            kind = contract.arrow_schema.field(name).type
            columns[name] = pa.repeat(pa.scalar(self._constants[name], kind), found.num_rows)
        return pa.table(columns).select(contract.column_names).cast(contract.arrow_schema)

    def _observations(self, found: pa.Table, is_accepted: Truths) -> pa.Table:
        context = Context(found, self._meanings.table(), self._constants)
        hot = hot_rows(self._values.hot, is_accepted, context)
        general = general_rows(self._values.general, is_accepted, context)
        return pa.concat_tables([hot, general])
