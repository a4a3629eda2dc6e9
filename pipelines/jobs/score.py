"""Score with the newest model: gold to scores, once for each version of gold and model digest."""

import time
from dataclasses import dataclass
from pathlib import Path

from pipelines import failpoints
from pipelines.contracts import models as contracts
from pipelines.errors import UsageError
from pipelines.lake.tables import Lake
from pipelines.registry import models as registry
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

GOLD = "gold.field_daily"


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
        LakeDamaged: A table is not as it was written.
        UsageError: The lake is in a bucket.
    """
    from pipelines.scoring import irrigation as scoring

    started = time.monotonic()
    _require_disk(settings)
    lake = Lake(settings.lake)
    require_sound(lake, (GOLD, registry.TABLE, scoring.TABLE))
    newest = registry.latest(lake, model)
    gold_version = lake.open(GOLD).version()
    table = lake.create(scoring.TABLE)
    app_id = f"scores/{model}/{newest.digest}"
    done = table.transaction_version(app_id)
    reused = done is not None and done >= gold_version
    rows = 0 if reused else _append(settings, lake, newest, gold_version, app_id)
    return ScoreReport(model, newest.digest, gold_version, rows, reused, round(time.monotonic() - started, 3))


def _require_disk(settings: Settings) -> None:
    if not isinstance(settings.lake, Path):
        raise UsageError(
            "Scoring needs a lake on a disk",
            where=str(settings.lake),
            expected="a folder: Spark itself reads gold and writes the scores, and has no way to a bucket",
            got="a bucket",
            fix="Score where the lake is on a disk; all other steps go on.",
        )


def _append(settings: Settings, lake: Lake, newest: registry.RegisteredModel, gold_version: int, app_id: str) -> int:
    """Write the scores in one commit that carries the version of gold they were made from."""
    from pipelines.jvm.spark import session
    from pipelines.models.irrigation.features import features, gold_columns
    from pipelines.scoring import irrigation as scoring

    contract, content = contracts.model(newest.name), registry.load(lake, newest)
    spark = session(settings)
    gold = spark.read.format("delta").option("versionAsOf", gold_version).load(str(lake.path(GOLD)))
    run = scoring.Scored(contract, newest.digest, gold_version)
    scores = scoring.scores(spark, gold.select(*gold_columns(contract)), features, content, run)
    failpoints.reach(failpoints.Seam.SCORES_PLANNED)
    (
        scores.write.format("delta")
        .mode("append")
        .option("txnAppId", app_id)
        .option("txnVersion", gold_version)
        .save(str(lake.path(scoring.TABLE)))
    )
    failpoints.reach(failpoints.Seam.SCORES_COMMITTED)
    return _rows_of(lake, newest.digest, gold_version)


def _rows_of(lake: Lake, digest: str, gold_version: int) -> int:
    import pyarrow.compute as pc

    from pipelines.scoring.irrigation import TABLE

    written = lake.read(TABLE, columns=["model_digest", "gold_version"])
    return int(
        pc.sum(
            pc.and_(pc.equal(written["model_digest"], digest), pc.equal(written["gold_version"], gold_version))
        ).as_py()
        or 0
    )
