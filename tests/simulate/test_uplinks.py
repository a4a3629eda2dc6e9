import base64
import json
import struct
from datetime import UTC, datetime

import pytest

from pipelines.simulate.uplinks import Device, Frame, Gateway, publish

DEVICE = Device("0211fffe00000001", "well", "Tower soil probe", ("a", "b"))
GATEWAY = Gateway("0211fffe00000002", 38.0, -121.5, -80, 7.5)
NOON = datetime(2017, 6, 1, 20, tzinfo=UTC)


def event(sequence: int = 7, received_at: datetime | None = None) -> dict[str, object]:
    frame = Frame(DEVICE, "01170002", sequence, NOON, {"a": 0.25, "b": 100.0})
    return json.loads(publish("acme", frame, GATEWAY, received_at).value)


def test_event_has_the_fields_of_a_chirpstack_uplink() -> None:
    """Names and nesting as in a published capture of ChirpStack v4 (fields of a codec's `object` are the codec's)."""
    assert event() == {
        "deduplicationId": event()["deduplicationId"],
        "time": "2017-06-01T20:00:00+00:00",
        "deviceInfo": {
            "tenantId": event()["deviceInfo"]["tenantId"],
            "tenantName": "acme",
            "applicationId": event()["deviceInfo"]["applicationId"],
            "applicationName": "fields",
            "deviceProfileId": event()["deviceInfo"]["deviceProfileId"],
            "deviceProfileName": "Tower soil probe",
            "deviceName": "well",
            "devEui": "0211fffe00000001",
            "deviceClassEnabled": "CLASS_A",
            "tags": {},
        },
        "devAddr": "01170002",
        "adr": True,
        "dr": 3,
        "fCnt": 7,
        "fPort": 2,
        "confirmed": False,
        "data": base64.b64encode(struct.pack(">ff", 0.25, 100.0)).decode(),
        "object": {"a": 0.25, "b": 100.0},
        "rxInfo": [
            {
                "gatewayId": "0211fffe00000002",
                "uplinkId": 7,
                "gwTime": "2017-06-01T20:00:00+00:00",
                "nsTime": "2017-06-01T20:00:00.412+00:00",
                "rssi": -80 - 7 % 5,
                "snr": 7.5,
                "channel": 7,
                "location": {"latitude": 38.0, "longitude": -121.5},
                "context": "AAAABw==",
                "crcStatus": "CRC_OK",
            }
        ],
        "txInfo": {
            "frequency": 902_300_000 + 7 * 200_000,
            "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
    }


def test_key_is_the_device_and_the_header_names_the_event() -> None:
    uplink = publish("acme", Frame(DEVICE, "01170002", 7, NOON, {"a": 1.0}), GATEWAY)
    assert (uplink.key, uplink.headers, uplink.time) == (b"0211fffe00000001", (("event", b"up"),), NOON)


def test_what_was_not_measured_is_absent_from_the_object_and_nan_in_the_payload() -> None:
    uplink = publish("acme", Frame(DEVICE, "01170002", 7, NOON, {"b": 2.0}), GATEWAY)
    message = json.loads(uplink.value)
    a, b = struct.unpack(">ff", base64.b64decode(message["data"]))
    assert message["object"] == {"b": 2.0}
    assert a != a  # noqa: PLR0124 - only NaN differs from itself
    assert b == 2.0


@pytest.mark.parametrize(("sequence", "counter"), [(0, 0), (2**32 - 1, 2**32 - 1), (2**32, 0), (2**32 + 5, 5)])
def test_counter_wraps_at_32_bits(sequence: int, counter: int) -> None:
    assert event(sequence)["fCnt"] == counter


def test_late_receipt_changes_the_server_time_alone() -> None:
    late = event(received_at=datetime(2018, 1, 1, 9, tzinfo=UTC))
    assert late["time"] == "2017-06-01T20:00:00+00:00"
    assert late["rxInfo"][0]["gwTime"] == "2017-06-01T20:00:00+00:00"
    assert late["rxInfo"][0]["nsTime"] == "2018-01-01T09:00:00+00:00"
    assert late["deduplicationId"] == event()["deduplicationId"]


def test_identifiers_tell_tenants_sequences_and_gateways_apart() -> None:
    frames = [Frame(DEVICE, "01170002", sequence, NOON, {}) for sequence in (1, 2)]
    other = Gateway("0211fffe00000003", 38.0, -121.5, -80, 7.5)
    ids = {
        json.loads(publish("acme", frame, gateway).value)["deduplicationId"]
        for frame in frames
        for gateway in (GATEWAY, other)
    }
    tenants = {json.loads(publish(name, frames[0], GATEWAY).value)["deviceInfo"]["tenantId"] for name in ("a", "b")}
    assert len(ids) == 4
    assert len(tenants) == 2


def test_names_may_hold_any_sign() -> None:
    device = Device("0211fffe00000001", '100 % "wet" %(time)s', "Tower soil probe", ("a",))
    message = json.loads(publish("acme", Frame(device, "01170002", 7, NOON, {"a": 1.0}), GATEWAY).value)
    assert message["deviceInfo"]["deviceName"] == '100 % "wet" %(time)s'
