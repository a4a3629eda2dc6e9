"""What platforms say, and what they mean by it."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from pipelines.simulate.platforms import PLATFORMS

TIME = datetime(2026, 6, 1, 12, tzinfo=UTC)


def sent(platform, seed=0):
    chance = Random(seed)  # noqa: S311 - chance that can be had again
    body, headers, values = PLATFORMS[platform]("probe-1", TIME, chance)
    return json.loads(body), dict(headers), values


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_chance_says_the_same(platform):
    assert sent(platform, 3) == sent(platform, 3) != sent(platform, 4)


@pytest.mark.parametrize(
    ("platform", "value_count", "oldest"),
    [
        ("own_json", 4, timedelta(0)),
        ("binary_cloudevent", 4, timedelta(0)),
        ("structured_cloudevent", 4, timedelta(0)),
        ("loggers_week", 28, timedelta(hours=27 * 6)),
        ("two_devices", 8, timedelta(0)),
        ("observation", 1, timedelta(hours=1)),
        ("data_array", 4, timedelta(minutes=45)),
        ("parcel_record", 4, timedelta(0)),
        ("weather_notification", 5, timedelta(0)),
        ("normalized", 3, timedelta(0)),
    ],
)
def test_a_message_holds_so_many_values_of_such_an_age(platform, value_count, oldest):
    *_, values = sent(platform)
    assert (len(values), max(value.seconds_before for value in values)) == (value_count, oldest.total_seconds())


# Degrees Fahrenheit, percent, km/h and so on, worked out once more by hand.
MEANT = {
    ("soil_moisture", "%"): lambda said: said / 100,
    ("air_temperature", "[degF]"): lambda said: (said - 32) / 1.8,
    ("air_pressure", "kPa"): lambda said: said * 10,
    ("wind_speed", "km/h"): lambda said: said * 1000 / 3600,
    ("soil_ec", "uS/cm"): lambda said: said / 1000,
    ("relative_humidity", None): lambda said: said,
    ("co2", "ppm"): lambda said: said,
    ("water_flow", "m3/h"): lambda said: said * 1000 / 60,
}


@pytest.mark.parametrize("seed", range(4))
def test_our_own_json_means_what_its_units_say(seed):
    body, _, values = sent("own_json", seed)
    for said, value in zip(body["observations"], values, strict=True):
        assert value.property == said["property"]
        assert value.value == pytest.approx(MEANT[said["property"], said.get("unit")](said["value"]))


def test_shares_and_siemens_of_a_parcel():
    factors = {"soilMoistureEc": 10, "relativeHumidity": 100, "solarRadiation": 1000, "soilMoistureVwc": 1}
    for seed in range(6):
        body, _, values = sent("parcel_record", seed)
        said = {word: attribute["value"] for word, attribute in body.items() if isinstance(attribute, dict)}
        numbers = [said[word] for word in said if word not in {"dateObserved", "refDevice"}]
        for (word, number), value in zip(
            ((word, number) for word, number in said.items() if number in numbers), values, strict=True
        ):
            if word in factors:
                assert value.value == pytest.approx(number * factors[word])


def test_an_envelope_names_device_and_time_for_what_is_in_it():
    body, headers, _ = sent("binary_cloudevent")
    assert (headers["ce_subject"], headers["ce_time"]) == (b"probe-1", b"2026-06-01T12:00:00+00:00")
    assert body.keys() == {"observations"}
    body, headers, _ = sent("structured_cloudevent")
    assert (body["subject"], body["data"].keys(), headers) == ("probe-1", {"observations"}, {})


def test_two_devices_say_each_its_own():
    body, _, values = sent("two_devices")
    assert [part["device_id"] for part in body] == ["probe-1-a", "probe-1-b"]
    assert [value.device_id for value in values] == ["probe-1-a"] * 4 + ["probe-1-b"] * 4
