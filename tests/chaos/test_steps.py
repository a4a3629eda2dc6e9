"""Steps after the stream are compared with a lake left in peace: equal lakes pass, different ones are told apart."""

from pipelines.chaos.checker import BRONZE, SILVER
from pipelines.chaos.steps import STEPS, compared, scenarios
from tests.chaos.lakes import change, double


def test_equal_lakes_pass_and_different_ones_are_told_apart(lake, whole):
    tables = {BRONZE: (), SILVER: ()}
    assert compared(lake, whole, tables) == []
    double(lake / SILVER)
    (said,) = compared(lake, whole, tables)
    assert said.startswith("silver/observations holds (")
    assert compared(lake / "nowhere", whole, {BRONZE: ()}) == [
        "bronze/events cannot be read: bronze/events has no commit"
    ]


def test_what_tells_runs_apart_is_left_out(lake, whole):
    change(
        lake / SILVER,
        lambda rows: rows.drop_columns(["ingest_time"]).append_column("ingest_time", [[None] * rows.num_rows]),
    )
    assert compared(lake, whole, {SILVER: ("ingest_time",)}) == []


def test_maintenance_is_killed_while_it_writes_too():
    assert [each.name for each in scenarios() if each.name.endswith(".writing")] == ["kill.maintain.writing"]
    assert {table for step in STEPS for table in step.tables} >= {"silver/flags", "ops/gate_results", "ops/redrives"}
