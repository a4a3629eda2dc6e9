"""Which days of which fields must be built again, by what moved since they were built."""

from datetime import date
from typing import Any

import duckdb

from pipelines.errors import DataRefused
from pipelines.gold.inputs import field_days
from pipelines.gold.region import EVERYTHING, Region, days_between, of_field_days
from pipelines.gold.store import MadeFrom
from pipelines.lake.admitted import RESULTS
from pipelines.lake.flagged import FLAGS, OBSERVATIONS
from pipelines.lake.slices import news
from pipelines.lake.tables import Lake

HELD = "held_slices"
# Where more days than these are touched, everything is built: it is read a month at a time.
_MOST_DAYS = 400


def touched(connection: duckdb.DuckDBPyConnection, lake: Lake, before: MadeFrom | None, now: MadeFrom) -> Region | None:
    """Return the field-days of the observations and flags that came between two states; None if none did.

    Shape: fields times days.

    Everything is touched where anything else moved: the registry, the sensors' intervals, the formula; or where the log
    no longer tells what came.
    """
    moving = {OBSERVATIONS, FLAGS, HELD}
    if before is None or any(before.get(name) != said for name, said in now.items() if name not in moving):
        return EVERYTHING
    if any(before[name] > now[name] for name in (OBSERVATIONS, FLAGS)):
        # A table that begins anew begins at version 0.
        return EVERYTHING
    found: list[tuple[str, date]] = []
    try:
        for name in (OBSERVATIONS, FLAGS):
            if before[name] < now[name]:
                changed = news(lake.open(name, now[name]), before[name], now[name])
                found += field_days(connection, changed.files, changed.is_new)
                found += field_days(connection, changed.former_files, changed.is_gone)
    except DataRefused:
        return EVERYTHING
    held = _of_slices(lake, _differing(before[HELD], now[HELD]))
    region = None if held is None else of_field_days([*found, *held])
    if held is None or (region and len(region.dates) > _MOST_DAYS):
        return EVERYTHING
    return region


def _differing(before: list[list[int]], now: list[list[int]]) -> list[list[int]]:
    return [slice_ for slice_ in (*before, *now) if (slice_ in before) != (slice_ in now)]


def _of_slices(lake: Lake, slices: list[list[int]]) -> list[tuple[str, date]] | None:
    """Return the field-days of slices that are held now or were, as the gate noted them; None where it did not."""
    if not slices:
        return []
    found: list[tuple[str, date]] = []
    for slice_ in slices:
        noted: list[dict[str, Any]] = [
            days
            for row in lake.read(RESULTS).to_pylist()
            if row["table_name"] == OBSERVATIONS and [row["from_version"], row["to_version"]] == slice_
            for days in row["field_days"] or ()
        ]
        if not noted:
            return None
        found += [(each["field_id"], day) for each in noted for day in days_between(each["from_date"], each["to_date"])]
    return found
