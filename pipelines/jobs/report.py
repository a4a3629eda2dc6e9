"""Write the report: one page, made from the lake's tables alone."""

import errno
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import StorageFull
from pipelines.lake.tables import Lake
from pipelines.settings import Settings


@dataclass(frozen=True)
class ReportSummary:
    """What was written."""

    path: str
    size_bytes: int
    written: bool
    """False where the file already said exactly this."""


def report(settings: Settings, into: Path) -> ReportSummary:
    """Write the report to the file `into`; the same tables give the same bytes, and then nothing is written.

    Raises:
        StorageFull: There is no room for the page.
    """
    from pipelines.report.page import page

    content = page(Lake(settings.lake), settings.tenant).encode()
    written = not into.is_file() or into.read_bytes() != content
    if written:
        _replace(into, content)
    return ReportSummary(str(into), len(content), written)


def _replace(into: Path, content: bytes) -> None:
    """Put the whole content in place at once, so that nobody opens half a page."""
    beside = into.with_name(f".{into.name}.part")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(into)
    except OSError as cause:
        beside.unlink(missing_ok=True)
        if cause.errno == errno.ENOSPC:
            raise StorageFull(str(into), str(cause)) from cause
        raise
