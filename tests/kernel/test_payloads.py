"""Payloads that no gateway decoded: a line a payload."""

import base64
from datetime import UTC, datetime

import pytest

from pipelines.kernel.meanings import Meanings
from pipelines.kernel.payloads import DECODED_SCHEMA, decoded

# Dragino's published LSE01 uplink: 3.384 V, no DS18B20 (0.0), 0 %, 30.11 degrees, 0 uS/cm.
LSE01_HEX = "0D3800000000" + "0BC3" + "0000" + "10"


def read(names, text, *, is_hex=True, f_port=2, row_id=7):
    meanings = Meanings()
    found = decoded([(row_id, names, text, is_hex, f_port)], meanings)
    table = found.values()
    assert table.schema == DECODED_SCHEMA
    properties = meanings.table()["property"].to_pylist()
    values = {properties[row["meaning_id"]]: (row["row_id"], row["said"]) for row in table.to_pylist()}
    return values, found.reasons, found.faults


LSE01 = {
    "battery_voltage": (7, 3.384),
    "probe_temperature": (7, 0.0),
    "soil_moisture": (7, 0.0),
    "soil_temperature": (7, 30.11),
    "soil_ec": (7, 0.0),
}


@pytest.mark.parametrize(
    ("names", "text", "is_hex", "f_port", "values", "reasons", "faults"),
    [
        ("LSE01", LSE01_HEX, True, 2, LSE01, [], []),
        ("LSE01", LSE01_HEX.lower(), True, 2, LSE01, [], []),
        ("LSE01", base64.b64encode(bytes.fromhex(LSE01_HEX)).decode(), False, 2, LSE01, [], []),
        ("LSE01", LSE01_HEX[:-2], True, 2, {}, [], [7]),
        ("LSE01", "0D3", True, 2, {}, [], [7]),
        ("LSE01", "no hex", True, 2, {}, [], [7]),
        ("LSE01", "***", False, 2, {}, [], [7]),
        ("LSE01", "DTgA\n", False, 2, {}, [], [7]),
        ("nobody's", LSE01_HEX, True, 2, {}, [(7, "unknown_sensor")], []),
        (None, LSE01_HEX, True, 2, {}, [(7, "unknown_sensor")], []),
        ("Smart Valve", LSE01_HEX, True, 2, {}, [(7, "undecoded_payload")], []),
    ],
)
def test_a_payload_is_read_refused_or_left(names, text, is_hex, f_port, values, reasons, faults):
    assert read(names, text, is_hex=is_hex, f_port=f_port) == (values, reasons, faults)


def test_a_key_that_the_contract_does_not_name_is_said_and_one_that_it_ignores_is_not(monkeypatch):
    from pipelines.kernel import payloads

    def codec(_payload, _f_port):
        return [payloads.Frame({"temp_SOIL": 1.0, "Mod": 0.0, "magic": 2.0}), payloads.Frame({"temp_SOIL": None})]

    monkeypatch.setitem(payloads.CODECS, "dragino_lse01", codec)
    found = decoded([(7, "LSE01", "", True, 2)], Meanings())
    assert found.reasons == [(7, "unknown_key:magic")]
    assert found.values()["said"].to_pylist() == [1.0, None]


def test_a_port_that_no_message_named_is_0(monkeypatch):
    from pipelines.kernel import payloads

    seen = []
    monkeypatch.setitem(payloads.CODECS, "dragino_lse01", lambda payload, f_port: seen.append((payload, f_port)) or [])
    decoded([(7, "LSE01", "0a", True, None)], Meanings())
    assert seen == [(b"\n", 0)]


def test_readings_that_a_device_kept_have_its_own_times(monkeypatch):
    from pipelines.kernel import payloads

    frames = [payloads.Frame({"temp_SOIL": 1.0}, 1_780_315_200), payloads.Frame({"temp_SOIL": 2.0})]
    monkeypatch.setitem(payloads.CODECS, "dragino_lse01", lambda *_: frames)
    times = decoded([(7, "LSE01", "", True, 2)], Meanings()).values()["phenomenon_time"].to_pylist()
    assert times == [datetime(2026, 6, 1, 12, tzinfo=UTC), None]


def test_a_payload_that_is_wrong_stops_no_other():
    meanings = Meanings()
    found = decoded(
        [(number, "LSE01", text, True, 2) for number, text in enumerate([LSE01_HEX, "", LSE01_HEX])], meanings
    )
    assert found.faults == [1]
    assert sorted(set(found.values()["row_id"].to_pylist())) == [0, 2]
    # One sensor's keys mean the same in every payload.
    assert len(meanings.table()) == len(set(found.values()["meaning_id"].to_pylist())) + 2  # Bat/BatV, DS18B20 twice
