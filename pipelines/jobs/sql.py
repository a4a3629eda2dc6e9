"""Ask the lake: one SELECT over its tables."""

from collections.abc import Mapping

from pipelines.lake.query import Answer, query
from pipelines.lake.tables import Lake
from pipelines.settings import Settings


def sql(settings: Settings, text: str, versions: Mapping[str, int] | None = None) -> Answer:
    """Run one SELECT over the tenant's tables, each at its latest version or the one named.

    Raises:
        UsageError: The statement is not one SELECT, or asks for something that is not there.
        DataRefused: A file of the lake cannot be read.
    """
    return query(Lake(settings.lake), text, versions)
