"""One run's judging: the rows near what is new, chunk by chunk, and how what they say differs from what stands."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from pipelines.contracts.quality import Quality, averaging_intervals_s
from pipelines.lake.access import data_files, listed_in_sql
from pipelines.lake.flagged import KEY, OBSERVATIONS, standing
from pipelines.lake.tables import Lake
from pipelines.quality.judge import RISE, judge, rise_places, rows_of
from pipelines.quality.neighbours import SUSPECT
from pipelines.quality.series import Ints
from pipelines.quality.touched import Versions, days_of_context, files_of_days, find_touched, register_places

if TYPE_CHECKING:
    import duckdb

# Rows judged at once; a device's are never divided.
CHUNK_ROWS = 1_000_000

_STOOD_THERE = """
p.device_id = o.device_id and epoch_us(o.phenomenon_time) >= p.from_us
    and (p.to_us is null or epoch_us(o.phenomenon_time) < p.to_us)
"""
_IN_SPAN = """
s.device_id = o.device_id and s.property = o.property and epoch_us(o.phenomenon_time) between s.from_us and s.to_us
"""
# The span of all spans is told apart, for files to be skipped by.
_NEAR = f"""
join context s on {_IN_SPAN}
where o.phenomenon_time between to_timestamp({{first_s}}) and to_timestamp({{last_s}})
"""

_ROWS = f"""
with chosen as (
    select o.*, {{is_affected}} as is_affected from observations o {{affected}} where o.device_id in (select unnest($1))
)
select {", ".join(f"o.{name}" for name in KEY)}, o.value,
    o.flag in (1, 2, 3) and o.value is not null as is_usable,
    epoch_us(o.phenomenon_time) as time_us, epoch_us(o.result_time) as result_us,
    epoch_us(least(o.result_time, o.ingest_time)) as received_us,
    coalesce(i.interval_s, 0) as interval_s,
    p.field_id, p.latitude_deg, p.longitude_deg, coalesce(p.is_rain_fed, false) as is_rain_fed, o.is_affected
from chosen o
left join intervals i on i.sensor_model = o.sensor_model
left join places p on o.property in ('solar_radiation', 'soil_moisture') and {_STOOD_THERE}
order by o.device_id, o.property, o.channel, o.depth_cm, o.phenomenon_time, o.event_key
"""  # noqa: S608 - column names of the contract

_WATER = f"""
create or replace temp table water as
select p.field_id, epoch_us(o.phenomenon_time) as time_us, list_contains($1, o.property) as is_rain,
    bool_or(o.value > 0) as is_wet
