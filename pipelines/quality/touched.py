"""Which days of which series must be judged anew: those near what is new, and those that it bears on.

A day is counted in UTC since 1970. Tables of one DuckDB connection: `touched` has what changed, `affected` whose flags
that may change, `context` what must be read to judge them; each with device_id, property, day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines.contracts.quality import Quality
from pipelines.errors import DataRefused
from pipelines.lake.access import data_files, listed_in_sql
from pipelines.lake.flagged import OBSERVATIONS
from pipelines.lake.slices import news
from pipelines.lake.tables import Lake
from pipelines.places import place

if TYPE_CHECKING:
    import duckdb

DEVICES, FIELDS = "reference.devices", "reference.fields"

DAY = "epoch_us(phenomenon_time) // 86400000000"
_DAY_US = 86_400_000_000

# Only these are judged by where their device stands.
_BY_PLACE = ("solar_radiation", "soil_moisture")

_PLACES = """
select d.device_id, d.field_id, epoch_us(d.valid_from) as from_us, epoch_us(d.valid_to) as to_us,
    coalesce(d.latitude_deg, f.latitude_deg) as latitude_deg,
    coalesce(d.longitude_deg, f.longitude_deg) as longitude_deg,
    coalesce(f.irrigation_system = 'none', false) as is_rain_fed
from devices d left join fields f using (field_id)
"""

# Water of a day bears on the soil moisture of every device that ever stood in the field.
_WATERED = f"""
insert into touched
select distinct neighbour.device_id, 'soil_moisture', {DAY}
from news join places p on p.device_id = news.device_id
join places neighbour on neighbour.field_id = p.field_id
where property in (select unnest($1))
"""  # noqa: S608 - constants of ours

_MOVED = f"""
insert into touched
select distinct device_id, property, {DAY}
from read_parquet($1)
where property in (select unnest($2)) and device_id in (
    with changed as (
        (from places except from former_places) union (from former_places except from places)
    )
    select device_id from changed
    union select device_id from places where field_id in (select field_id from changed)
    union select device_id from former_places where field_id in (select field_id from changed)
)
"""  # noqa: S608 - constants of ours

_MOVING = "select device_id, property, phenomenon_time from read_parquet({files}) where {condition}"

_AROUND = """
create or replace temp table {name} as
select distinct device_id, property, day + distance as day
from touched join look_back using (property),
    lateral (select unnest(range(-{times} * days, {times} * days + 1)) as distance)
"""


@dataclass(frozen=True)
class Versions:
    """Versions of the tables that flags are a function of; -1 where a table is not there."""

    observations: int
    devices: int
    fields: int


def versions(lake: Lake) -> Versions:
    """Return the latest version of each table."""
    return Versions(lake.version(OBSERVATIONS), lake.version(DEVICES), lake.version(FIELDS))


def register_places(connection: "duckdb.DuckDBPyConnection", lake: Lake, at: Versions, name: str = "places") -> None:
    """Make a table of where each device stood, when."""
    for table, version, short in ((DEVICES, at.devices, "devices"), (FIELDS, at.fields, "fields")):
        connection.register(short, lake.read(table, version if version >= 0 else None))
    connection.execute(f"create or replace temp table {name} as {_PLACES}")


def find_touched(
    connection: "duckdb.DuckDBPyConnection", lake: Lake, since: Versions, now: Versions, quality: Quality
) -> bool:
    """Make the tables `affected` and `context`; say no, and make none, where what changed can no longer be told.

    `places` must be there.
    """
    silver = lake.open(OBSERVATIONS, now.observations)
    try:
        found = news(silver, since.observations, now.observations)
        register_places(connection, lake, since, "former_places")
    except (DataRefused, DeltaError):
        # The log or an old version of the registry has been cleaned away.
        return False
    if not all(place(file).exists() for file in found.files):
        return False
    connection.execute("create or replace temp table touched (device_id varchar, property varchar, day bigint)")
    changed = [(found.files, found.is_new), (found.former_files, found.is_gone)]
    parts = [_MOVING.format(files=listed_in_sql(files), condition=condition) for files, condition in changed if files]
    if parts:
        connection.execute(f"create or replace temp view news as {' union all '.join(parts)}")
        connection.execute(f"insert into touched select distinct device_id, property, {DAY} from news")  # noqa: S608 - constants of ours
        connection.execute(_WATERED, [[*quality.water.rain, *quality.water.irrigation]])
    if (since.devices, since.fields) != (now.devices, now.fields):
        connection.execute(_MOVED, [data_files(silver), list(_BY_PLACE)])
    _look_around(connection, quality)
    return True


def _look_around(connection: "duckdb.DuckDBPyConnection", quality: Quality) -> None:
    names = [name for (name,) in connection.execute("select distinct property from touched").fetchall()]
    days = [quality.look_back_days(name) for name in names]
    connection.register("look_back", pa.table({"property": pa.array(names, pa.string()), "days": days}))
    for name, times in (("affected", 1), ("context", 2)):
        connection.execute(_AROUND.format(name=name, times=times))


def files_of_days(snapshot: DeltaTable, days: Sequence[int]) -> list[str]:
    """Return the table's files that may hold rows of any of the days, by the statistics in the log."""
    wanted = np.array(sorted(days), np.int64)
    paths = []
    uris = {uri.rpartition("/")[2]: uri for uri in data_files(snapshot)}
    for action in pa.table(snapshot.get_add_actions(flatten=True)).to_pylist():
        low, high = (action.get(f"{bound}.phenomenon_time") for bound in ("min", "max"))
        if low is not None and high is not None:
            # Statistics are cut to milliseconds, downwards: a day has no such edge.
            first, last = (int(each.timestamp() * 1_000_000 // _DAY_US) for each in (low, high))
            at = np.searchsorted(wanted, first)
            if at == len(wanted) or wanted[at] > last:
                continue
        paths.append(uris[action["path"].rpartition("/")[2]])
    return paths
