"""What is read of the judgements: a line a judgement."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.gate.results import GateResult, judged_by, newest, of_slices, results, rows_by_day
from pipelines.lake.admitted import RESULTS
from pipelines.lake.tables import Lake

SILVER = "silver.observations"
FIRST = datetime(2026, 6, 1, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)


def judged(lake: Lake, *judgements: tuple[int, int, dict[date, int]], name: str = SILVER) -> Lake:
    """Record judgements, an hour between two: (from, to, rows by day)."""
    for hour, (start, end, days) in enumerate(judgements):
        row = {
            "table_name": name,
            "from_version": start,
            "to_version": end,
            "row_count": sum(days.values()),
            "expectation_count": 1,
            "failed_expectations": [],
            "gate_verdict": "admitted",
            "suite_digest": "s",
            "rows_by_day": [{"date": day, "rows": count} for day, count in days.items()],
            "decided_at": FIRST + timedelta(hours=hour),
        }
        lake.append(RESULTS, [row])
    return lake


def named(found: list[GateResult]) -> list[tuple[int, int, int]]:
    return [(*each.versions, each.decided_at.hour) for each in found]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three slices, of which the first is judged twice, the second time last; and one of another table."""
    judgements = [(-1, 3, {MONDAY: 5}), (3, 5, {MONDAY: 2, TUESDAY: 7}), (5, 6, {}), (-1, 3, {MONDAY: 4})]
    return judged(judged(Lake(tmp_path), (-1, 99, {MONDAY: 1000}), name="silver.operations"), *judgements)


def test_every_judgement_is_read_in_the_order_in_which_they_were_made(lake: Lake) -> None:
    assert named(results(lake, SILVER)) == [(-1, 3, 0), (3, 5, 1), (5, 6, 2), (-1, 3, 3)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [(-1, 3, 3)]),
        (2, [(5, 6, 2), (-1, 3, 3)]),
        (9, [(-1, 3, 0), (3, 5, 1), (5, 6, 2), (-1, 3, 3)]),
    ],
)
def test_the_newest_are_the_last_made(lake: Lake, count: int, expected: list[tuple[int, int, int]]) -> None:
    assert named(newest(lake, SILVER, count)) == expected


def test_of_two_made_at_once_the_newest_is_that_of_the_newer_versions(tmp_path: Path) -> None:
    lake = judged(judged(Lake(tmp_path), (3, 5, {})), (-1, 3, {}))
    assert named(newest(lake, SILVER)) == [(3, 5, 0)]


def test_a_slice_is_as_it_was_judged_last(lake: Lake) -> None:
    found = of_slices(lake, SILVER, {(-1, 3), (5, 6), (0, 3)})
    assert sorted(named(list(found.values()))) == [(-1, 3, 3), (5, 6, 2)]


@pytest.mark.parametrize(("hour", "version"), [(0, 3), (1, 5), (2, 6), (3, 6)])
def test_what_was_judged_by_a_time(lake: Lake, hour: int, version: int) -> None:
    assert judged_by(lake, SILVER, FIRST + timedelta(hours=hour)) == version


@pytest.mark.parametrize(
    ("up_to", "expected"),
    [
        (-1, {}),
        (2, {}),
        # What the slice was judged to have the first time is not counted beside what it has now.
        (3, {MONDAY: 4}),
        (5, {MONDAY: 4 + 2, TUESDAY: 7}),
        (99, {MONDAY: 4 + 2, TUESDAY: 7}),
    ],
)
def test_the_rows_of_a_day_are_counted_over_the_slices(lake: Lake, up_to: int, expected: dict[date, int]) -> None:
    counted = rows_by_day(lake, SILVER, up_to).group_by("date").aggregate([("rows", "sum")])
    assert {row["date"]: row["rows_sum"] for row in counted.to_pylist()} == expected


def test_where_nothing_was_judged_there_is_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert (results(lake, SILVER), newest(lake, SILVER), of_slices(lake, SILVER, {(-1, 3)})) == ([], [], {})
    assert rows_by_day(lake, SILVER, 3).num_rows == 0
