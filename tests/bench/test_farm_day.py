"""A farm's day has the messages and the values that it says it has."""

import json
from datetime import UTC, datetime, timedelta

from tests.bench.farm_day import FarmDay, messages


def test_a_day_of_two_fields_is_whole() -> None:
    # 150 devices: two weather stations of seven values, 148 probes of four; 24 h in steps of ten minutes.
    day = FarmDay(150)
    assert (day.messages, day.fields, day.observations) == (150 * 144, 2, 144 * (2 * 7 + 148 * 4))
    events = [json.loads(value) for _, _, value in messages(day)]
    assert len(events) == day.messages
    assert sum(len(event["object"]) for event in events) == day.observations
    assert len({event["deviceInfo"]["devEui"] for event in events}) == 150
    # A frame's half hour begins within the day.
    times = [datetime.fromisoformat(event["time"]) - timedelta(minutes=30) for event in events]
    midnight = datetime(2026, 5, 1, tzinfo=UTC)
    assert (min(times), max(times)) == (midnight, midnight + timedelta(hours=23, minutes=50))
