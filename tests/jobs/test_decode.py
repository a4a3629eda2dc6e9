"""What the pipeline makes of messages that somebody holds in hand."""

from datetime import UTC, datetime

from pipelines.jobs.decode import DecodedMessage, DecodedValue, decode
from pipelines.settings import from_environment
from tests.uplinks import PROBE, uplink

SETTINGS = from_environment({})
SENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALF_HOUR_EARLIER = datetime(2026, 6, 1, 11, 30, tzinfo=UTC)


def test_a_message_is_told_with_its_values() -> None:
    # 31.5 % is 0.315 m3/m3; 120 % is more water than any soil holds, 0.70 at most
    (message,) = decode(SETTINGS, [uplink({"soil_moisture_1": 31.5, "soil_moisture_2": 120}, sensor=PROBE)])
    assert message == DecodedMessage(
        number=1,
        verdict="accepted",
        reasons=(),
        format="chirpstack_v4",
        device_id="a840410000000001",
        result_time=SENT,
        event_key=message.event_key,
        observations=(
            DecodedValue("soil_moisture", 10.0, 0.315, "m3/m3", 1, (), HALF_HOUR_EARLIER),
            DecodedValue("soil_moisture", 45.0, 1.2, "m3/m3", 4, ("above_gross_range",), HALF_HOUR_EARLIER),
        ),
    )


def test_each_message_has_its_verdict_in_the_order_given() -> None:
    whole = uplink({"air_temperature": 20.0})
    told = [(each.number, each.verdict, each.reasons) for each in decode(SETTINGS, [whole, whole[:40], whole, b""])]
    assert told == [
        (1, "accepted", ()),
        (2, "quarantined", ("not_json",)),
        (3, "duplicate", ("repeated_in_batch",)),
        (4, "quarantined", ("not_json",)),
    ]


def test_no_message_is_no_answer() -> None:
    assert decode(SETTINGS, []) == []
