"""The newest scores: what they said, what then came, and the model's skill."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.lake.tables import Lake
from pipelines.report.season import field_days_at, moisture
from pipelines.report.tables import query_views

HORIZON_D = 3
WINDOW_D = 120
SKILL_COLUMNS = (
    "soil_layer",
    "horizon_d",
    "n",
    "rmse_model_m3_m3",
    "rmse_persistence_m3_m3",
    "skill",
    "coverage_80",
)

# A name's newest model by when it was registered; of its scores those that stand.
NEWEST = """
    select s.model_name, s.model_digest, max(s.gold_version) as gold_version, count(*) as scores,
           max(s.date) as last_date, count(*) filter (where s.missing_reason is not null) as missing
    from scores.irrigation_current s
    left join (select model_digest, max(decided_at) as decided_at from ops.models group by model_digest) m
           on m.model_digest = s.model_digest
    group by s.model_name, s.model_digest, m.decided_at
    order by m.decided_at desc nulls last, max(s.gold_version) desc, s.model_digest
    limit 1
"""


@dataclass(frozen=True)
class NewestScores:
    """The scores of one model that stand."""

    model_name: str
    model_digest: str
    gold_version: int
    """The newest version of gold that some of them were made from."""
    scores: int
    missing: int
    last_date: str
    trained_on: int | None
    """Version of gold.field_daily the model was trained on; None where the model is not in ops.models."""
    learned_until: str | None
    """Last day of that version; None where it can no longer be read."""
    job_key: str | None
    metrics: dict[str, Any]
    """As the model's row in ops.models has them; empty where it has none."""


def newest_scores(lake: Lake) -> NewestScores | None:
    """Return which scores are the newest; None where there are none."""
    found = query_views(lake, NEWEST)
    if found.empty:
        return None
    row = found.iloc[0]
    model = _registered(lake, str(row["model_digest"]))
    return NewestScores(
        model_name=str(row["model_name"]),
        model_digest=str(row["model_digest"]),
        gold_version=int(row["gold_version"]),
        scores=int(row["scores"]),
        missing=int(row["missing"]),
        last_date=f"{row['last_date']:%Y-%m-%d}",
        trained_on=model["gold_version"] if model else None,
        learned_until=_last_day(lake, model["gold_version"]) if model else None,
        job_key=model["job_key"] if model else None,
        metrics=json.loads(model["metrics"]) if model else {},
    )


def forecasts(lake: Lake, newest: NewestScores) -> pd.DataFrame:
    """Return the newest scores of horizon HORIZON_D, dated by the day they speak of."""
    said = query_views(
        lake,
        f"""
        select * from scores.irrigation_current
        where model_digest = '{newest.model_digest}' and horizon_d = {HORIZON_D} order by field_id, soil_layer, date
        """,  # noqa: S608 - a digest
    )
    return said.assign(valid_date=pd.to_datetime(said["date"]) + pd.Timedelta(days=HORIZON_D))


def against_what_came(said: pd.DataFrame, days: pd.DataFrame, field_id: str, layer: str) -> pd.DataFrame:
    """Return the last WINDOW_D days up to the newest forecast whose day has been measured.

    Shape: one row per calendar day, indexed by date: p10, p50, p90, came (all m3/m3, null where there is none);
    no rows where no forecast has met its day yet.
    """
    own = said[(said["field_id"] == field_id) & (said["soil_layer"] == layer)].set_index("valid_date")
    measured = days[days["field_id"] == field_id].set_index("date")[moisture(layer)].astype(float)
    window = pd.DataFrame({name: own[f"soil_moisture_{name}_m3_m3"].astype(float) for name in ("p10", "p50", "p90")})
    window = window.join(measured.rename("came"), how="left")
    met = window.dropna().index
    if met.empty:
        return window.iloc[:0]
    return window.reindex(pd.date_range(met.max() - pd.Timedelta(days=WINDOW_D - 1), met.max(), name="date"))


def skill(newest: NewestScores) -> pd.DataFrame:
    """Return the model's skill on days it had not seen; no rows where its metrics hold none.

    Shape: one row per soil layer and horizon: soil_layer, horizon_d, n, the RMSEs in m3/m3, skill, coverage_80.
    """
    rows = newest.metrics.get("scores", [])
    return pd.DataFrame(rows, columns=list(SKILL_COLUMNS)).sort_values(["soil_layer", "horizon_d"], ignore_index=True)


def _registered(lake: Lake, model_digest: str) -> dict[str, Any] | None:
    own = [row for row in lake.read("ops.models").to_pylist() if row["model_digest"] == model_digest]
    return max(own, key=lambda row: row["decided_at"], default=None)


def _last_day(lake: Lake, gold_version: int) -> str | None:
    days = field_days_at(lake, gold_version)
    return None if days is None or days.empty else f"{days['date'].max():%Y-%m-%d}"
