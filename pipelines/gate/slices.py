"""What is judged: the rows that came with some versions of a table, and those that they must not repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import TableContract
from pipelines.gate import relations, view
from pipelines.gate.results import rows_by_day
from pipelines.lake.access import connected
from pipelines.lake.admitted import HeldSlice, RowBounds
from pipelines.lake.slices import News, files_overlapping, news
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import duckdb

_EVENTS, _TIME = "bronze.events", "phenomenon_time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_KAFKA = frozenset({"topic", "partition", "offset", "ingest_time"})


@dataclass(frozen=True)
class Slice:
    """The rows of a table's versions after `from_version`, up to `to_version`.

    `held` is None for what is new; a slice that was held is found again by where its records stood in Kafka, with what
    was made of them since.
    """

    contract: TableContract
    from_version: int
    to_version: int
    news: News
    held: HeldSlice | None = None
    records: tuple[RowBounds, ...] = ()
    """Where the records of a held slice stood."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the rows are in."""
        return tuple(self.news.files)

    @property
    def rows(self) -> str:
        """SQL for the rows."""
        return view.rows_of(self.files, _condition(self.records) if self.held else self.news.is_new)


def new_slice(lake: Lake, contract: TableContract, from_version: int) -> Slice:
    """Return what came after a version, up to the newest."""
    opened = lake.open(contract.name)
    return Slice(contract, from_version, opened.version(), news(opened, from_version, opened.version()))


def held_slice(lake: Lake, contract: TableContract, held: HeldSlice) -> Slice:
    """Return a slice that was held, as the rows of its records stand in the table now."""
    since = min(bounds.ingest_time for bounds in held.row_bounds)
    files = files_overlapping(lake.open(contract.name), "ingest_time", since, _END)
    return Slice(contract, held.from_version, held.to_version, News(files, []), held, _records(lake, held))


@contextmanager
def opened(lake: Lake, slice_: Slice) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Lay out what a slice's files say of their columns; see `lay_out` for the rows."""
    with TemporaryDirectory() as spill, connected(lake.root, temp_directory=spill) as connection:
        view.lay_out_columns(connection, slice_.contract, slice_.files)
        yield connection


def has_moved(lake: Lake, slice_: Slice, row_count: int, judged_at: datetime) -> bool:
    """Say whether the rows of a held slice are others than those that were counted when it was judged."""
    asked = f"select count(*), max(epoch_us(ingest_time)) from {slice_.rows}"  # noqa: S608 - SQL of ours
    with opened(lake, slice_) as connection:
        ((count, newest),) = connection.execute(asked).fetchall()
    return bool(count != row_count or (newest is not None and newest > _micros(judged_at)))


def was_replayed(lake: Lake, slice_: Slice, since_version: int) -> bool:
    """Say whether a replay has replaced rows near those of a held slice, in a version after one."""
    columns = ["table_name", "replaced_version", "topic", "partition", "first_offset", "last_offset"]
    replaced = (
        row
        for row in lake.read("ops.replays", columns=columns).to_pylist()
        if row["table_name"] == slice_.contract.name and row["replaced_version"] > since_version
    )
    return any(
        (row["topic"], row["partition"]) == (bounds.topic, bounds.partition)
        and row["first_offset"] <= bounds.last_offset
        and row["last_offset"] >= bounds.first_offset
        for row in replaced
        for bounds in slice_.records
    )


def lay_out(connection: "duckdb.DuckDBPyConnection", lake: Lake, slice_: Slice) -> int:
    """Lay out the relations of a slice whose columns are right, and count its rows."""
    surroundings = relations.Surroundings(
        _earlier(connection, lake, slice_),
        lake.read("reference.devices"),
        lake.read("reference.fields"),
        _intervals(),
        rows_by_day(lake, slice_.contract.name, slice_.from_version),
    )
    return relations.lay_out(connection, slice_.contract, quantities().values(), slice_.rows, surroundings)


def row_bounds(connection: "duckdb.DuckDBPyConnection", contract: TableContract) -> list[dict[str, Any]] | None:
    """Say where in Kafka the slice's rows stood and when they were taken in; None where a row does not say."""
    if not set(contract.column_names) >= _KAFKA:
        return None
    found = connection.execute("""
        select topic, "partition", min("offset"), max("offset"), epoch_us(ingest_time)
        from slice group by topic, "partition", ingest_time order by all
    """)
    rows = found.fetchall()
    if any(None in row for row in rows):
        return None
    return [
        {
            "topic": topic,
            "partition": partition,
            "first_offset": first,
            "last_offset": last,
            "ingest_time": _instant(micros),
        }
        for topic, partition, first, last, micros in rows
    ]


def _records(lake: Lake, held: HeldSlice) -> tuple[RowBounds, ...]:
    """Say where the records stood that came with the rows held: one that nobody could read may have rows by now."""
    times = [bounds.ingest_time for bounds in held.row_bounds]
    files = files_overlapping(lake.open(_EVENTS), "ingest_time", min(times), max(times)) if lake.exists(_EVENTS) else []
    if not files:
        return held.row_bounds
    asked = """
        select topic, "partition", epoch_us(ingest_time), min("offset"), max("offset")
        from read_parquet($files) group by all
    """
    with connected(lake.root) as connection:
        found = connection.execute(asked, {"files": files}).fetchall()
    spans = {(topic, partition, micros): span for topic, partition, micros, *span in found}
    return tuple(_spanning(bounds, spans) for bounds in held.row_bounds)


def _spanning(rows: RowBounds, spans: dict[tuple[str, int, int], list[int]]) -> RowBounds:
    own = (rows.first_offset, rows.last_offset)
    span = spans.get((rows.topic, rows.partition, _micros(rows.ingest_time)), own)
    return replace(rows, first_offset=min(own[0], span[0]), last_offset=max(own[1], span[1]))


def _condition(records: tuple[RowBounds, ...]) -> str:
    each = (
        f"topic = '{bounds.topic}' and \"partition\" = {bounds.partition} "
        f'and "offset" between {bounds.first_offset} and {bounds.last_offset} '
        f"and epoch_us(ingest_time) >= {_micros(bounds.ingest_time)}"
        for bounds in records
    )
    return " or ".join(f"({one})" for one in each)


def _earlier(connection: "duckdb.DuckDBPyConnection", lake: Lake, slice_: Slice) -> str | None:
    """Return SQL for rows of other slices that may share a key with the slice: a copy has the time of the original."""
    if slice_.from_version < 0 or _TIME not in slice_.contract.column_names:
        return None
    bounds = f"min(epoch_us({_TIME})), max(epoch_us({_TIME}))"
    ((first, last),) = connection.execute(f"select {bounds} from {slice_.rows}").fetchall()  # noqa: S608 - SQL of ours
    if first is None:
        return None
    table = lake.open(slice_.contract.name, None if slice_.held else slice_.from_version)
    files = files_overlapping(table, _TIME, _instant(first), _instant(last))
    # What a replay replaced shares its key with what took its place.
    others = f"not ({_condition(slice_.records)})" if slice_.held else slice_.news.is_still_there
    return view.rows_of(files, f"{others} and epoch_us({_TIME}) between {first} and {last}") if files else None


def _intervals() -> Any:
    import pyarrow as pa

    every = {model: sensor.averaging_interval_s for model, sensor in sensors().items() if sensor.averaging_interval_s}
    return pa.table(
        {
            "sensor_model": pa.array(every, pa.string()),
            "averaging_interval_s": pa.array(every.values(), pa.int64()),
        }
    )


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
