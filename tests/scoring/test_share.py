"""Spark says of every row what plain onnxruntime says of it, however the fields are shared out."""

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.contracts.tables import table
from pipelines.errors import WorkerLost
from pipelines.jvm.workers import run_in_workers
from pipelines.lake.access import dataset
from pipelines.lake.tables import Lake
from pipelines.models.irrigation.features import KEY, features, gold_columns
from pipelines.models.irrigation.fit import inputs
from pipelines.scoring import share
from pipelines.scoring.share import GOLD, MOST_FIELDS, Scoring, fields_in, shared_out
from tests.field_days import field_days, put_gold
from tests.scoring.trained import IRRIGATION, ONNX, QUANTILES, RUN, gold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCORES = table("scores.irrigation")


def scoring(lake: Lake, *frames: pd.DataFrame, since: dict[str, date] | None = None) -> Scoring:
    put_gold(lake, *frames)
    files = tuple(lake.open(GOLD).file_uris())
    lake.create(SCORES.name)
    return Scoring(RUN, ONNX, features, tuple(gold_columns(IRRIGATION)), files, lake.path(SCORES.name), since)


def rows_in(asked: Scoring, names: list[str]) -> pd.DataFrame:
    rows = dataset([str(asked.folder / name) for name in names], SCORES.arrow_schema).to_table().to_pandas()
    return rows.sort_values(KEY, ignore_index=True)


def not_lost(cause: str) -> WorkerLost:
    return WorkerLost("scored fields", "a test", cause, "less needs less")


@pytest.mark.spark
def test_spark_scores_as_onnxruntime_does_and_the_same_every_time(spark: "SparkSession", tmp_path: Path) -> None:
    asked = scoring(Lake(tmp_path), gold())
    found = []
    for shares in ([["north", "south"]], [["north"], ["south"]]):
        files = run_in_workers(spark.sparkContext, asked.score, shares, not_lost)
        assert [file is not None for file in files] == [True] * len(shares)
        found.append(rows_in(asked, [file.name for file in files if file]))
    first, second = found
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert len(first) == (60 + 90) * 2 * 3
    assert not first.duplicated(KEY).any()

    rows = features(gold(), IRRIGATION).sort_values(KEY, ignore_index=True)
    pd.testing.assert_series_equal(first["missing_reason"], rows["missing_reason"])
    changes = np.column_stack(onnxruntime.InferenceSession(ONNX).run(None, {"features": inputs(rows, IRRIGATION)}))
    expected = rows[["soil_moisture_now_m3_m3"]].to_numpy() + changes
    expected[rows["missing_reason"].notna()] = np.nan
    np.testing.assert_allclose(first[QUANTILES].to_numpy(dtype=float), expected, rtol=0, atol=1e-6)
    # 5 days without ETo (both layers), 2 without the upper layer's soil moisture; 3 horizons.
    assert dict(first["missing_reason"].value_counts()) == {"eto_missing": 5 * 2 * 3, "soil_moisture_missing": 2 * 3}


def test_days_of_a_field_that_came_apart_are_scored_as_one_season(tmp_path: Path) -> None:
    season = field_days(30)
    whole = scoring(Lake(tmp_path / "whole"), season)
    # The newer days lie in the older file.
    put_gold(Lake(tmp_path / "apart"), season[20:])
    apart = scoring(Lake(tmp_path / "apart"), season[:20])
    assert len(apart.gold_files) == 2
    once, twice = (rows_in(each, [file.name]) for each in (whole, apart) if (file := each.score(["north"])))
    pd.testing.assert_frame_equal(once, twice, check_exact=True)


def test_a_field_that_moved_is_scored_from_that_day_on(tmp_path: Path) -> None:
    frames = [field_days(30), field_days(30, "south")]
    whole = scoring(Lake(tmp_path / "whole"), *frames)
    some = scoring(Lake(tmp_path / "some"), *frames, since={"south": date(2025, 1, 20)})
    assert (whole.field_ids(), some.field_ids()) == (["north", "south"], ["south"])
    everything, moved = (rows_in(each, [file.name]) for each in (whole, some) if (file := each.score(each.field_ids())))
    expected = everything[(everything["field_id"] == "south") & (everything["date"] >= date(2025, 1, 20))]
    assert len(moved) == 11 * 2 * 3
    pd.testing.assert_frame_equal(moved, expected.reset_index(drop=True), check_exact=True)


def test_a_file_says_how_many_rows_it_has_and_of_which_fields_and_days(tmp_path: Path) -> None:
    asked = scoring(Lake(tmp_path), *(field_days(10, name) for name in ("a", "b", "c")))
    file = asked.score(["a", "b"])
    assert file is not None
    said = json.loads(file.statistics)
    assert file.row_count == said["numRecords"] == 2 * 10 * 2 * 3
    bounds = [{name: said[side][name] for name in ("field_id", "date")} for side in ("minValues", "maxValues")]
    assert bounds == [{"field_id": "a", "date": "2025-01-01"}, {"field_id": "b", "date": "2025-01-10"}]


def test_a_large_share_is_written_in_several_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "ROW_GROUP_ROWS", 100)
    asked = scoring(Lake(tmp_path), *(field_days(10, name) for name in ("a", "b", "c")))
    file = asked.score(["a", "b", "c"])
    assert file is not None
    metadata = pq.read_metadata(str(asked.folder / file.name))
    # 60 rows a field: two fields reach the hundred.
    assert [metadata.row_group(each).num_rows for each in range(metadata.num_row_groups)] == [120, 60]
    assert set(rows_in(asked, [file.name])["field_id"]) == {"a", "b", "c"}


def test_fields_that_never_had_a_soil_probe_have_no_file(tmp_path: Path) -> None:
    dry = field_days(5).assign(soil_moisture_0_30cm_m3_m3=np.nan, soil_moisture_30_60cm_m3_m3=np.nan)
    asked = scoring(Lake(tmp_path), dry)
    assert asked.score(["north"]) is None
    assert list(Path(str(asked.folder)).glob("*.parquet")) == []


def test_fields_are_those_of_the_files_whatever_their_days(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    scoring(lake, field_days(3, "south"), field_days(2, "north"))
    asked = scoring(lake, field_days(1, "south", first=date(2026, 1, 1)))
    assert fields_in(asked.gold_files) == ["north", "south"]
    assert fields_in([]) == []


@pytest.mark.parametrize(
    ("fields", "workers", "sizes"),
    [
        (0, 4, []),
        (1, 4, [1]),
        (4, 4, [1, 1, 1, 1]),
        (10, 4, [2, 3, 2, 3]),
        (2 * MOST_FIELDS, 1, [MOST_FIELDS, MOST_FIELDS]),
        (2 * MOST_FIELDS + 1, 2, [333, 334, 334]),
    ],
)
def test_fields_are_shared_out_evenly_and_in_order(fields: int, workers: int, sizes: list[int]) -> None:
    named = [f"field-{number:05}" for number in range(fields)]
    shares = shared_out(named, workers)
    assert [len(each) for each in shares] == sizes
    assert [field for each in shares for field in each] == named
    assert all(before[-1] < after[0] for before, after in pairwise(shares))
