"""Take a table, or the answer to a query, to a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.lake import export as formats
from pipelines.lake.limits import ANALYSTS, Limits
from pipelines.lake.query import Moment, copy
from pipelines.lake.tables import Lake
from pipelines.settings import Settings


@dataclass(frozen=True)
class ExportReport:
    """What was written, and where."""

    path: str
    file_format: str
    rows: int
    size_bytes: int


def export(
    settings: Settings,
    table_name: str,
    file_format: str,
    path: Path,
    *,
    version: int | None = None,
    as_of: datetime | None = None,
) -> ExportReport:
    """Write a table to a file, at the version named, else as of a time, else at the latest.

    Raises:
        UsageError: There is no lake or no such table; its rows are about no field; the file cannot be written.
        DataRefused: A file of the lake cannot be read.
    """
    lake = Lake(settings.lake).existing()
    moment = Moment({} if version is None else {table_name: version}, as_of)
    rows = formats.export(lake, table_name, file_format, path, moment)
    return ExportReport(str(path), file_format, rows, path.stat().st_size)


def export_answer(
    settings: Settings,
    text: str,
    path: Path,
    *,
    versions: Mapping[str, int] | None = None,
    as_of: datetime | None = None,
    limits: Limits = ANALYSTS,
) -> ExportReport:
    """Write the answer of one SELECT to a Parquet file, however large it is.

    Raises:
        UsageError: There is no lake; the statement is not one SELECT, asks for something that is not there, or takes
            too much; the file cannot be written.
        DataRefused: A file of the lake cannot be read.
    """
    lake = Lake(settings.lake).existing()
    rows = copy(lake, text, path, options=formats.PARQUET, moment=Moment(versions or {}, as_of), limits=limits)
    return ExportReport(str(path), "parquet", rows, path.stat().st_size)
