from datetime import timedelta

import pandas as pd
import pytest

from pipelines.contracts.models import model
from pipelines.errors import DataRefused
from pipelines.models.irrigation.dataset import dataset
from pipelines.models.irrigation.evaluate import evaluate, folds, scores
from tests.field_days import field_days

IRRIGATION = model("irrigation")


def test_every_outcome_learned_from_was_known_before_the_test() -> None:
    rows = dataset(field_days(200), IRRIGATION)
    for fold in folds(rows["date"], IRRIGATION):
        assert fold.train_until + timedelta(days=max(IRRIGATION.horizons_d)) < fold.test_from


def test_the_later_half_is_tested_once() -> None:
    days = pd.Series([day.date() for day in pd.date_range("2025-01-01", periods=80)])
    tested = [(fold.test_from, fold.test_to) for fold in folds(days, IRRIGATION)]
    # 8 blocks of 10 days; the first four are only learned from.
    expected = [
        ("2025-02-10", "2025-02-19"),
        ("2025-02-20", "2025-03-01"),
        ("2025-03-02", "2025-03-11"),
        ("2025-03-12", "2025-03-21"),
    ]
    assert [(str(first), str(last)) for first, last in tested] == expected


def test_scores_by_hand() -> None:
    tested = pd.DataFrame(
        {
            "change": [0.02, -0.02, 0.02, -0.02],
            "p10": [-0.01, -0.03, 0.00, -0.01],
            "p50": [0.01, -0.01, 0.01, -0.01],
            "p90": [0.03, 0.00, 0.01, 0.00],
            "autoregression": [0.02, -0.02, 0.02, 0.02],
        }
    )
    assert scores(tested) == pytest.approx(
        {
            "n": 4,
            "rmse_model_m3_m3": 0.01,
            "rmse_persistence_m3_m3": 0.02,
            "rmse_autoregression_m3_m3": 0.02,  # sqrt(0.04^2 / 4)
            "skill": 0.5,
            "coverage_80": 0.5,  # the first two lie inside
        }
    )


def test_soil_that_dries_by_the_weather_is_foreseen_better_than_by_persistence() -> None:
    found = evaluate(dataset(field_days(300), IRRIGATION), IRRIGATION)
    assert [(score["soil_layer"], score["horizon_d"]) for score in found["scores"]] == [
        (layer, days) for layer in ("0_30cm", "30_60cm") for days in (1, 3, 7)
    ]
    assert found["scores"][2]["skill"] > 0
    assert sum(score["n"] for score in found["scores"]) == sum(fold["test_rows"] for fold in found["folds"])


def test_too_few_days_are_refused() -> None:
    with pytest.raises(DataRefused, match="too little to learn from"):
        evaluate(dataset(field_days(20), IRRIGATION), IRRIGATION)
