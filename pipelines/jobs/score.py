"""Score with the newest model: gold to scores, once for each version of gold and model digest."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines import failpoints
from pipelines.contracts import models as contracts
from pipelines.contracts.tables import table
from pipelines.errors import WorkerLost
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.tables import Lake
from pipelines.registry import models as registry
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from pipelines.lake.files import DataFile
    from pipelines.scoring.share import Scoring

GOLD, SCORES = "gold.field_daily", "scores.irrigation"


@dataclass(frozen=True)
class ScoreReport:
    """What a scoring came to; `reused` says that these scores were there already, and `rows` is then 0."""

    model: str
    model_digest: str
    gold_version: int
    rows: int
    reused: bool
    duration_s: float


def score(settings: Settings, model: str = "irrigation") -> ScoreReport:
    """Score every field-day of the latest gold, unless this model has scored it already.

    Raises:
        DataRefused: There is no gold, no model, or its file is not the one registered.
        WriterConflict: The same scoring elsewhere was faster; its scores stand.
        WorkerLost: A worker was killed.
        LakeDamaged: A table is not as it was written.
    """
    started = time.monotonic()
    lake = Lake(settings.lake)
    require_sound(lake, (GOLD, registry.TABLE, SCORES))
    newest = registry.latest(lake, model)
    gold, scores = lake.open(GOLD), lake.create(SCORES)
    app_id = f"scores/{model}/{newest.digest}"
    progress = Progress(app_id, scores.transaction_version(app_id), gold.version())
    reused = progress.start is not None and progress.start >= progress.next
    rows = 0 if reused else _append(settings, _scoring(lake, newest, gold), scores, progress)
    return ScoreReport(model, newest.digest, gold.version(), rows, reused, round(time.monotonic() - started, 3))


def _scoring(lake: Lake, newest: registry.RegisteredModel, gold: "DeltaTable") -> "Scoring":
    from pipelines.models.irrigation.features import features, gold_columns
    from pipelines.scoring.irrigation import Scored
    from pipelines.scoring.share import Scoring

    contract, content = contracts.model(newest.name), registry.load(lake, newest)
    run = Scored(contract, newest.digest, gold.version())
    columns, files = tuple(gold_columns(contract)), tuple(gold.file_uris())
    return Scoring(run, content, features, columns, files, lake.path(SCORES))


def _append(settings: Settings, scoring: "Scoring", scores: "DeltaTable", progress: Progress) -> int:
    """Commit the scores together with the version of gold they were made from, and return how many they are."""
    files = _written(settings, scoring)
    failpoints.reach(failpoints.Seam.SCORES_WRITTEN)
    append_once(scores, table(SCORES), files, [progress])
    failpoints.reach(failpoints.Seam.SCORES_COMMITTED)
    return sum(file.row_count for file in files)


def _written(settings: Settings, scoring: "Scoring") -> "Sequence[DataFile]":
    """Have Spark's workers write the scores of all fields to files that no reader sees yet."""
    from pipelines.jvm.spark import context
    from pipelines.jvm.workers import run_in_workers
    from pipelines.scoring.share import fields_in, shared_out

    spark, field_ids = context(settings), fields_in(scoring.gold_files)
    failpoints.reach(failpoints.Seam.SCORES_PLANNED)
    found = run_in_workers(spark, scoring.score, shared_out(field_ids, spark.defaultParallelism), _lost)
    return [file for file in found if file]


def _lost(cause: str) -> WorkerLost:
    return WorkerLost("scored fields", f"table {SCORES}", cause, "fewer FIELDSTREAM_CORES need less")
