"""Sum up what lies in the lake, for the end of a run."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.lake.query import Moment, query
from pipelines.lake.tables import Lake

GOLD = "gold.field_daily"


@dataclass(frozen=True)
class Decision:
    """What the gate decided about a slice."""

    table_name: str
    from_version: int
    to_version: int
    row_count: int
    expectation_count: int
    gate_verdict: str


@dataclass(frozen=True)
class Restated:
    """A field day that late data changed: the share of its readings that were there, before and after."""

    field_id: str
    date: date
    columns_changed: int
    soil_moisture_coverage_before: float | None
    soil_moisture_coverage_after: float | None


@dataclass(frozen=True)
class Skill:
    """How well the newest model forecasts a layer's soil moisture, against persistence, on days it never saw."""

    soil_layer: str
    horizon_d: int
    n: int
    rmse_model_m3_m3: float
    rmse_persistence_m3_m3: float
    skill: float
    coverage_80: float


@dataclass(frozen=True)
class Water:
    """The water of all fields over the days of their balance: what came, where it went, and days of stress."""

    days: int
    rain_mm: float
    irrigation_mm: float
    evapotranspiration_mm: float
    deep_percolation_mm: float
    days_of_stress: int


def water(lake: Lake) -> Water | None:
    """Sum up the water balance; None where it has no day."""
    names = ("rain_mm", "irrigation_mm", "eta_mm", "deep_percolation_mm")
    sums = ", ".join(f"round(sum({name}), 1)" for name in names)
    (row,) = query(
        lake,
        f"select count(*), {sums}, count(*) filter (ks < 1) from gold.water_balance_daily",  # noqa: S608 - names of ours
    ).rows
    return Water(*row) if row[0] else None


def records_by_verdict(lake: Lake) -> dict[str, int]:
    """Return the number of Kafka records by verdict."""
    return dict(query(lake, "select verdict, count(*) from bronze.events group by 1 order by 1").rows)


def observations_by_flag(lake: Lake) -> dict[int, int]:
    """Return the number of observations by QARTOD flag, the worst of each."""
    return dict(query(lake, "select flag, count(*) from silver.observations_current group by 1 order by 1").rows)


def row_count(lake: Lake, table_name: str) -> int:
    """Return the number of rows of a table."""
    return int(query(lake, f"select count(*) from {table_name}").rows[0][0])  # noqa: S608 - a contract's name


def decisions(lake: Lake, table_name: str) -> tuple[Decision, ...]:
    """Return what the gate has decided about a table, the oldest first."""
    columns = ", ".join(Decision.__dataclass_fields__)
    rows = query(lake, f"select {columns} from ops.gate_results order by to_version, decided_at").rows  # noqa: S608 - names of ours
    return tuple(decision for decision in (Decision(*row) for row in rows) if decision.table_name == table_name)


def restated(lake: Lake, before: int, after: int) -> tuple[Restated, ...]:
    """Return the field days that stand in both versions of gold and differ, in order."""
    if before == after:
        return ()
    old, new = (_field_days(lake, version) for version in (before, after))
    return tuple(
        _restated(key, old[key], new[key]) for key in sorted(old.keys() & new.keys()) if _changes(old[key], new[key])
    )


def skill(lake: Lake, model: str) -> tuple[Skill, ...]:
    """Return the newest model's scores on days it never saw, one for each soil layer and horizon."""
    rows = query(lake, "select model_name, metrics from ops.models order by decided_at desc").rows
    metrics = next((metrics for name, metrics in rows if name == model), None)
    scores = json.loads(metrics)["scores"] if metrics else []
    names = Skill.__dataclass_fields__
    return tuple(Skill(**{name: _rounded(score[name]) for name in names}) for score in scores)


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


Day = dict[str, Any]


def _field_days(lake: Lake, version: int) -> dict[tuple[str, date], Day]:
    answer = query(lake, f"select * from {GOLD}", Moment({GOLD: version}))  # noqa: S608 - a name of ours
    days = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return {(day["field_id"], day["date"]): day for day in days}


def _changes(old: Day, new: Day) -> int:
    # That silver moved on is true of every row that was built again, whether or not its values changed.
    return sum(old[name] != new[name] for name in old if name != "silver_version")


def _restated(key: tuple[str, date], old: Day, new: Day) -> Restated:
    coverage = "soil_moisture_0_30cm_coverage"
    return Restated(*key, _changes(old, new), old[coverage], new[coverage])
