"""What is remembered answers as the ledger's files do, whatever has been let go of meanwhile."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA
from pipelines.lake.ledger import ledger_files
from pipelines.lake.tables import Lake
from pipelines.stream import recall as recall_module
from pipelines.stream.recall import Recall, _Prints
from tests.stream.test_batch import take_in
from tests.uplinks import Topic, uplink

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(hours, counter):
    return uplink({"air_temperature": 20.0}, counter=counter, time=(NOON + timedelta(hours=hours)).isoformat())


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """One partition: an event an hour for two days, in four commits."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    topic = Topic([[]])
    for first in range(0, 48, 12):
        topic.partitions[0].extend(at(hour, hour) for hour in range(first, first + 12))
        take_in(lake, topic)
    return lake


@pytest.fixture
def recall(lake):
    files = ledger_files(lake.open("bronze.events"), lake.path("bronze.events"))
    return Recall(lambda: files)


@pytest.fixture
def keys(lake):
    rows = lake.read("bronze.events", columns=KNOWN_KEYS_SCHEMA.names)
    return rows.sort_by("result_time")


def found(recall, events):
    older = recall.older(events)
    return [] if older is None else sorted(older["event_key"].to_pylist())


def moved(events, hours):
    """The same events, seen at another time."""
    times = pa.array([time + timedelta(hours=hours) for time in events["result_time"].to_pylist()])
    return events.set_column(2, "result_time", times.cast(events["result_time"].type))


@pytest.mark.parametrize(
    ("hours", "is_found"),
    [(0, True), (0.9, True), (-0.9, True), (3, False), (-3, False), (24 * 365, False)],
)
def test_events_near_in_time_are_found_and_others_are_not(recall, keys, hours, is_found):
    asked = keys.slice(20, 1)
    assert found(recall, moved(asked, hours)) == (asked["event_key"].to_pylist() if is_found else [])


def test_what_the_ledger_does_not_hold_is_not_found(recall, keys):
    unknown = pa.array([key[::-1] for key in keys["event_key"].to_pylist()])
    assert found(recall, keys.set_column(1, "event_key", unknown)) == []


def test_what_was_added_last_is_recent_and_not_found_again(recall, keys):
    recall.add(keys.slice(40))
    assert found(recall, keys) == sorted(keys["event_key"].to_pylist()[:40])
    assert recall.recent.num_rows == 8
    assert found(recall, keys.slice(0, 0)) == []


def test_another_partitions_events_are_not_found_nor_hidden_by_recent_ones(recall, keys):
    elsewhere = keys.set_column(0, keys.schema.field("partition"), pa.array([1] * len(keys), pa.int32()))
    assert found(recall, elsewhere) == []
    recall.add(elsewhere.slice(0, 20))
    assert found(recall, pa.concat_tables([keys, elsewhere])) == sorted(keys["event_key"].to_pylist())


def test_what_is_recent_no_more_is_found(monkeypatch, recall, keys):
    monkeypatch.setattr(recall_module, "RECENT_ROWS", 5)
    found(recall, keys.slice(0, 24))  # half of the hours are remembered, the others will be read
    for start in range(0, 48, 4):
        recall.add(keys.slice(start, 4))
    recent = recall.recent["event_key"].to_pylist()
    assert 5 <= len(recent) <= 10
    assert found(recall, keys) == sorted(set(keys["event_key"].to_pylist()) - set(recent))


def test_what_was_let_go_of_is_read_again(monkeypatch, recall, keys):
    monkeypatch.setattr(recall_module, "REMEMBERED_BYTES", 600)
    for start in (0, 30, 0, 47, 12):
        assert found(recall, keys.slice(start, 1)) == keys["event_key"].to_pylist()[start : start + 1]
        assert len(recall._spans) <= 5
    recall.forget()
    assert found(recall, keys) == sorted(keys["event_key"].to_pylist())


def test_what_is_not_asked_for_any_more_is_let_go_of(monkeypatch, recall, keys):
    monkeypatch.setattr(recall_module, "UNUSED_EVENTS", 3)
    remembered = []
    for start in (0, 40, 0, 40, 40, 40, 40, 40):
        found(recall, keys.slice(start, 1))
        remembered.append(len(recall._spans))
    assert remembered == [5, 10, 10, 10, 10, 10, 5, 5]


@settings(max_examples=50, deadline=None)
@given(bags=st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), max_size=12))
def test_a_bag_holds_what_was_added(bags):
    prints = _Prints()
    for bag in bags:
        prints.add(recall_module.np.array(bag, "uint64"))
    held = {each for bag in bags for each in bag}
    asked = sorted(held | {0, 1, 2**63})
    assert prints.hold(recall_module.np.array(asked, "uint64")).tolist() == [each in held for each in asked]
    assert len(prints._runs) <= 9  # each at least twice the next, 240 in all
