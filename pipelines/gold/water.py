"""Build gold.water_balance_daily: all of it, or of the fields that moved everything from the first day that did.

A day's balance follows from the one before, so late data restates the days after it, to the end of the record. It is
computed from the season's first day, which costs little; what lies before the first day that moved comes out the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from pipelines.agronomy.water_balance import METHOD
from pipelines.contracts.files import SCHEMAS
from pipelines.errors import DataRefused
from pipelines.gold.inputs import FIELDS, SESSION, rows_of
from pipelines.gold.irrigation import Irrigation, irrigation
from pipelines.gold.region import EVERYTHING, Region
from pipelines.gold.store import MadeFrom, changes, data_file, recorded, write_region, write_whole
from pipelines.gold.water_balance_daily import DAY_COLUMNS, TABLE, build, season_of
from pipelines.lake.access import connected, data_files
from pipelines.lake.admitted import NEVER, admitted, held_condition
from pipelines.lake.slices import news
from pipelines.lake.tables import Lake

DAYS, OPERATIONS = "gold.field_daily", "silver.operations"
_HELD = "held_operations"
# A file has so many fields: late data of one field has its file written again, and no other.
_FIELDS_A_FILE = 50


def water_made_from(lake: Lake) -> MadeFrom:
    """Say what the table is made from, as the lake stands.

    Shape: name -> version, or what else it is.
    """
    standing = admitted(lake, OPERATIONS)
    defaults = hashlib.sha256((SCHEMAS / "water_balance.yaml").read_bytes()).hexdigest()
    return {
        DAYS: lake.open(DAYS).version(),
        OPERATIONS: standing.version,
        _HELD: [[slice_.from_version, slice_.to_version] for slice_ in standing.held],
        FIELDS: lake.open(FIELDS).version(),
        "defaults": defaults,
        "balance_method": METHOD,
    }


def build_water(lake: Lake, made_from: MadeFrom) -> Region | None:
    """Build what moved, and return it; None where nothing did, and nothing was written.

    Shape: what was built.

    Raises:
        WriterConflict: Another builder was faster; its table stands.
    """
    before = recorded(lake, TABLE)
    if before == made_from:
        return None
    fields = lake.read(FIELDS, made_from[FIELDS])
    with connected(lake.root) as connection:
        connection.execute(SESSION)
        connection.register("fields", fields)
        region = _touched(connection, lake, before, made_from)
        if region is None:
            return None
        applied = _irrigation(connection, lake, made_from[OPERATIONS])
        sources = _Sources(connection, data_files(lake.open(DAYS, made_from[DAYS])), fields, applied)
        if region.is_everything:
            files = []
            for some in _some_fields(fields["field_id"].to_pylist()):
                rows = _built(sources, Region(frozenset(some), since=date.min), made_from[OPERATIONS])
                files += data_file(lake, TABLE, rows, bounded=["field_id"])
            write_whole(lake, TABLE, files, made_from)
        else:
            write_region(lake, TABLE, _built(sources, region, made_from[OPERATIONS]), region, made_from)
    return region


def _touched(
    connection: duckdb.DuckDBPyConnection, lake: Lake, before: MadeFrom | None, now: MadeFrom
) -> Region | None:
    if before is None or any(before.get(name) != said for name, said in now.items() if name not in (DAYS, OPERATIONS)):
        return EVERYTHING
    if any(before[name] > now[name] for name in (DAYS, OPERATIONS)):
        # A table that begins anew begins at version 0.
        return EVERYTHING
    try:
        since = changes(lake, DAYS, before[DAYS], now[DAYS]).touched if before[DAYS] != now[DAYS] else {}
        if before[OPERATIONS] != now[OPERATIONS]:
            moved = news(lake.open(OPERATIONS, now[OPERATIONS]), before[OPERATIONS], now[OPERATIONS])
            for files, condition in ((moved.files, moved.is_new), (moved.former_files, moved.is_gone)):
                _lay_out_operations(connection, files, condition)
                for field_id, day in irrigation(connection):
                    since[field_id] = min(day, since.get(field_id, day))
    except DataRefused:
        return EVERYTHING
    return Region(frozenset(since), since=min(since.values())) if since else None


def _irrigation(connection: duckdb.DuckDBPyConnection, lake: Lake, version: int) -> Irrigation:
    if version == NEVER:
        return {}
    condition = held_condition(admitted(lake, OPERATIONS).held)
    _lay_out_operations(connection, data_files(lake.open(OPERATIONS, version)), f"not ({condition})")
    return irrigation(connection)


def _lay_out_operations(connection: duckdb.DuckDBPyConnection, files: list[str], condition: str) -> None:
    nothing = "null::varchar as field_id, null::timestamptz as phenomenon_time, null::double as water_depth_mm, "
    nothing += "null::double as water_volume_m3, null::double as treated_area_ha, null::varchar as operation, 1 as flag"
    source = f"{rows_of(files)} where {condition}" if files else f"(select {nothing} where false)"
    connection.execute(f"create or replace temp view operations as from {source}")


def _some_fields(field_ids: Sequence[str]) -> Iterator[list[str]]:
    ordered = sorted(field_ids)
    yield from (ordered[start : start + _FIELDS_A_FILE] for start in range(0, len(ordered), _FIELDS_A_FILE))


@dataclass(frozen=True)
class _Sources:
    """What the balance is built from, opened."""

    connection: duckdb.DuckDBPyConnection
    days: list[str]
    fields: pa.Table
    applied: Irrigation


def _built(sources: _Sources, region: Region, operations_version: int) -> pa.Table:
    since = region.since or date.min
    starts = {
        field["field_id"]: season_of(field, since) if since > date.min else since
        for field in sources.fields.to_pylist()
        if field["field_id"] in region.field_ids
    }
    starting = pa.table({"field_id": list(starts), "start": pa.array(starts.values(), pa.date32())})
    sources.connection.register("starts", starting)
    days = sources.connection.sql(f"""
        select {", ".join(DAY_COLUMNS)} from {rows_of(sources.days)} join starts using (field_id)
        where date >= start and date >= date '{min(starts.values(), default=since)}'
    """).to_arrow_table()  # noqa: S608 - names of ours, paths of the log
    return build(days, sources.fields, sources.applied, operations_version=operations_version, since=since)
