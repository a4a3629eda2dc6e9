"""The shapes of the gateways' messages, traps and all."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.simulate.gateways import GATEWAYS, Frame, can_send, publish
from pipelines.simulate.instruments import Instrument, Reading

TIME = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROBE = Instrument("model", "LSE01", "dragino", "lse01", ())


def said(gateway, *, counter=7, decoded=True, payload=b"\x0d\x38"):
    reading = Reading({"temp_SOIL": 20.5} if decoded else None, payload, ())
    value, headers = publish(gateway, Frame("0211fffe00000001", PROBE, "00bb10a1", counter, TIME, reading))
    return json.loads(value), headers


def test_chirpstack_gives_object_and_data_and_leaves_out_a_counter_of_zero():
    message, headers = said("chirpstack, decoded")
    assert (message["object"], message["data"], message["fCnt"]) == ({"temp_SOIL": 20.5}, "DTg=", 7)
    assert headers == (("event", b"up"),)
    assert "object" not in said("chirpstack, bytes")[0]
    assert "data" not in said("chirpstack, decoded", payload=None)[0]
    assert "fCnt" not in said("chirpstack, decoded", counter=0)[0]


def test_the_things_stack_leaves_out_a_counter_of_zero():
    message, headers = said("the things stack, decoded", counter=0)
    up = message["uplink_message"]
    assert (up["decoded_payload"], up["frm_payload"], headers) == ({"temp_SOIL": 20.5}, "DTg=", ())
    assert "f_cnt" not in up
    assert "decoded_payload" not in said("the things stack, bytes")[0]["uplink_message"]


def test_thingpark_writes_numbers_as_text_and_times_with_an_offset():
    report = said("thingpark, decoded")[0]["DevEUI_uplink"]
    assert (report["FPort"], report["FCntUp"], report["payload_hex"]) == ("2", "7", "0d38")
    assert report["Time"] == "2026-06-01T14:00:00.000+02:00"
    assert "payload" not in said("thingpark, bytes")[0]["DevEUI_uplink"]


def test_our_own_json_takes_bytes_in_both_spellings():
    assert said("our own, bytes", counter=7)[0]["payload_hex"] == "0d38"
    assert base64.b64decode(said("our own, bytes", counter=8)[0]["payload_base64"]) == b"\x0d\x38"


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_another_gateway_changes_no_value(gateway):
    reading = Reading({"temp_SOIL": 20.5}, b"\x0d", ())
    frames = [
        Frame("0211fffe00000001", PROBE, "s", 1, TIME + timedelta(seconds=n), reading, name)
        for n, name in enumerate(("gw-barn", "gw-levee"))
    ]
    one, two = (publish(gateway, frame)[0] for frame in frames)
    assert one != two
    assert (b"20.5" in one) == (b"20.5" in two) == gateway.endswith("decoded")


@pytest.mark.parametrize(
    ("style", "has_payload", "decoded", "as_bytes"),
    [("flat", True, True, True), ("none", True, False, True), ("flat", False, True, False)],
)
def test_a_gateway_sends_what_it_can_decode_or_what_needs_no_decoding(style, has_payload, decoded, as_bytes):
    instrument = Instrument("m", "p", "b", "i", (), style=style, has_payload=has_payload)
    assert {gateway: can_send(gateway, instrument) for gateway in GATEWAYS} == {
        gateway: decoded if gateway.endswith("decoded") else as_bytes for gateway in GATEWAYS
    }
