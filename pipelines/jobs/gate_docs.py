"""Write a tenant's judgements as pages that can be read offline."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.gate.results import newest
from pipelines.jobs.gate import GATED
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

NEWEST = 100


@dataclass(frozen=True)
class GateDocs:
    """What was written."""

    index: Path
    judgements: int


def gate_docs(settings: Settings, into: Path) -> GateDocs:
    """Write a page for each of the newest judgements of every table, at most `NEWEST` a table, and an index."""
    from pipelines.gate.pages import write_pages

    lake = Lake(settings.lake)
    shown = [result for name in GATED for result in newest(lake, name, NEWEST)]
    index, *pages = write_pages(shown, settings.tenant, into)
    return GateDocs(index, len(pages))
