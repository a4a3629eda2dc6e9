"""What a version says otherwise: changed columns before and after, rows that are gone, and nothing that is new."""

import json
from datetime import UTC, date, datetime
from typing import Any

from pipelines.gold.restatements import build
from tests.gold.relations import drawn

NOW = datetime(2026, 6, 9, tzinfo=UTC)


def restated(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    usual = {"field_id": "north", "date": date(2026, 6, 1), "eto_method": "m"}
    table = drawn("gold.field_daily", [usual | {key: row[key] for key in row if key != "side"} for row in rows])
    table = table.append_column("side", [[row["side"] for row in rows]])
    return build(table, "gold.field_daily", gold_table_version=3, cause="silver.observations 1 to 2", decided_at=NOW)


def test_only_the_columns_that_changed_are_listed() -> None:
    then = {"side": "then", "eto_mm": None, "precipitation_mm": 0.0, "silver_version": 1}
    now = {"side": "now", "eto_mm": 6.2, "precipitation_mm": 0.0, "silver_version": 2}
    (row,) = restated(then, now)
    assert row["columns_changed"] == ["eto_mm"]
    assert (json.loads(row["before"]), json.loads(row["after"])) == ({"eto_mm": None}, {"eto_mm": 6.2})
    assert (row["gold_table_version"], row["cause"], row["decided_at"]) == (3, "silver.observations 1 to 2", NOW)


def test_a_row_that_is_gone_has_no_after_and_a_new_one_is_no_restatement() -> None:
    (row,) = restated({"side": "then", "eto_mm": 5.0}, {"side": "now", "eto_mm": 5.0, "date": date(2026, 6, 2)})
    assert (row["date"], row["after"]) == (date(2026, 6, 1), None)
    assert json.loads(row["before"])["eto_mm"] == 5.0


def test_a_row_that_was_only_built_again_is_no_restatement() -> None:
    assert restated({"side": "then", "silver_version": 1}, {"side": "now", "silver_version": 2}) == []
