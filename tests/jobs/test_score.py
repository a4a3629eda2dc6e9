from typing import TYPE_CHECKING

import pytest

from pipelines import failpoints
from pipelines.errors import DataRefused, WriterConflict
from pipelines.failpoints import Seam
from pipelines.jobs.score import score
from pipelines.jobs.train import train
from pipelines.lake.tables import Lake
from pipelines.registry import models as registry
from pipelines.settings import Settings
from tests.field_days import field_days, put_gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = "scores.irrigation"
RUN = ["model_digest", "gold_version"]


@pytest.mark.spark
def test_each_version_of_gold_is_scored_once_by_each_model(home_settings: Settings, spark: "SparkSession") -> None:
    lake = Lake(home_settings.lake)
    version = put_gold(lake, field_days(100))
    digest = train(home_settings).model_digest
    first = score(home_settings)
    assert (first.model_digest, first.gold_version, first.reused) == (digest, version, False)
    assert first.rows == 100 * 2 * 3 == lake.read(TABLE).num_rows

    at = lake.version(TABLE)
    again = score(home_settings)
    assert (again.rows, again.reused, lake.version(TABLE)) == (0, True, at)

    put_gold(lake, field_days(10, "south", seed=4))
    second = score(home_settings)
    assert second.rows == (100 + 10) * 2 * 3
    written = lake.read(TABLE).to_pandas()
    assert dict(written.groupby("gold_version").size()) == {version: 600, version + 1: 660}
    # The north's days did not change, so neither did what is said of them.
    north = written[written["field_id"] == "north"].drop(columns="gold_version")
    assert len(north.drop_duplicates()) == 600
    assert spark.read.format("delta").load(str(lake.path(TABLE))).count() == 1260


@pytest.mark.spark
def test_of_two_scorings_the_log_refuses_the_second(
    home_settings: Settings, spark: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(home_settings.lake)
    put_gold(lake, field_days(100))
    train(home_settings)

    def be_overtaken(seam: Seam) -> None:
        if seam is Seam.SCORES_WRITTEN:
            seams.undo()
            assert score(home_settings).rows == 600

    with monkeypatch.context() as seams:
        seams.setattr(failpoints, "reach", be_overtaken)
        with pytest.raises(WriterConflict, match=r"scores/irrigation/.*recorded by process"):
            score(home_settings)
    assert spark.read.format("delta").load(str(lake.path(TABLE))).count() == 600


@pytest.mark.spark
def test_a_model_file_that_was_changed_scores_nothing(home_settings: Settings, spark: "SparkSession") -> None:
    lake = Lake(home_settings.lake)
    put_gold(lake, field_days(100))
    train(home_settings)
    (lake.root / registry.latest(lake, "irrigation").path).write_bytes(b"another")
    with pytest.raises(DataRefused, match="not the one that was registered"):
        score(home_settings)
    assert spark.read.format("delta").load(str(lake.path(TABLE))).count() == 0


def test_without_a_model_nothing_is_scored(home_settings: Settings) -> None:
    put_gold(Lake(home_settings.lake), field_days(10))
    with pytest.raises(DataRefused, match="There is no model yet"):
        score(home_settings)
