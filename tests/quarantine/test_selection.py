"""Which records conditions choose, and how places are written."""

from datetime import UTC, datetime

import pytest

from pipelines.errors import UsageError
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import Place, Selection, absent, candidates, read_place
from tests.stream.test_batch import readings, take_in
from tests.uplinks import TOPIC, Topic, uplink


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Partition 0: good, not JSON, no time. Partition 1: of an unknown sensor, empty."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    odd, new = uplink({}, time="?", device="d'1"), uplink({}, sensor="new", device="d2")
    take_in(lake, Topic([[*readings(1), b"{", odd], [new, None]]))
    return lake


@pytest.mark.parametrize(
    ("selection", "places"),
    [
        (Selection(), [(0, 1), (0, 2), (1, 0), (1, 1)]),
        (Selection(reason="not_json"), [(0, 1)]),
        (Selection(reason="unknown_sensor"), [(1, 0)]),
        (Selection(reason="unknown"), []),
        (Selection(reason="x' or true --"), []),
        (Selection(device="d'1"), [(0, 2)]),
        (Selection(reason="no_time", device="d2"), []),
        (Selection(until=datetime(2026, 6, 1, 13, tzinfo=UTC)), []),
        (Selection(since=datetime(2026, 6, 1, 13, tzinfo=UTC)), [(0, 1), (0, 2), (1, 0), (1, 1)]),
        (Selection(places=(Place(TOPIC, 0, 0), Place(TOPIC, 1, 1), Place(TOPIC, 0, 1))), [(0, 1), (1, 1)]),
    ],
)
def test_a_record_must_meet_every_condition(filled, selection, places):
    assert [(each.place.partition, each.place.offset) for each in candidates(filled, selection)] == places


def test_a_candidate_says_what_is_thought_of_it(filled):
    (first, *_, last) = candidates(filled, Selection())
    assert (first.size_bytes, first.verdict, first.reasons) == (1, "quarantined", ("not_json",))
    assert (last.size_bytes, last.verdict, last.reasons) == (0, "quarantined", ("empty",))


def test_places_that_the_ledger_does_not_hold_are_absent(filled):
    there, nowhere = Place(TOPIC, 0, 0), [Place("other", 0, 0), Place(TOPIC, 0, 3)]
    assert absent(filled, [there, *nowhere]) == sorted(nowhere)
    assert absent(filled, []) == []


def test_a_place_is_read_as_it_is_written():
    assert read_place("acme.telemetry/3/17") == Place("acme.telemetry", 3, 17)
    assert str(read_place("acme.telemetry/3/17")) == "acme.telemetry/3/17"


@pytest.mark.parametrize("text", ["17", "a/b/1", "a/0/-1", "a/0/1/", "a'b/0/1", "a\x1b/0/1", ""])
def test_what_is_no_place_is_refused(text):
    with pytest.raises(UsageError, match="expected a place like"):
        read_place(text)