from read_parquet($3) o join places p on {_STOOD_THERE}
where (list_contains($1, o.property) or list_contains($2, o.property)) and o.flag in (1, 2, 3) and o.value is not null
group by all
"""  # noqa: S608 - constants of ours
# Water is known of where rain is reported, and irrigation too unless the field has none.
_DRY = """
select r.place from rises r
join water w on w.field_id = r.field_id and w.time_us between r.time_us - $1 and r.time_us
group by r.place, r.is_rain_fed
having bool_or(w.is_rain) and (r.is_rain_fed or bool_or(not w.is_rain)) and not bool_or(w.is_wet)
order by r.place
"""

_TOLD = (*KEY, "reason")
_SAME = " and ".join(f"j.{name} is not distinct from s.{name}" for name in _TOLD)
_DIFFERENCES = f"""
select {", ".join(f"j.{name}" for name in _TOLD)}, j.flag
from judged j left join standing s on {_SAME}
where s.flag is distinct from j.flag
union all
select {", ".join(f"s.{name}" for name in _TOLD)}, 1 as flag
from standing s left join judged j on {_SAME}
where j.flag is null
order by all
"""  # noqa: S608 - column names of the contract


class Work:
    """Judges what changed between two states of the lake; everything, where there was none or it cannot be told."""

    def __init__(
        self,
        connection: "duckdb.DuckDBPyConnection",
        lake: Lake,
        flags: DeltaTable,
        *,
        since: Versions | None,
        now: Versions,
        quality: Quality,
    ) -> None:
        """Find out what must be judged; `connection` is this work's own."""
        self._connection, self._flags, self._quality = connection, flags, quality
        connection.execute("set TimeZone = 'UTC'")
        register_places(connection, lake, now)
        intervals = averaging_intervals_s()
        models = pa.table({"sensor_model": list(intervals), "interval_s": pa.array(intervals.values(), pa.int64())})
        connection.register("intervals", models)
        self.is_everything = since is None or not find_touched(connection, lake, since, now, quality)
        self._files = self._files_to_read(lake.open(OBSERVATIONS, now.observations))
        self._knows_water = False

    def differences(self) -> Iterator[tuple[int, pa.Table]]:
        """Give, chunk by chunk, how many rows were looked at, and each flag that is not as it stands.

        Shape: columns that tell an observation, reason, flag; flag 1 where one is taken back.
        """
        if not self._files:
            return
        near = "" if self.is_everything else self._near()
        read = f"read_parquet({listed_in_sql(self._files)}) o {near}"
        self._connection.execute(f"create or replace temp view observations as select o.* from {read}")  # noqa: S608 - files of the snapshot
        for devices in self._chunks():
            rows = self._connection.sql(self._rows(), params=[devices]).to_arrow_table()
            yield rows.num_rows, self._against_standing(devices, self._found(rows))

    def _near(self) -> str:
        whole = "select min(from_us) // 1000000, max(to_us) // 1000000 + 1 from context"
        ((first_s, last_s),) = self._connection.execute(whole).fetchall()
        return _NEAR.format(first_s=first_s, last_s=last_s)

    def _rows(self) -> str:
        if self.is_everything:
            return _ROWS.format(is_affected="true", affected="")
        return _ROWS.format(is_affected="s.device_id is not null", affected=f"left join affected s on {_IN_SPAN}")

    def _files_to_read(self, snapshot: DeltaTable) -> list[str]:
        if self.is_everything:
            return data_files(snapshot)
        return files_of_days(snapshot, days_of_context(self._connection))

    def _chunks(self) -> Iterator[list[str]]:
        counts = self._connection.execute("select device_id, count(*) from observations group by 1 order by 1")
        chunk: list[str] = []
        size = 0
        for device_id, count in counts.fetchall():
            if chunk and size + count > CHUNK_ROWS:
                yield chunk
                chunk, size = [], 0
            chunk.append(device_id)
            size += count
        if chunk:
            yield chunk

    def _found(self, rows: pa.Table) -> pa.Table:
        """Return the flags of the affected rows."""
        laid_out = rows_of(rows, self._quality)
        found = judge(laid_out, self._quality)
        dry = self._without_water(rows, rise_places(laid_out, self._quality))
        places = np.concatenate([found.places, dry])
        columns = {name: rows[name].take(pa.array(places)) for name in KEY}
        columns["reason"] = pa.array([*found.reasons.tolist(), *[RISE] * len(dry)], pa.string())
        columns["flag"] = pa.array([*found.flags.tolist(), *[SUSPECT] * len(dry)], pa.int32())
        return pa.table(columns).filter(rows["is_affected"].take(pa.array(places)))

    def _without_water(self, rows: pa.Table, places: Ints) -> Ints:
        """Return those of the rises in whose field nothing was wet, though it would be known."""
        if not len(places):
            return places
        water = self._quality.water
        if not self._knows_water:
            self._connection.execute(_WATER, [list(water.rain), list(water.irrigation), self._files])
            self._knows_water = True
        risen = rows.select(["field_id", "time_us", "is_rain_fed"]).take(pa.array(places))
        self._connection.register("rises", risen.append_column("place", pa.array(places)))
        dry = self._connection.execute(_DRY, [water.looked_for_s * 1_000_000]).fetchall()
        return np.array([place for (place,) in dry], np.int64)

    def _against_standing(self, devices: list[str], found: pa.Table) -> pa.Table:
        files = data_files(self._flags)
        if not files:
            return found
        near = "" if self.is_everything else f"join affected s on {_IN_SPAN}"
        given = f"read_parquet({listed_in_sql(files)}) o {near}"
        chosen = f"(select o.* from {given} where o.device_id in (select unnest($1)))"  # noqa: S608 - files of the snapshot
        self._connection.execute(f"create or replace temp table standing as {standing(chosen)}", [devices])
        self._connection.register("judged", found)
        return self._connection.sql(_DIFFERENCES).to_arrow_table()
