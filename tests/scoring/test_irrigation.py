"""Spark says of every row what plain onnxruntime says of it."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.contracts import tables
from pipelines.contracts.models import model
from pipelines.models.irrigation.dataset import dataset
from pipelines.models.irrigation.export import to_onnx
from pipelines.models.irrigation.features import features, gold_columns
from pipelines.models.irrigation.fit import fit, inputs
from pipelines.scoring.irrigation import Scored, feature_schema, forecast, open_model, scores
from tests.field_days import field_days

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

IRRIGATION = model("irrigation")
RUN = Scored(IRRIGATION, "d1", 4)
KEY = ["field_id", "date", "soil_layer", "horizon_d"]
QUANTILES = [f"soil_moisture_{name}_m3_m3" for name in ("p10", "p50", "p90")]


def gold() -> pd.DataFrame:
    days = pd.concat([field_days(60, "north"), field_days(90, "south", seed=2)], ignore_index=True)
    days.loc[10:14, "eto_mm"] = None
    days.loc[20:21, "soil_moisture_0_30cm_m3_m3"] = None
    days.loc[70:80, "precipitation_mm"] = None
    return days


ONNX = to_onnx(fit(dataset(gold(), IRRIGATION), IRRIGATION), IRRIGATION, "training")


@pytest.mark.spark
def test_spark_scores_as_onnxruntime_does_and_the_same_every_time(spark: "SparkSession") -> None:
    schema = pa.schema([tables.table("gold.field_daily").arrow_schema.field(name) for name in gold_columns(IRRIGATION)])
    days = spark.createDataFrame(pa.Table.from_pandas(gold(), schema=schema, preserve_index=False))
    first, second = (
        scores(spark, days.repartition(parts), features, ONNX, RUN).toPandas().sort_values(KEY, ignore_index=True)
        for parts in (1, 3)
    )
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


def batch(now: float, **changed: object) -> pa.RecordBatch:
    row = dict.fromkeys(feature_schema(IRRIGATION).names, 0.0)
    row |= {
        "field_id": "north",
        "date": date(2025, 6, 1),
        "soil_layer": "0_30cm",
        "horizon_d": 7,
        "missing_reason": None,
    }
    row |= {"soil_moisture_now_m3_m3": now, "soil_moisture_m3_m3": now} | changed
    return pa.RecordBatch.from_pylist([row], schema=feature_schema(IRRIGATION))


@pytest.mark.parametrize(("now", "low", "high"), [(0.0, 0.0, 0.7), (0.7, 0.0, 0.7), (0.3, 0.0, 0.7)])
def test_a_forecast_is_what_soil_can_hold_and_in_order(now: float, low: float, high: float) -> None:
    (row,) = forecast(batch(now), open_model(ONNX), RUN).to_pylist()
    p10, p50, p90 = (row[name] for name in QUANTILES)
    assert low <= p10 <= p50 <= p90 <= high
    assert row["soil_moisture_now_m3_m3"] == now
    assert (row["model_name"], row["model_digest"], row["gold_version"]) == ("irrigation", "d1", 4)


def test_a_row_without_its_inputs_keeps_its_place_and_says_why() -> None:
    missing = batch(0.3, eto_mm=None, missing_reason="eto_missing")
    (row,) = forecast(missing, open_model(ONNX), RUN).to_pylist()
    assert [row[name] for name in QUANTILES] == [None, None, None]
    assert (row["missing_reason"], row["date"], row["horizon_d"]) == ("eto_missing", date(2025, 6, 1), 7)


def test_a_batch_may_be_empty() -> None:
    none = batch(0.3).slice(0, 0)
    found = forecast(none, open_model(ONNX), RUN)
    assert found.num_rows == 0
    assert found.schema == tables.table("scores.irrigation").arrow_schema


def test_a_row_scores_the_same_in_any_company() -> None:
    rows = pa.Table.from_pandas(features(gold(), IRRIGATION), schema=feature_schema(IRRIGATION), preserve_index=False)
    session = open_model(ONNX)
    together = [forecast(part, session, RUN) for part in rows.to_batches()]
    apart = [forecast(part, session, RUN) for part in rows.to_batches(max_chunksize=7)]
    assert pa.Table.from_batches(together).combine_chunks() == pa.Table.from_batches(apart).combine_chunks()
