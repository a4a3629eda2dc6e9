"""Score with the newest model: gold to scores, what moved since this model last did, or all."""

import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipelines import failpoints
from pipelines.contracts import models as contracts
from pipelines.contracts.tables import table
from pipelines.errors import DataRefused, WorkerLost
from pipelines.lake.access import data_files
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
    """Score the latest gold, unless this model has scored it already.

    A score says something of the days before its own too: of a field that moved since this model's last scoring, every
    day is scored from the first on that did. All fields are where that can no longer be told.

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
    rows = 0 if reused else _append(settings, _scoring(lake, newest, gold, progress), scores, progress)
    return ScoreReport(model, newest.digest, gold.version(), rows, reused, round(time.monotonic() - started, 3))


def _scoring(lake: Lake, newest: registry.RegisteredModel, gold: "DeltaTable", progress: Progress) -> "Scoring":
    from pipelines.models.irrigation.features import features, gold_columns
    from pipelines.scoring.irrigation import Scored
    from pipelines.scoring.share import Scoring

    contract, content = contracts.model(newest.name), registry.load(lake, newest)
    run = Scored(contract, newest.digest, gold.version())
    columns, files = tuple(gold_columns(contract)), tuple(data_files(gold))
    return Scoring(run, content, features, columns, files, lake.path(SCORES), _moved(lake, progress))


def _moved(lake: Lake, progress: Progress) -> dict[str, date] | None:
    """Return each field that moved since gold was scored last, and its first day that did; None for all there are."""
    from pipelines.gold.store import changes

    if progress.start is None:
        return None
    try:
        return changes(lake, GOLD, progress.start, progress.next).touched
    except DataRefused:
        return None


def _append(settings: Settings, scoring: "Scoring", scores: "DeltaTable", progress: Progress) -> int:
    """Commit the scores together with the version of gold they were made from, and return how many they are."""
    files = _written(settings, scoring)
    if progress.start is not None:
        files += _gone(scoring, scores, files)
    failpoints.reach(failpoints.Seam.SCORES_WRITTEN)
    append_once(scores, table(SCORES), files, [progress])
    failpoints.reach(failpoints.Seam.SCORES_COMMITTED)
    return sum(file.row_count for file in files)


def _written(settings: Settings, scoring: "Scoring") -> "list[DataFile]":
    """Have Spark's workers write the scores to files that no reader sees yet."""
    from pipelines.jvm.spark import context
    from pipelines.jvm.workers import run_in_workers
    from pipelines.scoring.share import shared_out

    field_ids = scoring.field_ids()
    failpoints.reach(failpoints.Seam.SCORES_PLANNED)
    if not field_ids:
        return []
    spark = context(settings)
    found = run_in_workers(spark, scoring.score, shared_out(field_ids, spark.defaultParallelism), _lost)
    return [file for file in found if file]


def _gone(scoring: "Scoring", scores: "DeltaTable", given: "list[DataFile]") -> "list[DataFile]":
    """Write a file that says of which earlier scores gold has nothing any more, if there are any."""
    from pipelines.lake.files import FileWriter
    from pipelines.scoring.gone import gone

    now = [str(scoring.folder / file.name) for file in given]
    with FileWriter(scoring.folder, bounded=("field_id",)) as writer:
        writer.write(gone(scoring.folder, scoring.run, data_files(scores), now, scoring.since))
        file = writer.finish()
    return [file] if file else []


def _lost(cause: str) -> WorkerLost:
    return WorkerLost("scored fields", f"table {SCORES}", cause, "fewer FIELDSTREAM_CORES need less")
