import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.sensors import sensors
from pipelines.simulate.farm import Farm, device_ids, messages


def parsed(value: bytes) -> dict[str, object] | None:
    try:
        return json.loads(value)
    except ValueError:
        return None


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(1, 30), st.floats(0, 0.4), st.floats(0, 0.4))
def test_shares_are_exact(count: int, devices: int, duplicate_share: float, poison_share: float) -> None:
    farm = Farm(count, devices, duplicate_share=duplicate_share, poison_share=poison_share)
    events = [parsed(value) for _, value in messages(farm)]
    identities = Counter((e["deviceInfo"]["devEui"], e["devAddr"], e["fCnt"]) for e in events if e)
    assert len(events) == count
    assert events.count(None) == int(count * poison_share)
    assert len(identities) == farm.frames
    assert sum(identities.values()) - len(identities) == int(count * duplicate_share)


def test_each_round_every_device_sends_once_a_cadence_later() -> None:
    farm = Farm(6, devices=3, cadence_s=900)
    events = [(key.decode(), json.loads(value)) for key, value in messages(farm)]
    assert [(key, event["fCnt"], event["time"]) for key, event in events] == [
        ("0211fffe77000000", 0, "2026-05-01T00:00:00+00:00"),
        ("0211fffe77000001", 0, "2026-05-01T00:00:00+00:00"),
        ("0211fffe77000002", 0, "2026-05-01T00:00:00+00:00"),
        ("0211fffe77000000", 1, "2026-05-01T00:15:00+00:00"),
        ("0211fffe77000001", 1, "2026-05-01T00:15:00+00:00"),
        ("0211fffe77000002", 1, "2026-05-01T00:15:00+00:00"),
    ]
    assert [event["deviceInfo"]["devEui"] for _, event in events] == device_ids(farm) * 2


def test_every_event_holds_the_seven_values_of_the_weather_station_within_their_ranges() -> None:
    readings = {reading.key: reading for reading in sensors()["tower_weather_station"].readings}
    for _, value in messages(Farm(300, devices=7)):
        payload = json.loads(value)["object"]
        assert payload.keys() == readings.keys()
        for key, number in payload.items():
            reading = readings[key]
            low, high = reading.quantity.suspect
            assert low <= number * reading.scale + reading.offset <= high


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_seed_decides_the_values(seed: int, same: bool) -> None:
    assert (list(messages(Farm(50, seed=seed))) == list(messages(Farm(50, seed=0)))) is same
