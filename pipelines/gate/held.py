"""Slices that the gate holds: where what they came from stands now, and which of them are to be judged again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.contracts.tables import TableContract
from pipelines.gate.results import judged_by, of_slices
from pipelines.gate.slices import Slice, micros, opened
from pipelines.lake.access import connected
from pipelines.lake.admitted import HeldSlice, RowBounds
from pipelines.lake.slices import News, files_holding, files_overlapping
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import pyarrow as pa

_EVENTS = "bronze.events"
_END = datetime.max.replace(tzinfo=UTC)
_PLACE = ["topic", "partition", "first_offset", "last_offset"]

Records = Mapping[HeldSlice, tuple[RowBounds, ...]]
"""Where the records stood that came with the rows held: one that nobody could read may have rows by now."""


def to_judge_again(
    lake: Lake, contract: TableContract, held: Sequence[HeldSlice], digest: str, new: Slice
) -> Iterator[Slice]:
    """Give the slices held of which today's suites ask something else, or which a redrive or a replay has changed.

    What was made of a slice's records since it was judged came with `new`, or with a slice that was new at an earlier
    judgement, which looked too.
    """
    if not held:
        return
    before = of_slices(lake, contract.name, {each.versions for each in held})
    records = _records(lake, held)
    changed = {each for each in held if before[each.versions].suite_digest != digest}
    changed |= _with_rows_of(lake, new, records)
    changed |= _replayed(lake, contract, records, {each: before[each.versions].decided_at for each in held})
    for each in held:
        if each in changed:
            yield _as_it_stands(lake, contract, each, records[each])


def _as_it_stands(lake: Lake, contract: TableContract, held: HeldSlice, records: tuple[RowBounds, ...]) -> Slice:
    """Return a slice that was held, as the rows of its records stand in the table now."""
    since = min(bounds.ingest_time for bounds in held.row_bounds)
    files = files_overlapping(lake.open(contract.name), "ingest_time", since, _END)
    return Slice(contract, held.from_version, held.to_version, News(files, []), held, records)


def _records(lake: Lake, held: Sequence[HeldSlice]) -> Records:
    times = {bounds.ingest_time for each in held for bounds in each.row_bounds}
    files = files_holding(lake.open(_EVENTS), "ingest_time", times) if lake.exists(_EVENTS) else []
    if not files:
        return {each: each.row_bounds for each in held}
    asked = """
        select topic, "partition", epoch_us(ingest_time) as micros, min("offset"), max("offset")
        from read_parquet($files) group by all having micros in $times
    """
    with connected(lake.root) as connection:
        found = connection.execute(asked, {"files": files, "times": [*map(micros, times)]}).fetchall()
    spans = {(topic, partition, at): span for topic, partition, at, *span in found}
    return {each: tuple(_spanning(bounds, spans) for bounds in each.row_bounds) for each in held}


def _spanning(rows: RowBounds, spans: Mapping[tuple[str, int, int], Sequence[int]]) -> RowBounds:
    own = (rows.first_offset, rows.last_offset)
    span = spans.get((rows.topic, rows.partition, micros(rows.ingest_time)), own)
    return replace(rows, first_offset=min(own[0], span[0]), last_offset=max(own[1], span[1]))


def _with_rows_of(lake: Lake, new: Slice, records: Records) -> set[HeldSlice]:
    """Return the slices of whose records there are rows in another slice."""
    if not new.files:
        return set()
    held = list(records)
    with opened(lake, new) as connection:
        connection.register("records", _table(enumerate(records.values())))
        # First by where rows came from to, batch by batch: of most slices that settles it.
        found = connection.execute(f"""
            with came as (select topic, "partition", "offset", ingest_time from {new.rows}),
            batches as (
                select topic, "partition", ingest_time, min("offset") as "first", max("offset") as "last"
                from came group by all
            ),
            near as (
                select number, first_offset, last_offset, b.* from records r join batches b
                on r.topic = b.topic and r."partition" = b."partition" and b.ingest_time >= r.ingest_time
                    and b."first" <= last_offset and b."last" >= first_offset
            )
            select distinct number from near join came using (topic, "partition", ingest_time)
            where "offset" between first_offset and last_offset
        """)  # noqa: S608 - SQL of ours
        return {held[number] for (number,) in found.fetchall()}


def _table(numbered: Iterable[tuple[int, tuple[RowBounds, ...]]]) -> "pa.Table":
    import pyarrow as pa

    rows = [{"number": number, **asdict(bounds)} for number, records in numbered for bounds in records]
    return pa.Table.from_pylist(rows)


def _replayed(
    lake: Lake, contract: TableContract, records: Records, judged_at: Mapping[HeldSlice, datetime]
) -> set[HeldSlice]:
    """Return the slices near which a replay has replaced rows since.

    Not by the rows: they keep, but for microseconds, the time at which they were taken in, and some may be gone.
    """
    columns = ["table_name", "replaced_version", *_PLACE]
    replays = [
        row for row in lake.read("ops.replays", columns=columns).to_pylist() if row["table_name"] == contract.name
    ]
    near = {each: [row for row in replays if _is_near(row, bounds)] for each, bounds in records.items()}
    return {
        each
        for each, rows in near.items()
        if rows and max(row["replaced_version"] for row in rows) > judged_by(lake, contract.name, judged_at[each])
    }


def _is_near(replayed: Mapping[str, Any], records: tuple[RowBounds, ...]) -> bool:
    return any(
        (replayed["topic"], replayed["partition"]) == (bounds.topic, bounds.partition)
        and replayed["first_offset"] <= bounds.last_offset
        and replayed["last_offset"] >= bounds.first_offset
        for bounds in records
    )
