"""What came in: records by verdict, observations by the worst of their flags."""

from dataclasses import dataclass

import pandas as pd

from pipelines.lake.tables import Lake
from pipelines.report.tables import query, query_views

VERDICTS = ("accepted", "duplicate", "quarantined")

VERDICT_COUNTS = """
    select verdict, count(*) as records from "bronze.events" group by verdict order by verdict
"""
REASON_COUNTS = """
    select verdict, reason, count(*) as records
    from (select verdict, unnest(reasons) as reason from "bronze.events")
    group by verdict, reason order by verdict, records desc, reason
"""
# What Kafka gave, told by the offsets alone: a record lost or taken twice makes it differ from the verdicts.
OFFSETS_READ = """
    with read as (
        select topic, "partition", min("offset") as first, max("offset") as last
        from "bronze.events" group by topic, "partition"
    ),
    losses as (
        select * from "ops.accepted_losses"
        qualify 1 = row_number() over (
            partition by topic, "partition", resume_offset - lost_records order by decided_at desc
        )
    ),
    lost as (
        select r.topic, r."partition", sum(l.lost_records) as records
        from read r join losses l
          on l.topic = r.topic and l."partition" = r."partition" and l.resume_offset between r.first + 1 and r.last
        group by r.topic, r."partition"
    )
    select count(*) as partitions, coalesce(sum(last - first + 1), 0)::bigint as offsets,
           coalesce(sum(lost.records), 0)::bigint as lost
    from read left join lost using (topic, "partition")
"""
FLAG_COUNTS = """
    select property, flag, count(*) as observations
    from silver.observations_current group by property, flag order by property, flag
"""
# Weeks are counted from 1 January of the field's local standard time, so that no year has a stray week.
WEEKLY_FLAGS = """
    with local as (
        select o.flag, timezone('UTC', o.phenomenon_time)
                       + to_seconds(round(coalesce(f.utc_offset_h, 0) * 3600)::bigint) as local_time
        from silver.observations_current o
        left join reference.devices d
               on d.device_id = o.device_id and o.phenomenon_time >= d.valid_from
              and (d.valid_to is null or o.phenomenon_time < d.valid_to)
        left join reference.fields f on f.field_id = d.field_id
    )
    select date_trunc('year', local_time)::timestamp as year_start, (dayofyear(local_time) - 1) // 7 as week, flag,
           count(*) as observations
    from local group by all order by all
"""


@dataclass(frozen=True)
class Intake:
    """Counts over bronze.events and silver.observations_current."""

    verdicts: dict[str, int]
    reasons: pd.DataFrame
    """verdict, reason, records; a record with two reasons counts under both."""
    offsets: int
    lost: int
    """Of these, those that somebody accepted as lost."""
    partitions: int
    flags: pd.DataFrame
    """property, flag, observations"""
    weekly: pd.DataFrame
    """year_start, week (0 = the seven days from 1 January), flag, observations"""

    @property
    def records(self) -> int:
        """Records with a verdict."""
        return sum(self.verdicts.values())


def intake(lake: Lake) -> Intake:
    """Count what came in."""
    counted = query(lake, VERDICT_COUNTS)
    found = dict(zip(counted["verdict"], (int(records) for records in counted["records"]), strict=True))
    offsets = query(lake, OFFSETS_READ).iloc[0]
    return Intake(
        verdicts={verdict: found.pop(verdict, 0) for verdict in VERDICTS} | found,
        reasons=query(lake, REASON_COUNTS),
        offsets=int(offsets["offsets"]),
        lost=int(offsets["lost"]),
        partitions=int(offsets["partitions"]),
        flags=query_views(lake, FLAG_COUNTS),
        weekly=query_views(lake, WEEKLY_FLAGS),
    )
