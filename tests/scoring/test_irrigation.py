"""A forecast is what soil can hold, in order, and the same in any company."""

from datetime import date

import pyarrow as pa
import pytest

from pipelines.contracts import tables
from pipelines.models.irrigation.features import features
from pipelines.scoring.irrigation import feature_schema, forecast, open_model
from tests.scoring.trained import IRRIGATION, ONNX, QUANTILES, RUN, gold


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
