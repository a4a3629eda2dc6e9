"""What was said is set against the day it spoke of."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from pipelines.lake.tables import Lake
from pipelines.report.forecast import against_what_came, forecasts, newest_scores, skill
from pipelines.report.season import field_days

FIELD = "twitchell-alfalfa"


def test_the_newest_model_s_scores_are_the_newest(lake: Lake) -> None:
    old = lake.read("scores.irrigation").to_pylist()[0] | {"model_digest": "0" * 64, "gold_version": 9}
    lake.append("scores.irrigation", [old])
    earlier = lake.read("ops.models").to_pylist()[0] | {
        "model_digest": "0" * 64,
        "decided_at": datetime(2016, 1, 1, tzinfo=UTC),
    }
    lake.append("ops.models", [earlier])
    newest = newest_scores(lake)
    assert newest is not None
    assert (newest.model_digest, newest.scores, newest.missing) == ("ab" * 32, 7, 0)
    assert (newest.last_date, newest.learned_until, newest.job_key) == ("2017-06-07", "2017-06-10", "job-1")


def test_a_forecast_meets_the_day_it_speaks_of(lake: Lake) -> None:
    """Said on 1 to 7 June for 3 days later: 4 to 10 June; nothing was measured on the 6th and 7th."""
    newest = newest_scores(lake)
    assert newest is not None
    window = against_what_came(forecasts(lake, newest), field_days(lake), FIELD, "0_30cm")
    met = window.dropna()
    assert len(window) == 120
    assert window.index[-1] == pd.Timestamp("2017-06-10")
    assert {day.day: came for day, came in met["came"].items()} == {4: 0.25, 5: 0.24, 8: 0.22, 9: 0.22, 10: 0.21}
    assert met["p50"].unique().tolist() == [0.22]


def test_a_forecast_of_days_to_come_is_not_drawn_yet(lake: Lake) -> None:
    newest = newest_scores(lake)
    assert newest is not None
    said = forecasts(lake, newest)
    nothing = field_days(lake).assign(soil_moisture_0_30cm_m3_m3=None)
    assert against_what_came(said, nothing, FIELD, "0_30cm").empty


def test_skill_is_what_the_metrics_hold(lake: Lake) -> None:
    """1 - 0.0125 / 0.01 = -0.25."""
    newest = newest_scores(lake)
    assert newest is not None
    row = skill(newest).iloc[0]
    assert row["skill"] == pytest.approx(1 - row["rmse_model_m3_m3"] / row["rmse_persistence_m3_m3"])


def test_no_scores_are_no_newest(empty_lake: Lake) -> None:
    assert newest_scores(empty_lake) is None
