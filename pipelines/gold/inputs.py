"""What the weather tables are made from, as relations in DuckDB: read from the lake at versions, where needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contracts.sensors import sensors
from pipelines.gold.region import Region
from pipelines.gold.series import PROPERTIES, lay_out_hours
from pipelines.lake.access import connected, data_files, listed_in_sql
from pipelines.lake.admitted import admitted, held_condition
from pipelines.lake.flagged import FLAGS, KEY, OBSERVATIONS, standing
from pipelines.lake.slices import files_overlapping
from pipelines.lake.tables import Lake

DEVICES, FIELDS = "reference.devices", "reference.fields"
SESSION = "set TimeZone = 'UTC'"
"""What every session is told: a long query would draw its progress among a command's answer."""

# How far a field's day may lie from the same day in UTC.
_AHEAD, _BEHIND = timedelta(hours=14), timedelta(hours=12)
_COLUMNS = ("device_id", "sensor_model", "property", "depth_cm", "phenomenon_time", "value", "flag")


@dataclass(frozen=True)
class Versions:
    """The versions to read."""

    observations: int
    flags: int
    devices: int
    fields: int


@contextmanager
def opened(lake: Lake, versions: Versions, cores: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that has the relations devices, fields and intervals.

    Shape: a row per device and period, per field, and per sensor model.
    """
    with (
        TemporaryDirectory() as spill,
        connected(lake.root, temp_directory=spill, threads=cores) as connection,
    ):
        connection.execute(SESSION)
        connection.register("devices", lake.read(DEVICES, versions.devices))
        connection.register("fields", lake.read(FIELDS, versions.fields))
        every = averaging_intervals_s()
        connection.register(
            "intervals",
            pa.table({"sensor_model": list(every), "averaging_interval_s": pa.array(every.values(), pa.int32())}),
        )
        yield connection


def averaging_intervals_s() -> dict[str, int]:
    """Return the averaging interval of each sensor model.

    Shape: sensor model -> seconds.
    """
    return {model: sensor.averaging_interval_s for model, sensor in sensors().items()}


def lay_out(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Versions, region: Region, days: tuple[date, date]
) -> None:
    """Make the relation `hours` for the part of a region that lies between two days, both among them.

    Shape: see pipelines.gold.series.
    """
    low, high = (datetime.combine(day, time(), UTC) for day in days)
    low, high = low - _AHEAD, high + timedelta(days=1) + _BEHIND
    within = f"phenomenon_time >= timestamptz '{low}' and phenomenon_time < timestamptz '{high}'"
    rows = _observations(lake, versions.observations, (low, high), f"{within}{_of_devices(region)}")
    flags = _flags(lake, versions.flags, (low, high), within)
    # The join reads the long keys of all rows; most stretches of time have nothing to join.
    if flags and connection.execute(f"select exists(from ({flags}))").fetchall()[0][0]:
        rows = _worst(rows, flags)
    connection.execute(f"create or replace temp view observations as {rows}")
    first, last = days
    lay_out_hours(connection, f"{region.condition} and date between date '{first}' and date '{last}'")


def months(connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Versions) -> list[tuple[date, date]]:
    """Return the months in which some field may have a day.

    Shape: first and last day of each, oldest first.
    """
    files = data_files(lake.open(OBSERVATIONS, versions.observations))
    if not files:
        return []
    shifts = ", ".join(f"phenomenon_time {shift}" for shift in ("- interval 12 hours", "+ interval 14 hours"))
    found = connection.execute(f"""
        select distinct date_trunc('month', unnest([{shifts}]))::date as month
        from (
            select distinct date_trunc('hour', phenomenon_time) as phenomenon_time
            from {rows_of(files)} where phenomenon_time >= (select min(valid_from) from devices)
        ) order by 1
    """).fetchall()  # noqa: S608 - paths of the log
    return [
        (month, (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)) for (month,) in found
    ]


def rows_of(files: list[str]) -> str:
    """Return SQL for the rows of data files.

    Shape: a row each.
    """
    return f"read_parquet({listed_in_sql(files)}, union_by_name = true)"


def _of_devices(region: Region) -> str:
    if region.is_everything:
        return ""
    fields = ", ".join("'" + each.replace("'", "''") + "'" for each in sorted(region.field_ids))
    return f" and device_id in (select device_id from devices where field_id in ({fields}))"  # noqa: S608 - quoted


def _observations(lake: Lake, version: int, span: tuple[datetime, datetime], condition: str) -> str:
    files = files_overlapping(lake.open(OBSERVATIONS, version), "phenomenon_time", *span)
    if not files:
        nothing = ", ".join(
            f"null::{_TYPES.get(name, 'varchar')} as {name}" for name in dict.fromkeys((*_COLUMNS, *KEY))
        )
        return f"select {nothing} where false"
    held = admitted(lake, OBSERVATIONS).held
    free = f" and not ({held_condition(held)})" if held else ""
    return f"select * from {rows_of(files)} where property in {PROPERTIES} and {condition}{free}"  # noqa: S608 - SQL of ours


_TYPES = {
    "depth_cm": "double",
    "phenomenon_time": "timestamptz",
    "value": "double",
    "flag": "int",
    "channel": "int",
}


def _flags(lake: Lake, version: int, span: tuple[datetime, datetime], condition: str) -> str | None:
    files = files_overlapping(lake.open(FLAGS, version), "phenomenon_time", *span)
    return standing(f"(select * from {rows_of(files)} where {condition})") if files else None  # noqa: S608 - SQL of ours


def _worst(rows: str, flags: str) -> str:
    """Write observations with the worst of their flags."""
    key = ", ".join(KEY)
    same = " and ".join(f"s.{name} is not distinct from o.{name}" for name in KEY)
    return f"""
        select o.* replace (greatest(o.flag, coalesce(s.flag, 1)) as flag)
        from ({rows}) o left join (select {key}, max(flag) as flag from ({flags}) group by {key}) s on {same}
    """  # noqa: S608 - SQL of ours


def field_days(
    connection: duckdb.DuckDBPyConnection, files: list[str], condition: str = "true"
) -> list[tuple[str, Any]]:
    """Return the field-days of the rows in files that have device_id and phenomenon_time, by devices and fields.

    Shape: (field_id, date in local standard time), each once.
    """
    if not files:
        return []
    return connection.execute(f"""
        select distinct field_id,
            make_date(((epoch_us(phenomenon_time) + round(utc_offset_h * 3.6e9)::bigint) // 86400000000)::int)
        from (select device_id, phenomenon_time from {rows_of(files)} where {condition})
        join devices using (device_id) join fields using (field_id)
        where phenomenon_time >= valid_from and (valid_to is null or phenomenon_time < valid_to)
    """).fetchall()  # noqa: S608 - SQL of ours
