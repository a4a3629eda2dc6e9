"""What is judged: the rows that came with some versions of a table, and those that they must not repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

_TIME = "phenomenon_time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


@contextmanager
def opened(lake: Lake, slice_: Slice) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Lay out what a slice's files say of their columns; see `lay_out` for the rows."""
    with TemporaryDirectory() as spill, connected(lake.root, temp_directory=spill) as connection:
        view.lay_out_columns(connection, slice_.contract, slice_.files)
        yield connection


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


def _condition(records: tuple[RowBounds, ...]) -> str:
    each = (
        f"topic = '{bounds.topic}' and \"partition\" = {bounds.partition} "
        f'and "offset" between {bounds.first_offset} and {bounds.last_offset} '
        f"and epoch_us(ingest_time) >= {micros(bounds.ingest_time)}"
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


def micros(time: datetime) -> int:
    """Return a time in microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
