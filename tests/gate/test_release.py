"""A release is on record, and only of what is held."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.gate.release import Release, release
from pipelines.lake.admitted import admitted
from pipelines.lake.tables import Lake
from tests.lake.test_admitted import PLACE, SILVER, decide

LATER = datetime(2026, 6, 2, tzinfo=UTC)


def test_a_release_says_who_when_and_why(tmp_path: Path) -> None:
    lake = decide(Lake(tmp_path), (-1, 3, "admitted"), (3, 5, "held"), bounds=[PLACE])
    release(lake, Release(SILVER, 3, 5, "frost; the readings are right", "maria", LATER))
    assert admitted(lake, SILVER).held == ()
    assert lake.read("ops.gate_releases").to_pylist() == [
        {
            "table_name": SILVER,
            "from_version": 3,
            "to_version": 5,
            "release_reason": "frost; the readings are right",
            "released_by": "maria",
            "decided_at": LATER,
        }
    ]


@pytest.mark.parametrize(
    ("to_version", "reason", "why"),
    [
        (4, "frost", "expected one of 5, got a slice that is not held"),
        (5, "  ", "expected a reason, got none"),
    ],
)
def test_what_is_not_held_or_not_explained_is_refused(tmp_path: Path, to_version: int, reason: str, why: str) -> None:
    lake = decide(Lake(tmp_path), (-1, 3, "admitted"), (3, 5, "held"), bounds=[PLACE])
    with pytest.raises(UsageError, match=why):
        release(lake, Release(SILVER, 3, to_version, reason, "maria", LATER))
    assert not lake.exists("ops.gate_releases")
