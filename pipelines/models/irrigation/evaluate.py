"""How good the forecast is: always trained on the past, always tested on days it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.contracts.models import ModelContract
from pipelines.errors import DataRefused
from pipelines.models.irrigation.fit import fit, inputs, predict

FEWEST_TRAINING_ROWS = 200


@dataclass(frozen=True)
class Fold:
    """Train on rows whose outcome was known before `test_from`; test on `test_from` to `test_to`."""

    train_until: date
    test_from: date
    test_to: date


def folds(dates: "pd.Series[Any]", contract: ModelContract) -> list[Fold]:
    """Cut the observed days into blocks; each block of the later half is tested once, on all days before it.

    Shape: the days of the dataset -> one fold for each block of the later half.
    Units: days; between training and test lies a gap of the longest horizon.
    Source: expanding window with a gap; Meyer et al. 2018 (doi 10.1016/j.envsoft.2017.12.001) on why never shuffled.
    """
    days = np.asarray(sorted(set(dates)))
    blocks = [block for block in np.array_split(days, contract.blocks) if len(block)]
    gap = timedelta(days=max(contract.horizons_d))
    # A training row's outcome lies up to `gap` after its date: it must be known before the test begins.
    return [Fold(block[0] - gap - timedelta(days=1), block[0], block[-1]) for block in blocks[len(blocks) // 2 :]]


def evaluate(rows: pd.DataFrame, contract: ModelContract) -> dict[str, Any]:
    """Test the forecast on every fold, against persistence and an autoregression, by layer and horizon.

    Shape: rows as `dataset` gives them -> {folds: [...], scores: [one entry per soil layer and horizon]}.
    Units: m3/m3 for the RMSEs; skill = 1 - RMSE / RMSE of persistence; coverage is a share, 0.8 when calibrated.
    Source: scorecard of persistence skill; interval coverage as in Gneiting and Raftery 2007 (doi
        10.1198/016214506000001437).

    Raises:
        DataRefused: There are too few days to learn from.
    """
    tested = list(_tested(rows, contract))
    if not tested:
        raise DataRefused(
            "There is too little to learn from",
            where="gold.field_daily",
            expected=f"at least {FEWEST_TRAINING_ROWS} rows (field, day, layer and horizon) before a test block",
            got=f"{len(rows)} rows in all",
            fix="Take in more days with soil moisture, then train again.",
        )
    results = pd.concat([result for _, result in tested], ignore_index=True)
    groups = [
        (layer, days, results[(results["soil_layer"] == layer) & (results["horizon_d"] == days)])
        for layer in contract.soil_layers
        for days in contract.horizons_d
    ]
    return {
        "folds": [fold for fold, _ in tested],
        "scores": [
            {"soil_layer": layer, "horizon_d": days, **scores(group)} for layer, days, group in groups if len(group)
        ],
    }


def scores(tested: pd.DataFrame) -> dict[str, float]:
    """Return the scores of tested rows.

    Shape: columns change, p10, p50, p90, autoregression -> one number for each score.
    Units: m3/m3; shares for skill and coverage.
    Source: see `evaluate`.
    """
    change = tested["change"].to_numpy()
    rmse, persistence = _rmse(tested["p50"] - change), _rmse(change)
    inside = (tested["p10"] <= change) & (change <= tested["p90"])
    return {
        "n": len(tested),
        "rmse_model_m3_m3": rmse,
        "rmse_persistence_m3_m3": persistence,
        "rmse_autoregression_m3_m3": _rmse(tested["autoregression"] - change),
        "skill": 1 - rmse / persistence if persistence > 0 else 0.0,
        "coverage_80": float(inside.mean()),
    }


def _tested(rows: pd.DataFrame, contract: ModelContract) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    for fold in folds(rows["date"], contract):
        train = rows[rows["date"] <= fold.train_until]
        test = rows[(rows["date"] >= fold.test_from) & (rows["date"] <= fold.test_to)]
        if len(train) < FEWEST_TRAINING_ROWS or test.empty:
            continue
        quantiles = predict(fit(train, contract), inputs(test, contract))
        result = test[["soil_layer", "horizon_d"]].assign(
            change=test[contract.target].astype("float64"),
            **dict(zip(contract.output_names, quantiles.T, strict=True)),
            autoregression=_autoregression(train, test, contract),
        )
        yield _described(fold, len(train), len(test)), result


def _described(fold: Fold, train_rows: int, test_rows: int) -> dict[str, Any]:
    return {
        "train_until": fold.train_until.isoformat(),
        "test_from": fold.test_from.isoformat(),
        "test_to": fold.test_to.isoformat(),
        "train_rows": train_rows,
        "test_rows": test_rows,
    }


def _autoregression(train: pd.DataFrame, test: pd.DataFrame, contract: ModelContract) -> NDArray[np.float64]:
    """Predict the change by a straight line through yesterday's change, one line for each layer and horizon."""
    predicted = pd.Series(0.0, index=test.index)
    for key, group in test.groupby(["soil_layer", "horizon_d"]):
        past = train[(train["soil_layer"] == key[0]) & (train["horizon_d"] == key[1])]
        past = past.dropna(subset=["soil_moisture_change_1d_m3_m3"])
        if len(past) > 2:
            slope, level = np.polyfit(past["soil_moisture_change_1d_m3_m3"], past[contract.target], 1)
            predicted[group.index] = level + slope * group["soil_moisture_change_1d_m3_m3"].fillna(0.0)
    return np.asarray(predicted, dtype=np.float64)


def _rmse(error: "pd.Series[Any] | NDArray[np.float64]") -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(error, dtype=np.float64)))))
