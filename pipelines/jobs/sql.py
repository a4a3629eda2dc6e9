"""Ask the lake: one SELECT over its tables."""

from collections.abc import Mapping
from datetime import datetime

from pipelines.lake.limits import ANALYSTS, Limits
from pipelines.lake.query import Answer, Moment, query
from pipelines.lake.tables import Lake
from pipelines.settings import Settings


def sql(
    settings: Settings,
    text: str,
    versions: Mapping[str, int] | None = None,
    *,
    as_of: datetime | None = None,
    limits: Limits = ANALYSTS,
) -> Answer:
    """Run one SELECT over the tenant's tables, each at the version named, else as of a time, else the latest.

    Raises:
        UsageError: There is no lake; or the statement is not one SELECT, asks for something that is not there, or
            takes too much.
        DataRefused: A file of the lake cannot be read.
    """
    return query(Lake(settings.lake).existing(), text, Moment(versions or {}, as_of), limits)
