"""What stands of silver.flags, and the view that joins it: drawn rows, read as the analysts do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.flagged import KEY, flagged_version, last_run
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from tests.lakes import observation


def flag_row(number: int, reason: str, flag: int, run: int) -> dict[str, Any]:
    """What a run says of the number-th observation."""
    key = {name: observation(number)[name] for name in KEY}
    return {**key, "reason": reason, "flag": flag, "flag_run": run, "silver_version": 1, "contract_digest": "41aa"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Six observations: flags 1, 1, 3, 9 and 1 of the kernel's, the last above ground."""
    lake = Lake(tmp_path)
    of_the_kernel = {2: (3, ["below_suspect_range"]), 3: (9, ["missing_value"])}
    rows = [observation(number) for number in range(5)]
    for number, (flag, reasons) in of_the_kernel.items():
        rows[number] |= {"flag": flag, "reasons": reasons}
    rows[4] |= {"channel": None, "depth_cm": None}
    lake.append("silver.observations", rows)
    lake.append(
        "silver.flags",
        [
            flag_row(0, "spike", 3, run=1),
            flag_row(0, "spike", 4, run=2),
            flag_row(0, "rate_of_change", 3, run=1),
            flag_row(1, "gap", 3, run=1),
            flag_row(1, "gap", 1, run=3),
            flag_row(2, "gap", 3, run=1),
            flag_row(3, "gap", 3, run=1),
            {**flag_row(4, "flat_line", 3, run=2), "channel": None, "depth_cm": None},
        ],
    )
    return lake


def test_the_worst_flag_and_all_reasons(lake: Lake) -> None:
    asked = "select sequence, flag, reasons, value from silver.observations_current order by 1"
    assert query(lake, asked).rows == [
        (0, 4, ["rate_of_change", "spike"], 0.0),
        (1, 1, [], 0.01),
        (2, 3, ["below_suspect_range", "gap"], 0.02),
        (3, 9, ["missing_value", "gap"], 0.03),
        (4, 3, ["flat_line"], 0.04),
    ]


def test_what_the_kernel_said_stays_as_it_is(lake: Lake) -> None:
    assert query(lake, "select flag from silver.observations order by sequence").rows == [(1,), (1,), (3,), (9,), (1,)]
    both = "select count(*), (select count(*) from silver.observations where flag = 4) from silver.observations_current"
    assert query(lake, both).rows == [(5, 0)]


def test_without_flags_observations_are_as_the_kernel_left_them(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.append("silver.observations", [observation(0)])
    assert query(lake, "select flag, reasons from silver.observations_current").rows == [(1, [])]


def test_the_newest_run_says_how_far_it_is(lake: Lake) -> None:
    assert (last_run(lake), flagged_version(lake)) == (None, -1)
    run = {"from_version": -1, "devices_version": 0, "fields_version": 0, "contract_digest": "41aa", "row_count": 5}
    counts = {"flags_given": 0, "flags_withdrawn": 0, "decided_at": datetime(2026, 6, 1, tzinfo=UTC)}
    lake.append("ops.flag_runs", [run | counts | {"flag_run": n, "to_version": 10 * n} for n in (2, 1)])
    assert flagged_version(lake) == 20
