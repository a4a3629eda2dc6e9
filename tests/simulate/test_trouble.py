import json
from collections import Counter
from functools import cache
from itertools import islice

import pytest

from pipelines.simulate.expected import expected_all, expected_first, expected_late
from pipelines.simulate.trouble import TRUNCATED_BYTES, first_batch, late_block
from pipelines.simulate.uplinks import Uplink


@cache
def first() -> tuple[Uplink, ...]:
    return tuple(first_batch("demo"))


@cache
def late() -> tuple[Uplink, ...]:
    return tuple(late_block("demo"))


def identity(uplink: Uplink) -> tuple[str, str, int]:
    event = json.loads(uplink.value)
    return event["deviceInfo"]["devEui"], event["devAddr"], event["fCnt"]


def whole(uplinks: tuple[Uplink, ...]) -> list[Uplink]:
    return [uplink for uplink in uplinks if len(uplink.value) != TRUNCATED_BYTES]


def test_same_arguments_give_the_same_bytes() -> None:
    assert tuple(late_block("demo")) == late()
    assert tuple(islice(first_batch("demo"), 3000)) == first()[:3000]


@pytest.mark.parametrize(
    ("uplinks", "expected"),
    [(first, expected_first), (late, expected_late), (lambda: first() + late(), expected_all)],
    ids=["first", "late", "both"],
)
def test_messages_are_what_the_sample_says_they_must_be(uplinks, expected) -> None:  # type: ignore[no-untyped-def]  # two plain functions
    messages, must = uplinks(), expected()
    events = {identity(uplink): uplink for uplink in whole(messages)}
    assert must.records == must.accepted + must.duplicates + must.quarantined
    assert len(messages) == must.records
    assert len(messages) - len(whole(messages)) == must.quarantined
    assert len(events) == must.accepted
    assert sum(len(json.loads(uplink.value)["object"]) for uplink in events.values()) == must.observations


def test_forty_come_again_byte_for_byte_and_ten_through_another_gateway() -> None:
    by_bytes = Counter(uplink.value for uplink in first())
    by_identity = Counter(identity(uplink) for uplink in whole(first()))
    assert sum(by_bytes.values()) - len(by_bytes) == 40
    assert sum(by_identity.values()) - len(by_identity) == 40 + 10
    assert max(by_identity.values()) == 2
    twice = [uplink for uplink in whole(first()) if by_identity[identity(uplink)] == 2 and by_bytes[uplink.value] == 1]
    gateways = Counter(json.loads(uplink.value)["rxInfo"][0]["gatewayId"] for uplink in twice)
    assert gateways == {"0211fffe00a90001": 10, "0211fffe00a90002": 10}


def test_one_message_is_cut_off_and_no_json() -> None:
    (cut,) = [uplink for uplink in first() if len(uplink.value) == TRUNCATED_BYTES]
    assert b'"deviceInfo"' in cut.value
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(cut.value)


def test_impossible_value_stands_in_an_outage_of_the_station() -> None:
    (hot,) = [uplink for uplink in whole(first()) if json.loads(uplink.value)["object"] == {"air_temperature": 85.0}]
    # The half hour from 06:00 at UTC-8, sent when it ends; October 22 is day 295 of 2015.
    assert json.loads(hot.value)["time"] == "2015-10-22T14:30:00+00:00"
    assert json.loads(hot.value)["fCnt"] == 294 * 48 + 12


def test_late_block_is_the_probes_week_and_arrives_after_everything() -> None:
    times = [json.loads(uplink.value)["time"] for uplink in late()]
    received = [json.loads(uplink.value)["rxInfo"][0]["nsTime"] for uplink in late()]
    assert {uplink.key for uplink in late()} == {b"0211fffe75300011"}
    assert len(times) == 7 * 48
    assert (times[0], times[-1]) == ("2017-06-12T08:30:00+00:00", "2017-06-19T08:00:00+00:00")
    assert min(received) > max(json.loads(uplink.value)["rxInfo"][0]["nsTime"] for uplink in whole(first()))
    assert not {identity(uplink) for uplink in late()} & {identity(uplink) for uplink in whole(first())}


def test_each_device_is_sent_in_order_but_for_retransmissions() -> None:
    seen: dict[bytes, Uplink] = {}
    backwards = 0
    for uplink in first():
        backwards += uplink.key in seen and uplink.time < seen[uplink.key].time
        seen[uplink.key] = uplink
    assert backwards == 40
