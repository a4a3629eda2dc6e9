"""One batch of Kafka records through the steps."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.digest import contract_digest
from pipelines.contracts.tables import table
from pipelines.kernel.copies import copies
from pipelines.kernel.database import Database
from pipelines.kernel.expand import repeated, with_texts_once
from pipelines.kernel.observations import Observations
from pipelines.kernel.operations import Operations
from pipelines.kernel.repeats import repeats
from pipelines.kernel.steps import Steps
from pipelines.kernel.verdicts import Verdicts, verdicts

RECORD_COLUMNS = ("topic", "partition", "offset", "kafka_time", "key", "headers", "raw")
KNOWN_KEYS_SCHEMA = pa.schema(
    [
        pa.field("partition", pa.int32(), nullable=False),
        ("event_key", pa.string()),
        ("result_time", pa.timestamp("us", tz="UTC")),
        ("body_digest", pa.string()),
    ]
)
# What the steps read of a record; the rest goes around DuckDB.
_READ = ("kafka_time", "key", "headers", "raw")
# Columns of bronze.events of which most values are the same few.
_REPEATED = ("topic", "tenant_id", "format", "verdict", "device_id", "contract_digest")


@dataclass(frozen=True)
class Judged:
    """What became of a batch: rows for bronze.events, and for the silver table of its kind of topic."""

    events: pa.Table
    silver: pa.Table

    @property
    def accepted_keys(self) -> pa.Table:
        """The events accepted, as the keys (`KNOWN_KEYS_SCHEMA`) by which their copies are known from now on."""
        return self.events.select(KNOWN_KEYS_SCHEMA.names).filter(pc.equal(self.events["verdict"], "accepted"))


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
        overrides: pa.Table | None = None,
    ) -> None:
        """Read every record; `ingest_time` is the caller's clock, for the kernel has none.

        `default_sensor` is the sensor's model where a message names none that has a contract; `context` holds the
        SensorThings Datastreams that are known already (`kernel.tables.CONTEXT`); `overrides` holds what the registry
        says of single devices (`Overrides`).
        """
        self._steps = steps
        self._records = records
        topic = records["topic"][0].as_py()
        self._constants = {"tenant_id": tenant_id, "topic": topic, "ingest_time": ingest_time}
        has_headers = len(pc.list_flatten(records["headers"])) > 0
        session = steps.session if has_headers else steps.headerless_session
        self._database = Database(session, {"tenant_id": tenant_id, "topic": topic})
        if context is not None:
            self._database.register("context", context)
        self._read_messages()
        self._meant: Observations | Operations
        if steps.operations:
            self._meant = Operations(self._database, steps)
        else:
            self._meant = Observations(self._database, steps, default_sensor, overrides)

    def __enter__(self) -> Self:
        """Hand out the batch; leaving it frees its memory."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the batch's memory."""
        self._database.close()

    def result_times(self) -> dict[int, tuple[datetime, datetime]]:
        """Return the earliest and the latest result time of the events of each partition that has any."""
        found = self._found
        events = found.select(["partition", "result_time"]).filter(found["event_key"].is_valid())
        times = {
            partition: pc.min_max(events["result_time"].filter(pc.equal(events["partition"], partition))).as_py()
            for partition in events["partition"].unique().to_pylist()
        }
        return {partition: (each["min"], each["max"]) for partition, each in times.items()}

    def judge(self, known_keys: pa.Table) -> Judged:
        """Give each record its verdict; `known_keys` (`KNOWN_KEYS_SCHEMA`) are events that the lake holds already."""
        found = self._found
        plain, candidates, known = repeats(found, known_keys)
        all_copies = pa.concat_tables([plain, copies(candidates, known)])
        told = verdicts(self._meant.exceptions(), all_copies, found["event_key"].combine_chunks())
        silver = self._meant.rows(found, told.is_accepted(), self._constants)
        return Judged(self._events(found, told), silver)

    def observe(self) -> pa.Table:
        """Return the silver rows of records that carry their verdict already (rows of bronze.events)."""
        is_accepted = pc.equal(self._records["verdict"], "accepted").to_numpy()
        return self._meant.rows(self._found, is_accepted, self._constants)

    def _read_messages(self) -> None:
        row_ids = pa.array(np.arange(self._records.num_rows))
        records = self._records.select(_READ).append_column("row_id", row_ids)
        records = records.append_column("text", self._texts())
        self._database.register("records", records)
        try:
            self._read_texts(records, self._steps.hopeful_texts)
        except duckdb.Error:
            self._read_texts(records, self._steps.texts)

    def _read_texts(self, records: pa.Table, step: str) -> None:
        told = self._database.query(step)
        told_of = records.drop_columns(["raw"])
        texts = (*told_of.columns, *told.columns)
        self._database.register("texts", pa.Table.from_arrays(texts, [*told_of.column_names, *told.column_names]))
        by_code = list(self._steps.messages)
        names = [None if code is None else by_code[code] for code in told["format_code"].unique().to_pylist()]
        messages = "\nUNION ALL\n".join(f"({self._steps.messages[name]})" for name in names)
        self._database.replace("messages", messages)
        for name in names:
            if name in self._steps.readings:
                self._database.add("readings", self._steps.readings[name])

    def _texts(self) -> pa.ChunkedArray:
        """Return the values as text, null where they are none; at once where all are text, as in most batches."""
        try:
            return self._records["raw"].cast(pa.string())
        except pa.ArrowInvalid:
            self._database.register("raws", self._records.select(["raw"]))
            return self._database.query("SELECT try(decode(raw)) AS text FROM raws")["text"]

    @cached_property
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
        contract, schema = table("bronze.events").arrow_schema, _events_schema()
        columns = {name: self._records[name] for name in RECORD_COLUMNS} | told._asdict()
        columns |= {name: found[name] for name in ("format", "result_time", "body_digest")}
        columns["device_id"] = found["device_id"].dictionary_encode()
        for name, constant in (self._constants | {"contract_digest": contract_digest()}).items():
            columns[name] = repeated(constant, contract.field(name).type, found.num_rows)
        return pa.table(columns).select(schema.names).cast(schema)


@cache
def _events_schema() -> pa.Schema:
    schema = table("bronze.events").arrow_schema
    repeated = with_texts_once(schema)
    return pa.schema(repeated.field(name) if name in _REPEATED else schema.field(name) for name in schema.names)
