"""The verdict that stands of each record: bronze's own, or that of the newest row of ops.redrives; and new ones.

Rows are recorded together under one number, which is the progress `redrive` of ops.redrives.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from pipelines import failpoints
from pipelines.contracts.tables import table
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.ledger import DEDUPLICATION_MARGIN, LedgerFile, known_keys
from pipelines.lake.tables import Lake

REDRIVES, APP_ID = "ops.redrives", "redrive"

Row = dict[str, Any]

_PLACE = ("topic", "partition", "offset")
JUDGED = ("verdict", "reasons", "format", "event_key", "body_digest", "device_id", "result_time")
"""What is found out about a record."""


class Standing:
    """What was judged anew, by its place, on top of what bronze says."""

    def __init__(self, lake: Lake) -> None:
        """Read ops.redrives."""
        self._anew: dict[tuple[str, int], dict[int, Row]] = {}
        found = lake.read(REDRIVES, columns=[*_PLACE, "redrive_number", *JUDGED]).sort_by("redrive_number")
        self.add(found.to_pylist())

    def add(self, rows: Iterable[Row]) -> None:
        """Let newer verdicts stand; rows of ops.redrives."""
        for row in rows:
            topic, partition, offset = (row[name] for name in _PLACE)
            self._anew.setdefault((topic, partition), {})[offset] = {name: row[name] for name in JUDGED}

    def of(self, events: pa.Table) -> list[Row]:
        """Return what stands of rows of bronze.events, all of one Kafka partition."""
        anew = self._anew.get((events["topic"][0].as_py(), events["partition"][0].as_py()), {})
        judged = events.select(JUDGED).to_pylist()
        return [anew.get(offset, own) for offset, own in zip(events["offset"].to_pylist(), judged, strict=True)]

    def known(
        self,
        files: Sequence[LedgerFile],
        place: tuple[str, int],
        result_times: tuple[datetime, datetime] | None,
        apart: Sequence[int],
    ) -> pa.Table:
        """Return the accepted events of one Kafka partition around some times, but for those at the offsets `apart`.

        Shape: `KNOWN_KEYS_SCHEMA`.
        """
        if result_times is None:
            return KNOWN_KEYS_SCHEMA.empty_table()
        topic, partition = place
        anew = self._anew.get(place, {})
        taken = known_keys(files, [partition], result_times, places=("topic", "offset"))
        other = np.concatenate([np.asarray(apart, np.int64), np.fromiter(anew, np.int64, len(anew))])
        is_other = pa.array(np.isin(taken["offset"].to_numpy(), other))
        taken = taken.filter(pc.and_not(pc.equal(taken["topic"], topic), is_other))
        left = set(apart)
        earliest, latest = result_times[0] - DEDUPLICATION_MARGIN, result_times[1] + DEDUPLICATION_MARGIN
        accepted = [
            row
            for offset, row in anew.items()
            if row["verdict"] == "accepted" and offset not in left and earliest <= row["result_time"] <= latest
        ]
        keys = [row | {"partition": partition} for row in accepted]
        return pa.concat_tables(
            [
                taken.select(KNOWN_KEYS_SCHEMA.names).cast(KNOWN_KEYS_SCHEMA),
                pa.Table.from_pylist(keys, schema=KNOWN_KEYS_SCHEMA),
            ]
        )


def record(lake: Lake, snapshot: DeltaTable, rows: Sequence[Row]) -> int:
    """Append verdicts, rows of ops.redrives without their number, to the snapshot; return the number that they got.

    Raises:
        WriterConflict: Others were recorded since the snapshot; nothing was committed.
    """
    seen = snapshot.transaction_version(APP_ID)
    number = (seen or 0) + 1
    numbered = [row | {"redrive_number": number} for row in rows]
    with FileWriter(lake.path(REDRIVES)) as writer:
        writer.write(pa.Table.from_pylist(numbered, schema=table(REDRIVES).arrow_schema))
        file = writer.finish()
    failpoints.reach(failpoints.Seam.REDRIVE_WRITTEN)
    append_once(snapshot, table(REDRIVES), [file] if file else [], [Progress(APP_ID, seen, number)])
    return number
