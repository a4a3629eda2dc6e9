"""What the lake already knows: the events that it holds, and the rows that silver has not seen yet.

Events are held by bronze.events and, where a record was judged anew, by ops.redrives; the files of both carry what
the look-up of keys needs.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from pipelines.contracts.tables import table
from pipelines.lake.access import dataset
from pipelines.lake.tables import Lake
from pipelines.places import Place

# The same counter an hour later is another event; files' bounds in the log are cut to milliseconds besides.
DEDUPLICATION_MARGIN = timedelta(hours=1, seconds=1)

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class LedgerFile:
    """A file of a table whose rows know their place in Kafka, and what its statistics say is in it."""

    path: str
    partitions: tuple[int, int]
    offsets: tuple[int, int]
    result_times: tuple[datetime, datetime]
    accepted: Mapping[int, tuple[datetime, datetime]] | None = None
    """Of each partition the result times of its accepted events, where whoever wrote the file says so.

    Partitions are not equally far in a backlog, and a file's bounds are those of all of them together.
    """

    def may_hold(self, partition: int, earliest: datetime, latest: datetime) -> bool:
        """Say whether an accepted event of a partition may have a result time in a span, both ends included."""
        if not self.partitions[0] <= partition <= self.partitions[1]:
            return False
        times = self.result_times if self.accepted is None else self.accepted.get(partition)
        return times is not None and times[0] <= latest and times[1] >= earliest


def ledger_files(snapshot: DeltaTable, folder: Place) -> list[LedgerFile]:
    """List the files of a table's snapshot, which lies in `folder`, with their bounds; from the log alone."""
    actions = pa.table(snapshot.get_add_actions(flatten=True)).to_pylist()
    return [
        LedgerFile(
            path=str(folder / action["path"]),
            partitions=(action["min.partition"], action["max.partition"]),
            offsets=(action["min.offset"], action["max.offset"]),
            result_times=(action.get("min.result_time") or _BEGINNING, action.get("max.result_time") or _END),
        )
        for action in actions
    ]


def ledger_file(
    path: Place, statistics: str, accepted: Mapping[int, tuple[datetime, datetime]] | None = None
) -> LedgerFile:
    """Describe one file from its statistics as the log holds them (JSON), and what else its writer says."""
    bounds = json.loads(statistics)
    lowest, highest = bounds["minValues"], bounds["maxValues"]
    times = (lowest.get("result_time"), highest.get("result_time"))
    return LedgerFile(
        path=str(path),
        partitions=(lowest["partition"], highest["partition"]),
        offsets=(lowest["offset"], highest["offset"]),
        result_times=(
            datetime.fromisoformat(times[0] or str(_BEGINNING)),
            datetime.fromisoformat(times[1] or str(_END)),
        ),
        accepted=accepted,
    )


def redriven_files(lake: Lake) -> list[LedgerFile]:
    """List the files of ops.redrives, which hold events that no row of bronze.events has as accepted."""
    name = "ops.redrives"
    return ledger_files(lake.open(name), lake.path(name)) if lake.exists(name) else []


def known_keys(
    files: Sequence[LedgerFile],
    partitions: Collection[int],
    result_times: tuple[datetime, datetime],
    *,
    margin: timedelta = DEDUPLICATION_MARGIN,
    places: Sequence[str] = (),
) -> pa.Table:
    """Return what is needed to know copies of the accepted events of Kafka partitions around a span of result times.

    Copies of an event share its partition, so no other partition is read; nor is a file whose statistics say that
    it holds no event near the span.

    Shape: partition, event_key, result_time, body_digest, and the columns of their place that are asked for; one row
    an event.
    """
    earliest, latest = result_times[0] - margin, result_times[1] + margin
    chosen = [file.path for file in files if any(file.may_hold(each, earliest, latest) for each in partitions)]
    is_candidate = (
        pc.field("partition").isin(pa.array(partitions, pa.int32()))
        & (pc.field("verdict") == "accepted")
        & (pc.field("result_time") >= pa.scalar(earliest, pa.timestamp("us", tz="UTC")))
        & (pc.field("result_time") <= pa.scalar(latest, pa.timestamp("us", tz="UTC")))
    )
    return _read(chosen, ["partition", "event_key", "result_time", "body_digest", *places], is_candidate)


def rows_from(files: Sequence[LedgerFile], topic: str, partition: int, start: int, end: int) -> pa.Table:
    """Return the rows of one Kafka partition with start <= offset < end, in order."""
    chosen = [
        file.path
        for file in files
        if file.partitions[0] <= partition <= file.partitions[1] and file.offsets[0] < end and file.offsets[1] >= start
    ]
    is_wanted = (
        (pc.field("topic") == topic)
        & (pc.field("partition") == partition)
        & (pc.field("offset") >= start)
        & (pc.field("offset") < end)
    )
    return _read(chosen, list(table("bronze.events").column_names), is_wanted).sort_by("offset")


def rows_at(
    files: Sequence[LedgerFile], topic: str, partition: int, offsets: Sequence[int], name: str = "bronze.events"
) -> pa.Table:
    """Return the rows of bronze.events, or of another table, at some offsets of one Kafka partition, in order."""
    first, last = min(offsets), max(offsets)
    chosen = [
        file.path
        for file in files
        if file.partitions[0] <= partition <= file.partitions[1]
        and file.offsets[0] <= last
        and file.offsets[1] >= first
    ]
    is_wanted = (
        (pc.field("topic") == topic)
        & (pc.field("partition") == partition)
        & (pc.field("offset") >= first)
        & (pc.field("offset") <= last)
        & pc.field("offset").isin(pa.array(offsets, pa.int64()))
    )
    return _read(chosen, list(table(name).column_names), is_wanted, name).sort_by("offset")


def _read(paths: list[str], columns: list[str], condition: pc.Expression, name: str = "bronze.events") -> pa.Table:
    schema = table(name).arrow_schema
    if not paths:
        return schema.empty_table().select(columns)
    return dataset(paths, schema).to_table(columns=columns, filter=condition)
