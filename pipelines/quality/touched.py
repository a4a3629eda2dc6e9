"""Which spans of which series must be judged anew: what is near to what is new, and what bears on that.

Tables of one DuckDB connection, each with device_id, property, and the first and last microsecond of a span: `touched`
has what changed, day by day; `affected` whose flags that may change, and `context` what must be read to judge them. No
two spans of a series in one of the latter overlap.
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

_DAY_US = 86_400_000_000
_SPAN = "min(epoch_us(phenomenon_time)), max(epoch_us(phenomenon_time))"
_DAY = f"epoch_us(phenomenon_time) // {_DAY_US}"

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
select neighbour.device_id, 'soil_moisture', {_SPAN}
from news join places p on p.device_id = news.device_id
join places neighbour on neighbour.field_id = p.field_id
where property in (select unnest($1))
group by neighbour.device_id, {_DAY}
"""  # noqa: S608 - constants of ours

_MOVED = f"""
insert into touched
select device_id, property, {_SPAN}
from read_parquet($1)
where property in (select unnest($2)) and device_id in (
    with changed as (
        (from places except from former_places) union (from former_places except from places)
    )
    select device_id from changed
    union select device_id from places where field_id in (select field_id from changed)
    union select device_id from former_places where field_id in (select field_id from changed)
)
group by device_id, property, {_DAY}
"""  # noqa: S608 - constants of ours

_NEW = f"insert into touched select device_id, property, {_SPAN} from news group by device_id, property, {_DAY}"  # noqa: S608 - constants of ours

_MOVING = "select device_id, property, phenomenon_time from read_parquet({files}) where {condition}"

# Spans that overlap are one: they are numbered by how many before them ended before the next began.
_AROUND = """
create or replace temp table {name} as
with spans as (
    select device_id, property, first_us - {times} * around_us as from_us, last_us + {times} * around_us as to_us
    from touched join look_around using (property)
), told as (
    select *, from_us > max(to_us) over (
        partition by device_id, property order by from_us, to_us rows between unbounded preceding and 1 preceding
    ) as is_apart
    from spans
), numbered as (
    select *, count(*) filter (where is_apart) over (
        partition by device_id, property order by from_us, to_us rows unbounded preceding
    ) as number
    from told
)
select device_id, property, min(from_us) as from_us, max(to_us) as to_us
from numbered group by device_id, property, number
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
    connection.execute("""
        create or replace temp table touched (device_id varchar, property varchar, first_us bigint, last_us bigint)
    """)
    changed = [(found.files, found.is_new), (found.former_files, found.is_gone)]
    parts = [_MOVING.format(files=listed_in_sql(files), condition=condition) for files, condition in changed if files]
    if parts:
        connection.execute(f"create or replace temp view news as {' union all '.join(parts)}")
        connection.execute(_NEW)
        connection.execute(_WATERED, [[*quality.water.rain, *quality.water.irrigation]])
    if (since.devices, since.fields) != (now.devices, now.fields):
        connection.execute(_MOVED, [data_files(silver), list(_BY_PLACE)])
    _look_around(connection, quality)
    return True


def _look_around(connection: "duckdb.DuckDBPyConnection", quality: Quality) -> None:
    names = [name for (name,) in connection.execute("select distinct property from touched").fetchall()]
    around_us = [quality.around_s(name) * 1_000_000 for name in names]
    spans = {"property": pa.array(names, pa.string()), "around_us": pa.array(around_us, pa.int64())}
    connection.register("look_around", pa.table(spans))
    for name, times in (("affected", 1), ("context", 2)):
        connection.execute(_AROUND.format(name=name, times=times))


def days_of_context(connection: "duckdb.DuckDBPyConnection") -> list[int]:
    """Return the days in UTC since 1970 that the spans of `context` lie on."""
    days = f"unnest(range(from_us // {_DAY_US}, to_us // {_DAY_US} + 1))"
    return [day for (day,) in connection.execute(f"select distinct {days} from context").fetchall()]  # noqa: S608 - constants of ours


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
