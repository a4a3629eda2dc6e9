"""A share of the fields: from gold's files to a file of scores, as one worker makes it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.models import ModelContract
from pipelines.contracts.tables import table
from pipelines.lake.access import dataset
from pipelines.lake.files import ROW_GROUP_ROWS, DataFile, FileWriter
from pipelines.places import Place
from pipelines.scoring.irrigation import Scored, feature_schema, forecast, open_model

if TYPE_CHECKING:
    import pandas as pd

GOLD = "gold.field_daily"

# Bounds what a worker holds in memory: some years of these are half a million rows of gold.
MOST_FIELDS = 500


@dataclass(frozen=True)
class Scoring:
    """Everything a worker needs to know, as plain data that can travel."""

    run: Scored
    model: bytes
    features: "Callable[[pd.DataFrame, ModelContract, date | None], pd.DataFrame]"
    """The function that made the training data's."""
    gold_columns: tuple[str, ...]
    gold_files: tuple[str, ...]
    """Those of the version that is scored."""
    folder: Place
    since: Mapping[str, date] | None
    """The fields to score, and each's first day; None for every day of all."""

    def field_ids(self) -> list[str]:
        """Return the fields to score, sorted."""
        return fields_in(self.gold_files) if self.since is None else sorted(self.since)

    def score(self, field_ids: Sequence[str]) -> DataFile | None:
        """Write a row for every such day, layer and horizon of the fields to one file; None where there are none."""
        session = open_model(self.model)
        forecasts = (forecast(batch, session, self.run) for batch in self._features(field_ids))
        with FileWriter(self.folder, bounded=("field_id",)) as writer:
            for rows in _row_groups(forecasts):
                writer.write(_texts_once(rows))
            return writer.finish()

    def _features(self, field_ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
        layout = feature_schema(self.run.contract)
        gold = dataset(self.gold_files, table(GOLD).arrow_schema).to_table(
            columns=list(self.gold_columns),
            filter=pc.field("field_id").isin(list(field_ids)),
            use_threads=False,  # a task has one core
        )
        for field_id, days in gold.to_pandas().groupby("field_id", sort=True):
            made = self.features(days, self.run.contract, (self.since or {}).get(str(field_id)))
            yield from pa.Table.from_pandas(made, schema=layout, preserve_index=False).to_batches()


def fields_in(gold_files: Sequence[str]) -> list[str]:
    """Return the fields that have a row in files of gold, sorted."""
    days = dataset(gold_files, table(GOLD).arrow_schema)
    each = (pc.unique(batch["field_id"]).to_pylist() for batch in days.to_batches(columns=["field_id"]))
    return sorted({field_id for found in each for field_id in found})


def shared_out(field_ids: Sequence[str], workers: int) -> list[list[str]]:
    """Divide fields into equal shares, one for each worker, or more where a share would be too large for one.

    Neighbours in order stay together, so that a file's bounds say which fields are in it.
    """
    count = max(min(workers, len(field_ids)), ceil(len(field_ids) / MOST_FIELDS))
    ends = [len(field_ids) * number // count for number in range(count + 1)] if count else []
    return [list(field_ids[first:end]) for first, end in pairwise(ends)]


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _texts_once(rows: pa.Table) -> pa.Table:
    """Make a dictionary of each text: a digest stands in every row."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            encoded = rows.column(index).combine_chunks().dictionary_encode()
            rows = rows.set_column(index, field.with_type(encoded.type), encoded)
    return rows
