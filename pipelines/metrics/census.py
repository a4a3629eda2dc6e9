"""Rows counted by what stands in them. A data file never changes: each is read once, in the columns that are asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake.access import data_files, dataset
from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.catalogue import Sample

_EVENTS, _OBSERVATIONS, _FLAGS_TABLE = "bronze.events", "silver.observations", "silver.flags"
# A counter must have been seen at 0, or Prometheus takes its first value for where it began.
_VERDICTS = ("accepted", "duplicate", "quarantined")
_FLAGS = ("1", "2", "3", "4", "9")


@dataclass(frozen=True)
class FileCensus:
    """What one data file holds."""

    counts: Counter[str]
    """Rows by the value of the column that is counted."""
    newest: datetime | None
    """Newest time that is not after its row was taken in; None where that is not asked, or there is none."""


@dataclass
class Census:
    """Counts records by verdict and values by flag, reading only files that it has not read before."""

    _known: dict[str, dict[str, FileCensus]] = field(default_factory=dict)

    def samples(self, lake: Lake) -> Iterator[Sample]:
        """Give the counts of the tables' current versions, and the time of the newest observation."""
        yield from _counted(catalogue.RECORDS, _VERDICTS, self._files(lake, _EVENTS))
        observations = self._files(lake, _OBSERVATIONS)
        yield from _counted(catalogue.OBSERVATIONS, _FLAGS, observations)
        yield from _counted(catalogue.NEIGHBOUR_FLAGS, _FLAGS, self._files(lake, _FLAGS_TABLE))
        if times := [each.newest for each in observations if each.newest]:
            yield Sample(catalogue.NEWEST, (_OBSERVATIONS,), max(times).timestamp())

    def _files(self, lake: Lake, name: str) -> list[FileCensus]:
        before = self._known.get(name, {})
        uris = data_files(lake.open(name)) if lake.exists(name) else []
        take = _TAKE[name]
        # Files that the table has let go of are forgotten with the rest of the old mapping.
        now = self._known[name] = {uri: before.get(uri) or take(uri) for uri in uris}
        return list(now.values())


def _counted(metric: catalogue.Metric, values: tuple[str, ...], files: list[FileCensus]) -> Iterator[Sample]:
    for value in values:
        yield Sample(metric, (value,), sum(each.counts[value] for each in files))


def _count_events(uri: str) -> FileCensus:
    return FileCensus(_counts(_columns(uri, "verdict")["verdict"]), None)


def _count_observations(uri: str) -> FileCensus:
    rows = _columns(uri, "flag", "phenomenon_time", "ingest_time")
    is_past = pc.less_equal(rows["phenomenon_time"], rows["ingest_time"])
    return FileCensus(_counts(rows["flag"]), pc.max(rows["phenomenon_time"].filter(is_past)).as_py())


def _count_flags(uri: str) -> FileCensus:
    return FileCensus(_counts(_columns(uri, "flag")["flag"]), None)


_TAKE = {_EVENTS: _count_events, _OBSERVATIONS: _count_observations, _FLAGS_TABLE: _count_flags}


def _columns(uri: str, *names: str) -> pa.Table:
    return dataset([uri]).to_table(columns=list(names))


def _counts(column: pa.ChunkedArray) -> Counter[str]:
    return Counter({str(each["values"]): each["counts"] for each in pc.value_counts(column).to_pylist()})
