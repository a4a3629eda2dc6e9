"""Build gold.field_hourly and gold.field_daily together, from the same hours: all of them, or those that moved."""

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import pyarrow as pa

from pipelines.agronomy.reference_et import METHOD
from pipelines.contracts.tables import table
from pipelines.gold import field_daily, field_hourly
from pipelines.gold.inputs import DEVICES, FIELDS, Versions, averaging_intervals_s, lay_out, months, opened
from pipelines.gold.region import EVERYTHING, Region
from pipelines.gold.store import MadeFrom, data_file, recorded, write_region, write_whole
from pipelines.gold.touched import HELD, touched
from pipelines.lake.admitted import admitted
from pipelines.lake.files import DataFile
from pipelines.lake.flagged import FLAGS, OBSERVATIONS
from pipelines.lake.tables import Lake

TABLES = {each.TABLE: each.build for each in (field_hourly, field_daily)}


def weather_made_from(lake: Lake) -> MadeFrom:
    """Say what both tables are made from, as the lake stands.

    Shape: name -> version, or what else it is.
    """
    standing = admitted(lake, OBSERVATIONS)
    versions = {name: lake.open(name).version() for name in (DEVICES, FIELDS, FLAGS)}
    held = [[slice_.from_version, slice_.to_version] for slice_ in standing.held]
    others = {HELD: held, "averaging_intervals_s": averaging_intervals_s(), "eto_method": METHOD}
    return {OBSERVATIONS: standing.version, **versions, **others}


def build_weather(lake: Lake, made_from: MadeFrom, cores: int) -> Region | None:
    """Build what moved, and return it; None where nothing did, and nothing was written.

    Shape: what was built.

    Raises:
        WriterConflict: Another builder was faster; its tables stand.
    """
    before = [recorded(lake, name) for name in TABLES]
    if all(said == made_from for said in before):
        return None
    versions = Versions(*(made_from[name] for name in (OBSERVATIONS, FLAGS, DEVICES, FIELDS)))
    with opened(lake, versions, cores) as connection:
        # A crash may have left one of the two behind: what either lacks is built for both.
        regions = [touched(connection, lake, said, made_from) for said in before if said != made_from]
        region = _union([each for each in regions if each])
        if region is None:
            return None
        spans = months(connection, lake, versions) if region.is_everything else region.months()
        parts = (
            (name, build(connection, silver_version=versions.observations))
            for days in spans
            for name, build in _laid_out(connection, lake, versions, region, days)
        )
        (_write_all if region.is_everything else _write_some)(lake, parts, region, made_from)
    return region


def _laid_out(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Versions, region: Region, days: tuple[date, date]
) -> "Iterator[tuple[str, Callable[..., pa.Table]]]":
    lay_out(connection, lake, versions, region, days)
    yield from TABLES.items()


def _write_all(lake: Lake, parts: Iterator[tuple[str, pa.Table]], _: Region, made_from: MadeFrom) -> None:
    files: dict[str, list[DataFile]] = {name: [] for name in TABLES}
    for name, rows in parts:
        files[name] += data_file(lake, name, rows)
    for name, written in files.items():
        write_whole(lake, name, written, made_from)


def _write_some(lake: Lake, parts: Iterator[tuple[str, pa.Table]], region: Region, made_from: MadeFrom) -> None:
    built: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    for name, rows in parts:
        built[name].append(rows)
    for name, tables in built.items():
        rows = pa.concat_tables([table(name).arrow_schema.empty_table(), *tables])
        write_region(lake, name, rows, region, made_from)


def _union(regions: list[Region]) -> Region | None:
    if not regions or any(each.is_everything for each in regions):
        return EVERYTHING if regions else None
    fields = frozenset(field for each in regions for field in each.field_ids)
    return Region(fields, frozenset(day for each in regions for day in each.dates))
