"""Views beside the tables: what a reader mostly wants to know, said once."""

from dataclasses import dataclass

from pipelines.lake.flagged import FLAGGED, FLAGGED_FROM, FLAGGED_VIEW
from pipelines.lake.scored import standing


@dataclass(frozen=True)
class View:
    """A view `<layer>.<name>` over tables of the lake."""

    name: str
    reads: tuple[str, ...]
    sql: str


_JUDGED = ("format", "verdict", "reasons", "event_key", "device_id", "result_time", "contract_digest")

EVENTS_CURRENT = View(
    "bronze.events_current",
    ("bronze.events", "ops.redrives"),
    # The verdict that stands: the newest redrive's, where a record was judged anew.
    f"""
    select
        e.* replace ({", ".join(f"if(r.redrive_number is null, e.{name}, r.{name}) as {name}" for name in _JUDGED)}),
        r.redrive_number
    from bronze.events e
    left join (
        select * from ops.redrives
        qualify row_number() over (partition by topic, "partition", "offset" order by redrive_number desc) = 1
    ) r using (topic, "partition", "offset")
    """,  # noqa: S608 - column names of the contract
)

SCORES_CURRENT = View("scores.irrigation_current", ("scores.irrigation",), standing("scores.irrigation"))

VIEWS = {view.name: view for view in (EVENTS_CURRENT, View(FLAGGED, FLAGGED_FROM, FLAGGED_VIEW), SCORES_CURRENT)}
