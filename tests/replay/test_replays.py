"""What a commit says of itself comes to stand in ops.replays, once and in order."""

import json
from datetime import UTC, datetime

import pyarrow as pa

from pipelines.contracts.tables import table
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.tables import Lake
from pipelines.replay.replays import APP_ID, REPLAYS, Counts, next_number, tell
from tests.lakes import observation

DECIDED = datetime(2026, 7, 1, tzinfo=UTC)


def replaced(lake: Lake, number: int, name: str = "silver.observations") -> None:
    row = {
        "replay_number": number, "is_end": False, "selection": "{}", "table_name": name, "contract_digest": "c",
        "devices_version": -1, "replay_reason": "r", "replayed_by": "b", "decided_at": DECIDED,
        **dict.fromkeys(Counts.__dataclass_fields__, 0),
    }  # fmt: skip
    opened = lake.create(name)
    progress = [Progress(APP_ID, opened.transaction_version(APP_ID), number)]
    append_once(opened, table(name), [], progress, {APP_ID: json.dumps(row, default=str)})


def told(lake: Lake) -> list[tuple[int, str, int]]:
    rows = lake.read(REPLAYS).sort_by("replay_number").to_pylist()
    return [(row["replay_number"], row["table_name"], row["replaced_version"]) for row in rows]


def test_every_slice_is_told_once_whichever_table_it_is_of(tmp_path):
    lake = Lake(tmp_path)
    assert next_number(lake) == 1
    replaced(lake, 1)
    lake.append("silver.observations", [observation(1)])
    replaced(lake, 2, "silver.operations")
    replaced(lake, 3)
    assert next_number(lake) == 4
    for _ in range(2):
        tell(lake)
        assert told(lake) == [(1, "silver.observations", 1), (2, "silver.operations", 1), (3, "silver.observations", 3)]
    assert lake.read(REPLAYS)["decided_at"].to_pylist() == [DECIDED] * 3
    assert lake.read(REPLAYS).schema.field("decided_at").type == pa.timestamp("us", "UTC")


def test_counts_add_up():
    assert Counts(1, 2, 3, 4, 5, 6, 7) + Counts(10, 20, 30, 40, 50, 60, 70) == Counts(11, 22, 33, 44, 55, 66, 77)
