"""Which slices that are held are judged again: a line a reason."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.tables import table
from pipelines.gate.held import to_judge_again
from pipelines.gate.slices import Slice, new_slice
from pipelines.lake.admitted import RESULTS, HeldSlice, RowBounds
from pipelines.lake.tables import Lake
from tests.gate.test_slices import laid_out_offsets
from tests.lakes import START, observation, soil_lake

OBSERVATIONS = table("silver.observations")
TOPIC, OTHER = "demo.telemetry", "acme.telemetry"
JUDGED_AT, LATER = START + timedelta(hours=1), START + timedelta(hours=2)
# Of the soil lake's versions, 2 and 3 are held: in the first the rows of offsets 12 to 15 of all that came with it.
FIRST = HeldSlice(1, 2, (RowBounds(TOPIC, 0, 12, 15, START),))
SECOND = HeldSlice(2, 3, (RowBounds(TOPIC, 0, 20, 29, START),))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = soil_lake(tmp_path)
    for held in (FIRST, SECOND):
        row = {
            "table_name": OBSERVATIONS.name,
            "from_version": held.from_version,
            "to_version": held.to_version,
            "row_count": 1,
            "expectation_count": 1,
            "failed_expectations": ["it"],
            "gate_verdict": "held",
            "suite_digest": "today's",
            "row_bounds": [vars(bounds) for bounds in held.row_bounds],
            "decided_at": JUDGED_AT,
        }
        lake.append(RESULTS, [row, row | {"from_version": 3, "to_version": 4, "gate_verdict": "admitted"}])
    return lake


def again(lake: Lake, *held: HeldSlice, digest: str = "today's") -> list[Slice]:
    new = new_slice(lake, OBSERVATIONS, 4)
    return list(to_judge_again(lake, OBSERVATIONS, held or (FIRST, SECOND), digest, new))


def came(*offsets: int, partition: int = 0, topic: str = TOPIC, at: datetime = LATER) -> list[dict[str, Any]]:
    place = {"partition": partition, "topic": topic, "ingest_time": at}
    return [{**observation(offset), **place, "property": "soil_temperature", "unit": "Cel"} for offset in offsets]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        (came(40, 50), []),
        (came(13), [FIRST]),
        (came(12, 29), [FIRST, SECOND]),
        # Around the records of the first, but none of them.
        (came(11, 16), []),
        (came(11, 16) + came(14), [FIRST]),
        (came(13, 21, partition=1) + came(14, 22, topic=OTHER), []),
        # Of the records, but taken in before them: not made of what is held.
        (came(13, at=START - timedelta(hours=1)), []),
    ],
)
def test_what_was_made_of_its_records_since(lake: Lake, rows: list[dict[str, Any]], expected: list[HeldSlice]) -> None:
    if rows:
        lake.append(OBSERVATIONS.name, rows)
    assert [each.held for each in again(lake)] == expected


def replayed(version: int, first: int, last: int, topic: str = TOPIC, name: str = OBSERVATIONS.name) -> dict[str, Any]:
    counts = dict.fromkeys(
        (name for name in table("ops.replays").required if name.startswith(("observations", "records", "verdicts"))), 0
    )
    place = {"topic": topic, "partition": 0, "first_offset": first, "last_offset": last}
    said = {"replay_reason": "calibrated", "replayed_by": "maria", "contract_digest": "c", "devices_version": 0}
    told = {"replay_number": version, "is_end": False, "newly_quarantined": 0, "decided_at": LATER}
    return {**told, **counts, **said, **place, "table_name": name, "replaced_version": version}


@pytest.mark.parametrize(
    ("replay", "expected"),
    [
        (replayed(5, 0, 11), []),
        (replayed(5, 0, 12), [FIRST]),
        (replayed(5, 15, 20), [FIRST, SECOND]),
        (replayed(5, 15, 20, topic=OTHER), []),
        (replayed(5, 15, 20, name="silver.operations"), []),
        # Of a version that was there when they were judged.
        (replayed(4, 15, 20), []),
    ],
)
def test_what_a_replay_has_replaced(lake: Lake, replay: dict[str, Any], expected: list[HeldSlice]) -> None:
    lake.append("ops.replays", [replay])
    assert [each.held for each in again(lake)] == expected


def test_by_another_suite_all_are_judged_again(lake: Lake) -> None:
    assert [each.held for each in again(lake, digest="yesterday's")] == [FIRST, SECOND]


def test_it_is_judged_as_its_records_stand_now_in_whatever_file_they_are(lake: Lake) -> None:
    lake.open(OBSERVATIONS.name).optimize.compact()
    lake.append(OBSERVATIONS.name, came(13, 15, 16))
    (slice_,) = again(lake)
    assert laid_out_offsets(lake, slice_) == [12, 13, 13, 14, 15, 15]


def test_records_that_nobody_could_read_are_its_own_too(lake: Lake) -> None:
    event = {
        "topic": TOPIC,
        "partition": 0,
        "kafka_time": START,
        "tenant_id": "demo",
        "format": "chirpstack_v4",
        "verdict": "quarantined",
        "reasons": ["unknown_device"],
        "ingest_time": START,
    }
    lake.append("bronze.events", [event | {"offset": offset} for offset in (11, 13, 17)])
    lake.append(OBSERVATIONS.name, came(17))
    (slice_,) = again(lake, FIRST)
    assert laid_out_offsets(lake, slice_) == [11, 12, 13, 14, 15, 16, 17, 17]
