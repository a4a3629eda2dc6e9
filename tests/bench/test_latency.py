"""How long a message took is told from commits alone."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tests.bench.following import watched
from tests.bench.parts import latency

# At 10 s the first three records of partition 0 could be seen, at 11 s one of partition 1, at 12 s all.
COMMITS = [(10.0, {0: 3}), (11.0, {0: 3, 1: 1}), (12.0, {0: 5, 1: 4})]


@pytest.mark.parametrize(
    ("partition", "offset", "seen_at"),
    [(0, 0, 10.0), (0, 2, 10.0), (0, 3, 12.0), (0, 4, 12.0), (1, 0, 11.0), (1, 1, 12.0), (1, 3, 12.0)],
)
def test_a_record_is_seen_with_the_first_commit_that_reaches_beyond_it(
    partition: int, offset: int, seen_at: float
) -> None:
    assert latency._seen_at(COMMITS, partition, np.array([offset])).tolist() == [seen_at]


def test_what_a_batch_of_sparks_reached_stands_in_its_checkpoint(tmp_path: Path) -> None:
    offsets = tmp_path / "checkpoint" / "offsets"
    offsets.mkdir(parents=True)
    (offsets / "7").write_text(f"v1\n{{}}\n{json.dumps({'a.telemetry': {'0': 12, '1': 9}})}")
    assert latency._in_checkpoint(tmp_path, {"the query's id": 7}) == {0: 12, 1: 9}


def test_the_watcher_says_when_each_version_came(tmp_path: Path) -> None:
    log = tmp_path / "_delta_log"
    with watched(log, tmp_path) as table:
        log.mkdir()
        written_at = []
        for version in range(2):
            written_at.append(time.monotonic())
            (log / f"{version:020}.json").touch()
            table.wait_for(version)
        seen = table.versions()
    assert list(seen) == [0, 1]
    assert all(seen[version] >= written_at[version] for version in seen)
