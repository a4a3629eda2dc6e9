"""How the tables stand, from their logs alone: rows, files, sizes, when they were written, how new their rows are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from pipelines.contracts.tables import table_names
from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.catalogue import Sample
from pipelines.places import Place


def table_samples(lake: Lake) -> Iterator[Sample]:
    """Give what is known of every table that is there."""
    for name in table_names():
        if lake.exists(name):
            yield from _samples(name, lake.open(name), lake.path(name))


def _samples(name: str, opened: DeltaTable, folder: Place) -> Iterator[Sample]:
    files = pa.table(opened.get_add_actions(flatten=True))
    log_files, log_bytes = _log(folder)
    facts = {
        catalogue.VERSION: opened.version(),
        catalogue.ROWS: sum(files["num_records"].to_pylist()),
        catalogue.FILES: files.num_rows,
        catalogue.BYTES: sum(files["size_bytes"].to_pylist()),
        catalogue.LOG_FILES: log_files,
        catalogue.LOG_BYTES: log_bytes,
        catalogue.LAST_COMMIT: opened.history(1)[0]["timestamp"] / 1000,
        catalogue.NEWEST: _newest(name, files),
    }
    for metric, value in facts.items():
        if value is not None:
            yield Sample(metric, (name,), value)


def _log(folder: Place) -> tuple[int, int]:
    sizes = [file.stat().st_size for file in (folder / "_delta_log").iterdir() if not file.is_dir()]
    return len(sizes), sum(sizes)


def _newest(name: str, files: pa.Table) -> float | None:
    # A device's clock may be ahead, so the newest time of an observation takes a look at the rows: see census.py.
    column = f"max.{catalogue.NEWEST_BY.get(name)}"
    if name == "silver.observations" or column not in files.column_names:
        return None
    known = [value for value in files[column].to_pylist() if value is not None]
    return _unix(max(known)) if known else None


def _unix(value: Any) -> float:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    return float(value.timestamp())
