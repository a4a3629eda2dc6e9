"""What is judged: the rows that came with some versions of a table, and those that they must not repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import TableContract
from pipelines.gate import view
from pipelines.lake.access import connected
from pipelines.lake.admitted import HeldSlice
from pipelines.lake.slices import added_files, files_overlapping
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import duckdb

_TIME = "phenomenon_time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KAFKA = frozenset({"topic", "partition", "offset", "ingest_time"})


@dataclass(frozen=True)
class Slice:
    """The rows of a table's versions after `from_version`, up to `to_version`, in files.

    `held` is None for what is new; a slice that was held is found again by where its rows stood in Kafka.
    """

    contract: TableContract
    from_version: int
    to_version: int
    files: tuple[str, ...]
    held: HeldSlice | None = None

    @property
    def rows(self) -> str:
        """SQL for the rows."""
        return view.rows_of(self.files, _condition(self.held) if self.held else "true")


def new_slice(lake: Lake, contract: TableContract, from_version: int) -> Slice:
    """Return what came after a version, up to the newest."""
    opened = lake.open(contract.name)
    files = added_files(opened, from_version, opened.version()) if opened.version() > from_version else []
    return Slice(contract, from_version, opened.version(), tuple(files))


def held_slice(lake: Lake, contract: TableContract, held: HeldSlice) -> Slice:
    """Return a slice that was held, as its rows stand in the table now."""
    times = [bounds.ingest_time for bounds in held.row_bounds]
    files = files_overlapping(lake.open(contract.name), "ingest_time", min(times), max(times))
    return Slice(contract, held.from_version, held.to_version, tuple(files), held)


@contextmanager
def opened(lake: Lake, slice_: Slice) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Lay out what a slice's files say of their columns; see `lay_out` for the rows."""
    with TemporaryDirectory() as spill, connected(lake.root, temp_directory=spill) as connection:
        view.lay_out_columns(connection, slice_.contract, slice_.files)
        yield connection


def lay_out(connection: "duckdb.DuckDBPyConnection", lake: Lake, slice_: Slice, rows_by_day: dict[date, int]) -> None:
    """Lay out a slice's rows, whose columns are right, and what is made from them."""
    surroundings = view.Surroundings(
        _earlier(connection, lake, slice_),
        lake.read("reference.devices"),
        lake.read("reference.fields"),
        _intervals(),
        rows_by_day,
    )
    view.lay_out(connection, slice_.contract, quantities().values(), slice_.rows, surroundings)


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


def _condition(held: HeldSlice) -> str:
    each = (
        f"topic = '{bounds.topic}' and \"partition\" = {bounds.partition} "
        f'and "offset" between {bounds.first_offset} and {bounds.last_offset} '
        f"and epoch_us(ingest_time) = {_micros(bounds.ingest_time)}"
        for bounds in held.row_bounds
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
    others = f"not ({_condition(slice_.held)})" if slice_.held else "true"
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
