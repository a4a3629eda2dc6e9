from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines import failpoints
from pipelines.contracts.tables import table
from pipelines.errors import DataRefused, WriterConflict
from pipelines.failpoints import Seam
from pipelines.jobs.score import score
from pipelines.jobs.train import train
from pipelines.lake.access import data_files, dataset
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.models.irrigation.features import features, gold_columns
from pipelines.registry import models as registry
from pipelines.scoring.irrigation import Scored
from pipelines.scoring.share import Scoring
from pipelines.settings import Settings
from tests.field_days import GOLD, field_days, put_gold
from tests.scoring.trained import IRRIGATION

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = "scores.irrigation"
RUN = ["model_digest", "gold_version"]


@pytest.mark.spark
def test_each_version_of_gold_is_scored_once_by_each_model_where_it_moved(
    home_settings: Settings, spark: "SparkSession"
) -> None:
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
    assert second.rows == 10 * 2 * 3
    written = lake.read(TABLE).to_pandas()
    assert dict(written.groupby("gold_version").size()) == {version: 600, version + 1: 60}
    assert spark.read.format("delta").load(str(lake.path(TABLE))).count() == 660


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_what_stands_after_each_scoring_is_what_one_of_everything_says(home_settings: Settings) -> None:
    lake = Lake(home_settings.lake)
    north, south = field_days(40), field_days(40, "south", seed=2)
    put_gold(lake, north, south)
    train(home_settings)
    assert score(home_settings).rows == 480

    late = north.copy()
    late.loc[30, "soil_moisture_0_30cm_m3_m3"] = 0.2
    no_longer = north[:38]
    cut_short = north.copy()
    cut_short.loc[:9, "soil_moisture_30_60cm_m3_m3"] = None
    for frames, rows in [
        ([north, south, field_days(1, "north", date(2025, 2, 10))], 1 * 2 * 3),
        ([late, south], 10 * 2 * 3 + 6),  # of the day that is gone there is a row that says so
        ([no_longer, south], 8 * 2 * 3 + 2 * 2 * 3),
        ([cut_short], 40 * 2 * 3 + 40 * 2 * 3),
        ([cut_short], 0),
    ]:
        rewrite_gold(lake, *frames)
        assert score(home_settings).rows == rows
        assert standing(lake) == of_everything(lake)
    assert score(home_settings).reused


def rewrite_gold(lake: Lake, *frames: pd.DataFrame) -> None:
    schema = table(GOLD).arrow_schema
    write_deltalake(
        lake.open(GOLD), pa.Table.from_pandas(pd.concat(frames), schema=schema, preserve_index=False), mode="overwrite"
    )


def standing(lake: Lake) -> list[tuple[Any, ...]]:
    return query(lake, "select * exclude (gold_version) from scores.irrigation_current order by all").rows


def of_everything(lake: Lake) -> list[tuple[Any, ...]]:
    """What a first scoring says of gold as it stands, in this process."""
    newest, gold = registry.latest(lake, "irrigation"), lake.open(GOLD)
    run = Scored(IRRIGATION, newest.digest, gold.version())
    with TemporaryDirectory() as folder:
        columns, files = tuple(gold_columns(IRRIGATION)), tuple(data_files(gold))
        asked = Scoring(run, registry.load(lake, newest), features, columns, files, Path(folder), None)
        file = asked.score(asked.field_ids())
        assert file is not None
        rows = dataset([f"{folder}/{file.name}"], table(TABLE).arrow_schema).to_table().to_pylist()
    return sorted(tuple(value for name, value in row.items() if name != "gold_version") for row in rows)


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
