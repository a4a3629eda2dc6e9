"""What the gate does to a table, slice by slice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from great_expectations import ExpectationSuite
from great_expectations import expectations as gx

from pipelines.errors import DataRefused, GateErrored
from pipelines.gate import suite as suites
from pipelines.gate.judge import judge
from pipelines.gate.release import Release, release
from pipelines.gate.results import GateResult, results
from pipelines.lake.admitted import admitted
from pipelines.lake.tables import Lake
from tests.lakes import START, observation

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


def judged(lake: Lake, hour: int = 0) -> GateResult:
    return judge(lake, SILVER, NOON + timedelta(hours=hour))


def held_ranges(lake: Lake) -> list[tuple[int, int]]:
    return [(each.from_version, each.to_version) for each in admitted(lake, SILVER).held]


def test_a_clean_slice_is_admitted_once(lake: Lake) -> None:
    result = judged(lake)
    assert (result.gate_verdict, result.from_version, result.to_version, result.row_count) == ("admitted", -1, 1, 3)
    assert result.failed_expectations == ()
    evidence = json.loads(result.evidence or "")
    assert len(evidence) == result.expectation_count
    assert all(outcome["held"] for outcome in evidence if outcome["severity"] == "critical")
    again = judged(lake, 1)
    assert (again.judged_now, again.gate_verdict, again.to_version) == (False, "admitted", 1)
    assert len(results(lake, SILVER)) == 1


def test_a_held_slice_neither_grows_nor_stops_those_after_it(lake: Lake) -> None:
    judged(lake)
    lake.append(SILVER, [dry(3), dry(4, value=0.9)])
    held = judged(lake, 1)
    assert (held.gate_verdict, held.from_version, held.to_version, held.row_count) == ("held", 1, 2, 2)
    assert held.failed_expectations == (
        "soil_moisture is within 0 and 0.7 m3/m3 unless flagged: 1 rows are not so, such as 0.9",
    )
    # Asked again, the same answer stands.
    assert judged(lake, 2) == GateResult(**vars(held) | {"judged_now": False})
    # A thousand good rows do not thin it out: they are a slice of their own.
    lake.append(SILVER, [dry(number, phenomenon_time=START) for number in range(5, 1005)])
    after = judged(lake, 3)
    assert (after.gate_verdict, after.from_version, after.row_count) == ("admitted", 2, 1000)
    standing = admitted(lake, SILVER)
    assert (standing.version, held_ranges(lake)) == (3, [(1, 2)])
    (bounds,) = standing.held[0].row_bounds
    assert (bounds.first_offset, bounds.last_offset, bounds.ingest_time) == (3, 4, START)


def test_a_held_slice_is_let_through_by_a_person(lake: Lake) -> None:
    lake.append(SILVER, [dry(4, value=0.9)])
    judged(lake)
    assert admitted(lake, SILVER).version == -1
    release(lake, Release(SILVER, -1, 2, "the probe stood in water", "maria", NOON + timedelta(hours=1)))
    standing = admitted(lake, SILVER)
    assert (standing.version, standing.held) == (2, ())
    assert judged(lake, 2).to_version == 2


def test_another_suite_is_another_question(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(lake)
    lake.append(SILVER, [dry(3), dry(4, value=0.9)])
    judged(lake, 1)
    lake.append(SILVER, [dry(5)])
    judged(lake, 2)
    lake.open(SILVER).optimize.compact()
    wide = gx.ExpectColumnValuesToBeBetween(column="value", max_value=1.0, meta={"rule": "value is at most 1"})
    columns = ExpectationSuite(name="columns", expectations=[])
    slice_ = ExpectationSuite(name="wide", expectations=[wide])
    monkeypatch.setattr(suites, "suites", lambda *_: {"columns": columns, "slice": slice_})
    judged(lake, 3)
    assert held_ranges(lake) == []
    # The slice is found again in the compacted file, its rows alone.
    again = [(each.gate_verdict, each.row_count) for each in results(lake, SILVER) if each.to_version == 2]
    assert again == [("held", 2), ("admitted", 2)]


def test_a_slice_that_is_still_held_after_a_redrive_holds_the_rows_it_held(lake: Lake) -> None:
    lake.append(SILVER, [dry(3), dry(4, value=0.9)])
    judged(lake)
    standing = admitted(lake, SILVER).held
    redriven = {"depth_cm": 30.0, "ingest_time": NOON + timedelta(minutes=30)}
    lake.append(SILVER, [dry(4, **redriven)])
    assert judged(lake, 1).gate_verdict == "admitted"
    assert admitted(lake, SILVER).held == standing
    verdicts = [(each.to_version, each.gate_verdict, each.row_count) for each in results(lake, SILVER)]
    # The fixture's three and these two are one slice; then that with what is new, and what is new for itself.
    assert verdicts == [(2, "held", 5), (2, "held", 6), (3, "admitted", 1)]
    assert judged(lake, 2).judged_now is False


def test_an_event_that_came_in_an_earlier_slice_is_held(lake: Lake) -> None:
    judged(lake)
    lake.append(SILVER, [dry(2, offset=99), dry(3)])
    assert judged(lake, 1).failed_expectations == (
        "no row has the event_key, device_id, property, channel, depth_cm, phenomenon_time of one in an earlier slice: "
        f"1 rows are not so, such as {2:032x}",
    )


def test_compaction_alone_is_admitted_with_a_note(lake: Lake) -> None:
    lake.append(SILVER, [dry(3)])
    judged(lake)
    lake.open(SILVER).optimize.compact()
    result = judged(lake, 1)
    assert (result.gate_verdict, result.row_count, result.expectation_count) == ("admitted", 0, 0)
    assert result.note == "no rows are new"
    assert admitted(lake, SILVER).version == lake.version(SILVER) == 3


def test_a_gate_that_cannot_judge_says_so_and_admits_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = gx.ExpectColumnValuesToNotBeNull(column="salinity", meta={"rule": "salinity is never null"})
    columns = ExpectationSuite(name="columns", expectations=[])
    broken = {"columns": columns, "slice": ExpectationSuite(name="broken", expectations=[absent])}
    monkeypatch.setattr(suites, "suites", lambda *_: broken)
    with pytest.raises(GateErrored, match=r"versions 0 to 1.*salinity is never null: could not be evaluated"):
        judged(lake)
    assert [result.gate_verdict for result in results(lake, SILVER)] == ["errored"]
    assert admitted(lake, SILVER).judged_version == -1
    # The data was never at fault: with the suite mended the same slice is judged.
    monkeypatch.undo()
    assert judged(lake, 1).gate_verdict == "admitted"


def test_rows_are_counted_for_the_weeks_to_come(lake: Lake) -> None:
    assert judged(lake).rows_by_day == ({"date": START.date(), "rows": 3},)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="no such table"):
        judge(Lake(tmp_path), SILVER, NOON)


OPERATION = {
    "event_key": "k", "tenant_id": "acme", "device_id": "valve", "operation": "irrigation", "field_id": "north",
    "phenomenon_time": START, "water_depth_mm": 25.0, "flag": 1, "reasons": [], "result_time": START, "format": "f",
    "topic": "acme.operations", "partition": 0, "offset": 0, "ingest_time": START,
}  # fmt: skip


# What is wrong with a row -> the rule that holds its slice.
PLANTED = [
    ({"operation": "harvest"}, "operation is one of schemas/operations.yaml"),
    ({"water_depth_mm": 1001.0}, "water_depth_mm is within 0 and 1000 mm unless flagged"),
    ({"treated_area_ha": -1.0}, "treated_area_ha is within 0 and 100000 har unless flagged"),
    ({"flag": 2}, "flag is one of QARTOD's"),
    ({"flag": 3}, "flag is 3, 4 or 9 only with a reason"),
    ({"reasons": ["above_gross_range"]}, "a reason is given only where flag is 3, 4 or 9"),
    ({"phenomenon_time": START + timedelta(days=2)}, "phenomenon_time is at most a day ahead of ingest_time"),
    ({"event_key": "0"}, "no two rows have the same event_key"),
]


def test_operations_are_held_for_each_rule_of_their_contract(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [OPERATION | {"event_key": f"{number}"} | planted for number, (planted, _) in enumerate(PLANTED)]
    lake.append("silver.operations", rows)
    result = judge(lake, "silver.operations", NOON)
    assert result.gate_verdict == "held"
    seen = {failed.partition(":")[0]: failed for failed in result.failed_expectations}
    assert seen.keys() == {rule for _, rule in PLANTED}
    assert all(": 1 rows" in failed or ": 2 rows" in failed for failed in seen.values())


def test_operations_that_keep_every_rule_are_admitted(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    failed = OPERATION | {"event_key": "k1", "water_depth_mm": 5000.0, "flag": 4, "reasons": ["above_gross_range"]}
    lake.append("silver.operations", [*(OPERATION | {"event_key": f"n{n}"} for n in range(20)), failed])
    assert judge(lake, "silver.operations", NOON).failed_expectations == ()
