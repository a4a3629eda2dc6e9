"""What the neighbours of observations say against them, as it stands, and up to which version they have been asked."""

from typing import Any

from pipelines.lake.tables import Lake

OBSERVATIONS, FLAGS, RUNS = "silver.observations", "silver.flags", "ops.flag_runs"

KEY = ("event_key", "device_id", "property", "channel", "depth_cm", "phenomenon_time")
"""What an observation is told by."""

FLAGGED = "silver.observations_current"
FLAGGED_FROM = (OBSERVATIONS, FLAGS)

NEVER = -1

_KEY_COLUMNS = ", ".join(KEY)


def standing(flags: str) -> str:
    """Return SQL for the rows of silver.flags that count: the newest of each observation and reason, if it is a flag.

    Args:
        flags: The table, or a SELECT in brackets, as SQL.
    """
    return f"""
    select * from (
        select * from {flags}
        qualify row_number() over (partition by {_KEY_COLUMNS}, reason order by flag_run desc) = 1
    ) where flag > 1
    """  # noqa: S608 - column names of the contract


# silver.observations with the worst of each observation's flags, and all reasons.
FLAGGED_VIEW = f"""
select o.* replace (
    greatest(o.flag, coalesce(s.flag, 1)) as flag,
    list_concat(o.reasons, coalesce(s.reasons, [])) as reasons
)
from {OBSERVATIONS} o
left join (
    select {_KEY_COLUMNS}, max(flag) as flag, list(reason order by reason) as reasons
    from ({standing(FLAGS)}) group by {_KEY_COLUMNS}
) s on {" and ".join(f"s.{name} is not distinct from o.{name}" for name in KEY)}
"""  # noqa: S608 - column names of the contract


def last_run(lake: Lake) -> dict[str, Any] | None:
    """Return the newest row of ops.flag_runs; None where there is none."""
    return max(lake.read(RUNS).to_pylist(), key=lambda row: row["flag_run"], default=None)


def flagged_version(lake: Lake) -> int:
    """Return the version of silver.observations up to which neighbours have been looked at, -1 where none has."""
    last = last_run(lake)
    return last["to_version"] if last else NEVER
