"""Mixed traffic keeps its shares exactly, and its own rules."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from pipelines.contracts.formats import formats
from pipelines.contracts.reasons import reasons
from pipelines.simulate.mixed import START, Mixed, messages

MIXED = Mixed(4000)
SENT = list(messages(MIXED))


def test_the_shares_are_exact():
    assert (MIXED.duplicates, MIXED.poison, MIXED.events) == (200, 40, 3760)
    assert Counter(each.truth.verdict for each in SENT) == {"accepted": 3760, "duplicate": 200, "quarantined": 40}
    late = [each for each in SENT if each.original is None and is_late(each)]
    assert len(late) == 376


def is_late(message):
    return message.arrived_at - message.truth.result_time > timedelta(days=13)


def test_the_same_seed_sends_the_same_and_another_seed_something_else():
    assert list(messages(MIXED)) == SENT
    assert [each.value for each in messages(Mixed(4000, seed=1))] != [each.value for each in SENT]


def test_messages_come_in_the_order_of_their_arrival_and_nothing_before_it_was_measured():
    times = [each.arrived_at for each in SENT]
    assert times == sorted(times)
    assert all(START <= each.truth.result_time < each.arrived_at for each in SENT if each.truth.result_time)


def test_a_copy_or_a_contradiction_comes_after_its_event_with_the_same_key():
    keys = {}
    for each in SENT:
        if each.original is None:
            keys[each.number] = each.key
        else:
            assert keys[each.original] == each.key


def test_events_are_numbered_once():
    assert sorted(each.number for each in SENT if each.original is None) == list(range(MIXED.events))


def test_a_counter_begins_again_within_its_session_but_not_within_the_hour():
    frames = {}
    for each in sorted((each for each in SENT if each.original is None), key=lambda each: each.truth.result_time):
        if b'"deviceProfileName"' in (each.value or b"") and b'"fPort"' in each.value:
            counter = each.value.partition(b'"fCnt":')[2].partition(b",")[0]
            session = each.value.partition(b'"devAddr":"')[2][:8]
            frames.setdefault((each.key, session, counter), []).append(each.truth.result_time)
    again = [times for times in frames.values() if len(times) > 1]
    assert again
    assert min(after - before for times in again for before, after in pairwise(times)) > timedelta(hours=1)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_reason_that_it_expects_has_a_page(seed):
    said = {each.truth.reason.partition(":")[0] for each in messages(Mixed(3000, seed=seed)) if each.truth.reason}
    assert said <= set(reasons())


def test_every_format_is_spoken():
    tokens = {
        "chirpstack_v4": b"deviceInfo", "the_things_stack_v3": b"end_device_ids", "thingpark": b"DevEUI_uplink",
        "sensorthings_1_1": b"phenomenonTime", "ngsi": b"AgriParcelRecord", "fieldstream_json": b"observations",
    }  # fmt: skip
    assert tokens.keys() == set(formats())
    for token in (*tokens.values(), b"specversion", b"dataArray", b"subscriptionId", b"payload_base64"):
        assert any(token in (each.value or b"") for each in SENT), token
