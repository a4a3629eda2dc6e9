"""Which records a replay takes, and in which slices."""

import pytest

from pipelines.contracts.digest import contract_digest
from pipelines.errors import UsageError
from pipelines.lake.tables import Lake
from pipelines.replay import scope as module
from pipelines.replay.scope import Scope, Slice, Span, read_contract, read_span, slices
from tests.uplinks import KAFKA_TIME, NOON, TOPIC, event


@pytest.fixture
def lake(tmp_path):
    """Partition 0 has offsets 0 to 4, partition 1 the offset 7 of another device, unreadable, under older contracts."""
    lake = Lake(tmp_path)
    unread = {"device_id": None, "key": b"e", "result_time": None, "contract_digest": "0123456789abcdef"}
    lake.append("bronze.events", [*(event(0, offset) for offset in range(5)), event(1, 7, **unread)])
    return lake


ALL = [(0, [0, 1, 2, 3, 4]), (1, [7])]


@pytest.mark.parametrize(
    ("scope", "chosen"),
    [
        (Scope(), ALL),
        (Scope(spans=(Span(TOPIC, 0, 1, 2),)), [(0, [1, 2])]),
        (Scope(spans=(Span(TOPIC, 0, 4, 9), Span(TOPIC, 1, 7, 7))), [(0, [4]), (1, [7])]),
        (Scope(spans=(Span("acme.operations", 0, 0, 9),)), []),
        (Scope(device="d"), [(0, [0, 1, 2, 3, 4])]),
        (Scope(device="e"), [(1, [7])]),  # by the Kafka key
        (Scope(device="it's"), []),
        (Scope(since=NOON), ALL),
        (Scope(until=NOON), []),
        (Scope(since=KAFKA_TIME), [(1, [7])]),  # it has no other time
        (Scope(contract="older"), [(1, [7])]),
        (Scope(contract="01234567"), [(1, [7])]),
        (Scope(contract=contract_digest()), [(0, [0, 1, 2, 3, 4])]),
        (Scope(contract="older", device="d"), []),
    ],
)
def test_records_meet_every_condition(lake, scope, chosen):
    assert [(each.partition, list(each.offsets)) for each in slices(lake, scope)] == chosen


@pytest.mark.parametrize(
    ("rows", "size", "after", "cut"),
    [
        (2, 1000, None, [[0, 1], [2, 3], [4], [7]]),
        (100, 10, None, [[0], [1, 2], [3, 4], [7]]),  # of 5 bytes each: the second makes ten
        (2, 1000, (TOPIC, 0, 2), [[3, 4], [7]]),
        (2, 1000, (TOPIC, 0, 9), [[7]]),
        (2, 1000, (TOPIC, 1, 7), []),
    ],
)
def test_slices_are_of_one_partition_and_fit_in_memory(lake, monkeypatch, rows, size, after, cut):
    monkeypatch.setattr(module, "SLICE_ROWS", rows)
    monkeypatch.setattr(module, "SLICE_BYTES", size)
    found = slices(lake, Scope(), after)
    assert [list(each.offsets) for each in found] == cut
    assert all(isinstance(each, Slice) and each.topic == TOPIC for each in found)


def test_what_stands_now_is_what_is_chosen_by(lake):
    row = event(1, 7, device_id="f", redrive_number=1, former_verdict="quarantined", former_reasons=[])
    lake.append("ops.redrives", [{name: row[name] for name in row if name not in {"raw", "kafka_time", "ingest_time"}}
                                 | {"decided_at": NOON}])  # fmt: skip
    assert [list(each.offsets) for each in slices(lake, Scope(device="f"))] == [[7]]
    assert slices(lake, Scope(contract="older")) == []


def test_a_span_is_read_as_it_is_written():
    assert read_span("acme.telemetry:3:17-29") == Span("acme.telemetry", 3, 17, 29)


@pytest.mark.parametrize(
    "text", ["", "acme.telemetry", "acme.telemetry:3", "acme.telemetry:3:17", "a:b:1-2", "a:0:-2-1"]
)
def test_a_span_written_otherwise_is_refused(text):
    with pytest.raises(UsageError, match=r"demo\.telemetry:0:17-29"):
        read_span(text)


@pytest.mark.parametrize(
    ("text", "is_read"), [("older", True), ("0123abcd", True), ("0123abc", False), ("newer", False)]
)
def test_contracts_are_told_by_eight_digits_or_more(text, is_read):
    if is_read:
        assert read_contract(text) == text
        return
    with pytest.raises(UsageError, match="first eight or more digits"):
        read_contract(text)


def test_equal_scopes_are_written_alike():
    scope = Scope(spans=(Span("t", 0, 1, 2),), until=NOON)
    assert (
        str(scope)
        == '{"spans": [{"first": 1, "last": 2, "partition": 0, "topic": "t"}], "until": "2026-06-01 12:00:00+00:00"}'
    )
    assert str(Scope()) == "{}"
