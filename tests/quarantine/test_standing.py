"""The newest verdict stands, and with it the event that copies are told by."""

from datetime import timedelta

import pytest

from pipelines.lake.ledger import ledger_files
from pipelines.lake.tables import Lake
from pipelines.quarantine.standing import Standing
from tests.uplinks import NOON, TOPIC, event

AROUND = (NOON, NOON)


def anew(offset, number, verdict, key):
    return {
        "topic": TOPIC, "partition": 0, "offset": offset, "redrive_number": number, "tenant_id": "acme",
        "former_verdict": "accepted", "former_reasons": [], "format": "f", "verdict": verdict, "reasons": ["r"],
        "event_key": key, "body_digest": "b", "device_id": "d", "result_time": key and NOON, "contract_digest": "c",
        "decided_at": NOON,
    }  # fmt: skip


@pytest.fixture
def lake(tmp_path):
    """Offsets 0 to 3 were accepted; 1 is quarantined since, 2 was for a while, and 9 is accepted since."""
    lake = Lake(tmp_path)
    taken = [event(0, offset, event_key=f"key-{offset}", body_digest="b") for offset in range(4)]
    lake.append("bronze.events", [*taken, event(0, 9, verdict="quarantined", result_time=None)])
    lake.append("ops.redrives", [anew(1, 1, "quarantined", None), anew(2, 1, "quarantined", None)])
    lake.append("ops.redrives", [anew(2, 2, "accepted", "new-2"), anew(9, 2, "accepted", "new-9")])
    return lake


def known(lake, apart=(), times=AROUND):
    ledger = ledger_files(lake.open("bronze.events"), lake.path("bronze.events"))
    return sorted(Standing(lake).known(ledger, (TOPIC, 0), times, apart)["event_key"].to_pylist())


@pytest.mark.parametrize(
    ("apart", "keys"),
    [
        ([], ["key-0", "key-3", "new-2", "new-9"]),
        ([0, 2], ["key-3", "new-9"]),
        ([0, 1, 2, 3, 9], []),
    ],
)
def test_copies_are_told_by_the_events_that_stand(lake, apart, keys):
    assert known(lake, apart) == keys


def test_events_of_another_time_are_none_to_be_told_by(lake):
    later = NOON + timedelta(hours=3)
    assert known(lake, times=(later, later)) == []
    assert known(lake, times=None) == []


def test_verdicts_stand_by_place(lake):
    rows = lake.read("bronze.events").sort_by("offset")
    found = Standing(lake).of(rows)
    assert [(row["verdict"], row["event_key"]) for row in found] == [
        ("accepted", "key-0"), ("quarantined", None), ("accepted", "new-2"), ("accepted", "key-3"),
        ("accepted", "new-9"),
    ]  # fmt: skip
