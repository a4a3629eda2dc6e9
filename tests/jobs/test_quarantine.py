"""Work in the quarantine, as the commands show it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.errors import DataRefused
from pipelines.jobs.quarantine import (
    Judgement,
    QuarantinedGroup,
    QuarantinedRow,
    list_quarantine,
    raw_bytes,
    redrive,
    show,
)
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import Place, Selection
from pipelines.stream import clean
from tests.stream.test_batch import readings, take_in
from tests.uplinks import INGEST_TIME, KAFKA_TIME, TOPIC, Topic
from tests.yesterday import YesterdaysBatch, odd

HOSTILE = b'{"deviceInfo": \x1b[2J\x1b]0;owned\x07'
ODD = odd(1, device="d1")


@pytest.fixture
def settings(home_settings, monkeypatch):
    """Offsets of partition 0: 0 good, 1 hostile, 2 and 3 what nobody could read yesterday, 4 empty."""
    settings = replace(home_settings, tenant="acme")
    with monkeypatch.context() as patch:
        patch.setattr(clean, "Batch", YesterdaysBatch)
        take_in(Lake(settings.lake), Topic([[*readings(1), HOSTILE, ODD, ODD, None]]))
    return settings


def test_records_are_counted_by_reason(settings):
    seen = (KAFKA_TIME, KAFKA_TIME)
    assert list_quarantine(settings, Selection()) == [
        QuarantinedGroup("no_time", 2, 1, 2 * len(ODD), *seen, f"{TOPIC}/0/2"),
        QuarantinedGroup("empty", 1, 0, 0, *seen, f"{TOPIC}/0/4"),
        QuarantinedGroup("not_json", 1, 0, len(HOSTILE), *seen, f"{TOPIC}/0/1"),
    ]


def test_records_are_listed_one_by_one_and_cut_at_the_limit(settings):
    rows = list_quarantine(settings, Selection(reason="no_time"), rows=True)
    assert rows == [
        QuarantinedRow(f"{TOPIC}/0/{offset}", KAFKA_TIME, "d1", "chirpstack_v4", ("no_time",), len(ODD), None)
        for offset in (3, 2)
    ]
    assert list_quarantine(settings, Selection(), rows=True, limit=1)[0].record == f"{TOPIC}/0/4"


def test_a_lake_without_records_has_an_empty_quarantine(home_settings):
    assert list_quarantine(home_settings, Selection()) == []
    assert list_quarantine(home_settings, Selection(), rows=True) == []
    assert redrive(home_settings, Selection(), apply=True).judged == 0


def test_a_record_is_shown_whole_and_safely(settings):
    shown = show(settings, f"{TOPIC}/0/1")
    assert shown.content == ('{"deviceInfo": \\x1b[2J\\x1b]0;owned\\x07',)
    assert (shown.content_kind, shown.size_bytes, shown.kafka_time) == ("text", 29, KAFKA_TIME)
    assert shown.judgements == (Judgement("quarantined", ("not_json",), None, INGEST_TIME),)
    # printf '{"deviceInfo": \x1b[2J\x1b]0;owned\x07' | sha256sum
    assert shown.sha256 == "13aaf197420e889e1f71276b05ac6f2a76269586382c94ee62777a6ece4be701"


def test_a_record_without_a_value_is_shown_as_such(settings):
    shown = show(settings, f"{TOPIC}/0/4")
    assert (shown.content_kind, shown.size_bytes, shown.sha256) == ("null", 0, None)


def test_raw_bytes_are_those_that_came(settings):
    assert raw_bytes(settings, f"{TOPIC}/0/1") == HOSTILE
    assert raw_bytes(settings, f"{TOPIC}/0/4") == b""


def test_what_is_not_there_is_refused(settings):
    with pytest.raises(DataRefused, match=rf"There is no such record \({TOPIC}/0/5\)"):
        show(settings, f"{TOPIC}/0/5")
    with pytest.raises(DataRefused, match=r"There is no such record \(other/0/1\)"):
        redrive(settings, Selection(places=(Place(TOPIC, 0, 1), Place("other", 0, 1))))


def test_a_redrive_is_shown_first_then_applied_then_settled(settings):
    dry = redrive(settings, Selection(reason="no_time"))
    assert (dry.applied, dry.judged, dry.changed, dry.accepted, dry.duplicate) == (False, 2, 2, 1, 1)
    assert (dry.quarantined, dry.observations, dry.redrive_number) == (0, 1, None)
    done = redrive(settings, Selection(reason="no_time"), apply=True)
    assert replace(done, applied=False, redrive_number=None) == dry
    assert done.redrive_number == 1
    again = redrive(settings, Selection(places=(Place(TOPIC, 0, 2),)), apply=True)
    assert (again.judged, again.changed, again.redrive_number) == (0, 0, None)
    assert [group.reason for group in list_quarantine(settings, Selection())] == ["empty", "not_json"]


def test_a_record_keeps_all_its_judgements(settings):
    redrive(settings, Selection(), apply=True)
    before, after = show(settings, f"{TOPIC}/0/2").judgements
    assert (before.verdict, before.reasons, before.redrive_number) == ("quarantined", ("no_time",), None)
    assert (after.verdict, after.reasons, after.redrive_number) == ("accepted", (), 1)
    assert after.decided_at > datetime(2026, 6, 1, tzinfo=UTC)
