"""The summary's numbers, from a lake small enough to count by eye."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines.jobs import summary
from pipelines.lake.tables import Lake
from tests.lakes import observation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def field_day(day: int, moisture: float | None, coverage: float, silver_version: int) -> dict[str, Any]:
    return {
        "field_id": "north",
        "date": date(2026, 6, day),
        "soil_moisture_0_30cm_m3_m3": moisture,
        "soil_moisture_0_30cm_coverage": coverage,
        "eto_method": "asce-short",
        "silver_version": silver_version,
    }


def test_counts(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    flags = [1, 1, 1, 4, 9, 9]
    lake.append("silver.observations", [observation(n) | {"flag": flag} for n, flag in enumerate(flags)])
    assert summary.observations_by_flag(lake) == {1: 3, 4: 1, 9: 2}
    assert summary.row_count(lake, "silver.observations") == 6
    assert summary.records_by_verdict(lake) == {}


def test_decisions_of_one_table(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [
        {
            "table_name": name,
            "from_version": to_version - 1,
            "to_version": to_version,
            "row_count": 10,
            "expectation_count": 12,
            "failed_expectations": [],
            "gate_verdict": verdict,
            "suite_digest": "abc",
            "decided_at": NOON,
        }
        for name, to_version, verdict in [("silver.b", 7, "held"), ("silver.a", 2, "held"), ("silver.a", 1, "admitted")]
    ]
    lake.append("ops.gate_results", rows)
    assert summary.decisions(lake, "silver.a") == (
        summary.Decision("silver.a", 0, 1, 10, 12, "admitted"),
        summary.Decision("silver.a", 1, 2, 10, 12, "held"),
    )


def test_a_day_is_restated_where_a_value_changed_and_not_where_only_silver_moved_on(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = lake.append(summary.GOLD, [field_day(1, 0.30, 1.0, 4), field_day(2, None, 0.5, 4)])
    _overwrite(lake, [field_day(1, 0.30, 1.0, 5), field_day(2, 0.28, 1.0, 5), field_day(3, 0.27, 1.0, 5)])
    assert summary.restated(lake, first, lake.version(summary.GOLD)) == (
        summary.Restated("north", date(2026, 6, 2), 2, 0.5, 1.0),
    )
    assert summary.restated(lake, first, first) == ()


def _overwrite(lake: Lake, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    table = lake.create(summary.GOLD)
    write_deltalake(
        table, pa.Table.from_pylist(rows, schema=pa.schema(lake.read(summary.GOLD).schema)), mode="overwrite"
    )


def test_skill_is_the_newest_models(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert summary.skill(lake, "irrigation") == ()
    for day, skill in ((1, 0.1), (2, 0.4)):
        scores = [
            {
                "soil_layer": "0_30cm",
                "horizon_d": 3,
                "n": 100,
                "rmse_model_m3_m3": 0.006,
                "rmse_persistence_m3_m3": 0.01,
                "rmse_autoregression_m3_m3": 0.009,
                "skill": skill,
                "coverage_80": 0.78,
            }
        ]
        model = {
            "model_name": "irrigation",
            "model_digest": f"digest-{day}",
            "model_path": "models/x",
            "gold_version": day,
            "job_key": f"job-{day}",
            "metrics": json.dumps({"folds": [], "scores": scores}),
            "decided_at": datetime(2026, 6, day, tzinfo=UTC),
        }
        lake.append("ops.models", [model])
    assert summary.skill(lake, "irrigation") == (summary.Skill("0_30cm", 3, 100, 0.006, 0.01, 0.4, 0.78),)
