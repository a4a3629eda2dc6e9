"""What the gate does to a table, slice by slice."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from great_expectations import ExpectationSuite
from great_expectations import expectations as gx
from pyspark.sql import SparkSession

from pipelines.errors import DataRefused, GateErrored
from pipelines.gate import suite as suites
from pipelines.gate.judge import GateResult, judge, results
from pipelines.lake.admitted import admitted_version
from pipelines.lake.tables import Lake
from tests.lakes import observation

SILVER = "silver.observations"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def dry(number: int, **changes: Any) -> dict[str, Any]:
    """A clean observation; its ten-fold namesake of the small lake runs out of range."""
    return {**observation(number), "value": 0.3, **changes}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Version 0 is empty, version 1 holds three clean rows."""
    lake = Lake(tmp_path)
    lake.append(SILVER, [dry(number) for number in range(3)])
    return lake


def judged(spark: SparkSession, lake: Lake) -> GateResult:
    return judge(lambda: spark, lake, SILVER, NOON)


def no_session() -> Any:
    pytest.fail("Spark was started, though there was nothing to judge")


@pytest.mark.spark
def test_a_clean_slice_is_admitted_once(spark: SparkSession, lake: Lake) -> None:
    result = judged(spark, lake)
    assert (result.gate_verdict, result.from_version, result.to_version, result.row_count) == ("admitted", -1, 1, 3)
    assert result.failed_expectations == ()
    evidence = json.loads(result.evidence or "")
    assert len(evidence) == result.expectation_count
    assert all(outcome["held"] for outcome in evidence)
    again = judge(no_session, lake, SILVER, NOON)
    assert (again.judged_now, again.gate_verdict, again.to_version) == (False, "admitted", 1)
    assert len(results(lake, SILVER)) == 1


@pytest.mark.spark
def test_a_bad_slice_is_held_until_it_is_put_right(spark: SparkSession, lake: Lake) -> None:
    judged(spark, lake)
    lake.append(SILVER, [dry(3), dry(4, value=0.9)])
    held = judged(spark, lake)
    assert (held.gate_verdict, held.from_version, held.to_version, held.row_count) == ("held", 1, 2, 2)
    assert held.failed_expectations == (
        "soil_moisture is within 0 and 0.7 m3/m3 unless flagged: 1 rows are not so, such as 0.9",
    )
    assert admitted_version(lake, SILVER) == 1
    # Asked again, the same answer stands.
    assert not judge(no_session, lake, SILVER, NOON).judged_now
    # Put right, the slice is judged from where the last admitted one ended.
    lake.open(SILVER).delete("value = 0.9")
    lake.append(SILVER, [dry(4, value=0.9, flag=4, reasons=["above_gross_range"]), *map(dry, range(5, 25))])
    after = judged(spark, lake)
    assert (after.gate_verdict, after.from_version, after.row_count) == ("admitted", 1, 1 + 1 + 20)
    assert admitted_version(lake, SILVER) == lake.version(SILVER)


@pytest.mark.spark
def test_an_event_that_came_in_an_earlier_slice_is_held(spark: SparkSession, lake: Lake) -> None:
    judged(spark, lake)
    lake.append(SILVER, [dry(2, offset=99), dry(3)])
    assert judged(spark, lake).failed_expectations == (
        "no row has the event_key, property, channel, depth_cm of one admitted before: "
        f"1 rows are not so, such as {2:032x} soil_moisture 1 10.0",
    )


@pytest.mark.spark
def test_compaction_alone_is_admitted_without_a_look(spark: SparkSession, lake: Lake) -> None:
    lake.append(SILVER, [dry(3)])
    judged(spark, lake)
    lake.open(SILVER).optimize.compact()
    result = judge(no_session, lake, SILVER, NOON)
    assert (result.gate_verdict, result.row_count, result.expectation_count) == ("admitted", 0, 0)
    assert admitted_version(lake, SILVER) == lake.version(SILVER) == 3


@pytest.mark.spark
def test_a_gate_that_cannot_judge_says_so_and_admits_nothing(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = gx.ExpectColumnValuesToNotBeNull(column="salinity", meta={"rule": "salinity is never null"})
    broken = ExpectationSuite(name="broken", expectations=[absent])
    monkeypatch.setattr(suites, "suite", lambda *_: broken)
    with pytest.raises(GateErrored, match=r"versions 0 to 1.*salinity is never null: could not be evaluated"):
        judged(spark, lake)
    assert [result.gate_verdict for result in results(lake, SILVER)] == ["errored"]
    assert admitted_version(lake, SILVER) == -1
    # The data was never at fault: with the suite mended the same slice is judged.
    monkeypatch.undo()
    assert judged(spark, lake).gate_verdict == "admitted"


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="no such table"):
        judge(no_session, Lake(tmp_path), SILVER, NOON)
