"""What the pipeline makes of messages that somebody holds in hand."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.jobs.decode import DecodedMessage, DecodedValue, bare_payload, decode
from pipelines.lake.tables import Lake
from pipelines.settings import from_environment
from tests.kernel.test_messages import read
from tests.uplinks import PROBE, uplink

SETTINGS = from_environment({})
DEVICE = "a840410000000001"
SENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALF_HOUR_EARLIER = datetime(2026, 6, 1, 11, 30, tzinfo=UTC)


def test_a_message_is_told_with_its_values() -> None:
    # 31.5 % is 0.315 m3/m3; 120 % is more water than any soil holds, 0.70 at most
    (message,) = decode(SETTINGS, [uplink({"soil_moisture_1": 31.5, "soil_moisture_2": 120}, sensor=PROBE)])
    key = message.event_key
    assert key is not None
    assert message == DecodedMessage(
        number=1,
        verdict="accepted",
        reasons=(),
        format="chirpstack_v4",
        device_id=DEVICE,
        result_time=SENT,
        event_key=key,
        observations=(
            DecodedValue(DEVICE, "soil_moisture", 0.315, "m3/m3", 10.0, 1, HALF_HOUR_EARLIER, 1, key),
            DecodedValue(DEVICE, "soil_moisture", 1.2, "m3/m3", 45.0, 2, HALF_HOUR_EARLIER, 4, key),
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


@pytest.mark.parametrize(
    ("topic", "verdict"),
    [
        (None, "quarantined"),  # the tenant is demo
        ("acme.telemetry", "accepted"),
        ("zenith.telemetry", "quarantined"),
        ("farm/acme/uplinks.json", "quarantined"),  # an MQTT topic is nobody's
    ],
)
def test_a_kafka_topic_begins_with_its_tenant(topic: str | None, verdict: str) -> None:
    said = b'{"device_id": "a", "tenant_id": "acme", "time": "2026-06-01T12:00:00Z", "observations": []}'
    assert [each.verdict for each in decode(SETTINGS, [said], topic=topic)] == [verdict]


def test_headers_come_with_every_message() -> None:
    messages = [read("chirpstack_v4/up"), read("chirpstack_v4/location")]
    told = decode(SETTINGS, messages, headers=[("event", "status")])
    assert [each.reasons for each in told] == [("no_observation:status",)] * 2


@pytest.mark.parametrize("model", ["dragino_lse01", "Dragino LSE01", "vendor/dragino/lse01", "LSE01"])
def test_a_bare_payload_is_read_by_its_sensors_codec(model: str) -> None:
    # LSE01: battery 0x0D38 mV, DS18B20 0, water 0, soil 0x0BC3 hundredths of a degree, EC 0, flags
    (message,) = decode(SETTINGS, [bare_payload("0d38 0000 0000 0bc3 0000 10", 2)], sensor=model)
    assert (message.verdict, message.device_id) == ("accepted", None)
    assert {each.property: (each.value, each.unit, each.device_id) for each in message.observations} == {
        "battery_voltage": (3.384, "V", None),
        "probe_temperature": (0.0, "Cel", None),
        "soil_moisture": (0.0, "m3/m3", None),
        "soil_temperature": (30.11, "Cel", None),
        "soil_ec": (0.0, "dS/m", None),
    }


@pytest.mark.parametrize(("payload", "f_port"), [("0d38", 2), ("zz", 2), ("", 2)])
def test_a_payload_that_is_not_the_models_is_refused_or_empty(payload: str, f_port: int) -> None:
    (message,) = decode(SETTINGS, [bare_payload(payload, f_port)], sensor="LSE01")
    assert message.observations == ()
    assert message.verdict == ("quarantined" if payload else "accepted")


def test_the_registry_names_the_sensor_and_its_depth_and_an_option_comes_after(tmp_path: Path) -> None:
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    period = {"device_id": DEVICE, "field_id": "n", "valid_from": SENT}
    Lake(settings.lake).append(
        "reference.devices",
        [{**period, "sensor_model": "dragino_lse01", "depths": [{"channel": None, "depth_cm": 30.0}]}],
    )
    messages = [uplink({"temp_SOIL": 20}, sensor="nobody's", counter=n, device=DEVICE[:-1] + str(n)) for n in (1, 2)]
    told = decode(settings, messages, sensor="em500-smtc")
    assert [(each.reasons, [(value.property, value.depth_cm) for value in each.observations]) for each in told] == [
        ((), [("soil_temperature", 30.0)]),
        (("unknown_key:temp_SOIL",), []),
    ]


def test_a_sensor_that_nobody_knows_is_named() -> None:
    with pytest.raises(UsageError, match="Nobody's probe"):
        decode(SETTINGS, [b"{}"], sensor="Nobody's probe")


def test_a_client_may_hold_the_entities(tmp_path: Path) -> None:
    stream = json.loads(read("sensorthings_1_1/inline_ucum"))["Datastream"]
    (tmp_path / "context.json").write_text(json.dumps({"value": [stream]}))
    said = b'{"phenomenonTime": "2026-06-01T12:00:00Z", "result": 40, "Datastream": {"@iot.id": 1}}'
    (message,) = decode(SETTINGS, [said], context=tmp_path / "context.json")
    assert [(each.device_id, each.property, each.value, each.depth_cm) for each in message.observations] == [
        ("5", "soil_moisture", 0.4, 20.0)
    ]
