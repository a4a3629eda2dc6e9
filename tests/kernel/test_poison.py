"""Whatever is sent: every record has its verdict, the batch goes on, and what is good in it comes through."""

import base64
import gzip
import json
import random
import zlib

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from pipelines.contracts.reasons import reasons
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from tests.kernel.test_messages import FILES, read
from tests.uplinks import INGEST_TIME, records, uplink

GOOD = uplink({"air_temperature": 21.5}, counter=7)
HUGE = "x" * 10_000_000
LSE01 = {"devEui": "a840410000000001", "deviceProfileName": "LSE01"}


def deep(opening: str, closing: str, core: str = "") -> str:
    return opening * 100_000 + core + closing * 100_000


def chirpstack(payload: str) -> bytes:
    session = f"{zlib.crc32(payload.encode()):08x}"  # of its own: none is another's copy
    about = json.dumps({"time": "2026-06-01T12:00:00Z", "deviceInfo": LSE01, "devAddr": session, "fCnt": 1})
    return f'{about[:-1]}, "object": {payload}}}'.encode()


def own(observations: str) -> bytes:
    return f'{{"device_id": "a", "time": "2026-06-01T12:00:00Z", "observations": {observations}}}'.encode()


def judged(values):
    with Batch(steps(), records(values), tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        return batch.judge(KNOWN_KEYS_SCHEMA.empty_table())


POISON = {
    "tombstone": (None, ["empty"]),
    "nothing": (b"", ["not_json"]),
    "empty object": (b"{}", ["unknown_format"]),
    "empty array": (b"[]", ["unknown_format"]),
    "null": (b"null", ["unknown_format"]),
    "number": (b"0", ["unknown_format"]),
    "bad UTF-8": (b"\xff\xfe{}", ["not_utf8"]),
    "half a character": (GOOD[:-3] + b"\xc3", ["not_utf8"]),
    "Confluent's magic byte": (b"\x00\x00\x00\x00\x01" + GOOD, ["confluent_wire_format"]),
    "Confluent's Avro": (b"\x00\x00\x00\x00\x01\x80\x80", ["confluent_wire_format"]),
    "gzip": (gzip.compress(GOOD), ["not_utf8"]),
    "Avro's magic bytes": (b"\xc3\x01" + GOOD, ["not_utf8"]),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, ["not_json"]),
    "another tenant's": (own("[]").replace(b'"a"', b'"a", "tenant_id": "zenith"'), ["tenant_mismatch"]),
    "cut off": (GOOD[:-20], ["not_json"]),
    "two objects": (GOOD + GOOD, ["not_json"]),
    "10 MB of text": (f'{{"deviceInfo": "{HUGE}"}}'.encode(), ["no_device"]),
    "10 MB of a key": (own(f'[{{"property": "{HUGE}", "value": 1}}]'), ["unknown_key:" + "x" * 63 + "…"]),
    "10 MB of a payload key": (chirpstack(f'{{"{HUGE}": 1}}'), ["unknown_key:" + "x" * 63 + "…"]),
    "nested arrays": (deep("[", "]").encode(), ["unknown_format"]),
    "nested payload": (chirpstack(deep('{"a":', "}", "1")), ["unknown_key:a"]),
    "nested below a known key": (chirpstack(f'{{"temp_SOIL": {deep("[", "]")}}}'), ["no_reading"]),
    "nested observations": (f'{{"observations": {deep("[", "]")}}}'.encode(), ["no_device"]),
    "nested attribute": (f'{{"id": "a", "type": "b", "x": {deep("[", "]")}}}'.encode(), ["no_time"]),
    "nested time": (f'{{"phenomenonTime": {deep("[", "]")}}}'.encode(), ["no_device"]),
    "nested ids": (f'{{"end_device_ids": {deep("[", "]")}}}'.encode(), ["no_device"]),
    "nested report": (f'{{"DevEUI_uplink": {deep("[", "]")}}}'.encode(), ["no_device"]),
    "nested data of an envelope": (f'{{"specversion": "1.0", "data": {deep("[", "]")}}}'.encode(), ["unknown_format"]),
    "a key twice": (chirpstack('{"temp_SOIL": 1, "temp_SOIL": 2}'), ["duplicate_key"]),
    "payload as a list": (chirpstack("[1, 2]"), ["unknown_payload"]),
    "payload as text": (chirpstack('"21.5"'), ["unknown_payload"]),
    "a key as SQL": (chirpstack('{"\'); DROP TABLE messages; --": 1}'), ["unknown_key:'); DROP TABLE messages; --"]),
    "a key as a path": (chirpstack('{"$.a": 1, "": 2}'), ["unknown_key:$.a", "unknown_key:"]),
    "a report's name as SQL": (b'{"DevEUI_\'; --": {"DevEUI": "a"}}', ["no_time"]),
    "bytes of another model": (
        json.dumps(
            {"time": "2026-06-01T12:00:00Z", "deviceInfo": LSE01, "devAddr": "00", "fPort": 2, "data": "qg=="}
        ).encode(),
        ["undecodable_payload"],
    ),
    "no base64": (
        json.dumps(
            {"time": "2026-06-01T12:00:00Z", "deviceInfo": LSE01, "devAddr": "01", "fPort": 2, "data": "***"}
        ).encode(),
        ["undecodable_payload"],
    ),
    "one thing said twice": (
        own('[{"property": "co2", "value": 400}, {"property": "co2", "value": 900}]'),
        ["ambiguous_reading"],
    ),
    "the same said twice": (own('[{"property": "co2", "value": 400}, {"property": "co2", "value": 400}]'), []),
    "a year that nobody can store": (own("[]").replace(b"2026", b"290000"), ["no_time"]),
    "infinity for a time": (own("[]").replace(b"2026-06-01T12:00:00Z", b"infinity"), ["no_time"]),
    "a time of 1e300": (own("[]").replace(b'"2026-06-01T12:00:00Z"', b"1e300"), ["no_time"]),
    "observations as an object": (own('{"property": "co2"}'), []),
    "observations of all sorts": (own('[1, null, [], {"property": null, "value": 1}, {"value": {}}]'), []),
}  # fmt: skip


@pytest.mark.parametrize("name", POISON)
def test_poison_has_its_reason(name):
    value, expected = POISON[name]
    (row,) = judged([value]).events.to_pylist()
    assert row["reasons"] == expected


def test_every_reason_for_quarantine_has_its_poison():
    quarantining = {code for code, reason in reasons().items() if reason.about == "quarantined"}
    # It takes two messages to contradict one another: tests/kernel/test_batch.py. Those of operations:
    # tests/kernel/test_operations.py.
    quarantining -= {"unknown_operation", "no_field", "missing_detail", "unreadable_detail"}
    assert quarantining == {reason for _, said in POISON.values() for reason in said if reason in quarantining} | {
        "conflict"
    }


def test_poison_stops_nothing():
    values = [value for value, _ in POISON.values()]
    result = judged([*values, GOOD, *values])
    assert result.events["reasons"].to_pylist()[: len(values)] == [expected for _, expected in POISON.values()]
    good = [row for row in result.silver.to_pylist() if row["offset"] == len(values)]
    assert [row["value"] for row in good] == [21.5]


@pytest.mark.parametrize("said", ["1e400", "-1e400", "NaN", "Infinity", '"nan"', '"inf"'])
def test_what_is_not_finite_is_missing(said):
    (row,) = judged([chirpstack(f'{{"temp_SOIL": {said}}}')]).silver.to_pylist()
    assert (row["value"], row["flag"], row["reasons"]) == (None, 9, ["not_finite"])


@pytest.mark.parametrize(
    ("said", "value", "flag", "reasons"),
    [
        ("null", None, 9, ["missing_value"]),
        ('""', None, 9, ["missing_value"]),
        ('"no sensor"', None, 9, ["not_a_number"]),
        ('"21.5"', 21.5, 1, []),
        ('"21.5 °C"', 21.5, 1, []),
        ('"70.7 °F"', (70.7 - 32) * 5 / 9, 1, []),
    ],
)
def test_a_value_may_be_text(said, value, flag, reasons):
    (row,) = judged([chirpstack(f'{{"temp_SOIL": {said}}}')]).silver.to_pylist()
    assert (row["value"], row["flag"], row["reasons"]) == (value and pytest.approx(value), flag, reasons)


@pytest.mark.parametrize(
    ("time", "reasons"),
    [
        ("1970-01-01T00:00:12Z", ["impossible_date"]),
        ("0001-01-01T00:00:00Z", ["impossible_date"]),
        ("1999-12-31T23:59:59Z", ["impossible_date"]),
        ("2000-01-01T00:00:00Z", []),
        ("2026-06-02T13:00:00Z", []),  # Kafka took it on June 1st at 13:00
        ("2026-06-02T13:00:01Z", ["impossible_date"]),
    ],
)
def test_an_impossible_date_is_flagged(time, reasons):
    result = judged([uplink({"air_temperature": 21.5}, time=time)])
    (row,) = result.silver.to_pylist()
    assert result.events["verdict"].to_pylist() == ["accepted"]
    assert (row["flag"], row["reasons"]) == (4 if reasons else 1, reasons)


@pytest.mark.parametrize(
    ("time", "result_time", "reasons"),
    [
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00+00:00", []),
        # A time without an offset is taken for UTC: nothing in the message says whether it is.
        ("2026-06-01T12:00:00", "2026-06-01T12:00:00+00:00", []),
        # Summer time set twice, or not at all: each alone is a time like any other, even an hour after Kafka took it.
        ("2026-06-01T11:00:00Z", "2026-06-01T11:00:00+00:00", []),
        ("2026-06-01T14:00:00Z", "2026-06-01T14:00:00+00:00", []),
        # With its offset, the hour that clocks repeat is two.
        ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00+00:00", []),
        ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00+00:00", []),
    ],
)
def test_a_clock_that_is_an_hour_off_does_not_show_in_one_message(time, result_time, reasons):
    result = judged([uplink({"air_temperature": 21.5}, time=time)])
    assert [each.isoformat() for each in result.events["result_time"].to_pylist()] == [result_time]
    assert result.silver["reasons"].to_pylist() == [reasons]


def mutated(number: int) -> bytes:
    """A published message with some bytes, or some members, changed."""
    chance = random.Random(number)  # noqa: S311 - chance that can be had again
    text = bytearray(read(chance.choice(FILES)))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text[at] = chance.randrange(256)
            case 1:
                del text[at : at + chance.randrange(1, 40)]
            case 2:
                text[at:at] = chance.choice([b"null", b"{}", b"[]", b'"', b"1e999", b"-", b"\\u0000", b"$", b"'"])
            case _:
                text[at:at] = text[at : at + chance.randrange(1, 200)]
        text = text or bytearray(b"x")
    return bytes(text)


def test_mutated_messages_are_judged_together_as_they_are_alone():
    values = [mutated(number) for number in range(300)]
    together = judged(values)
    assert together.events["offset"].to_pylist() == list(range(300))
    said = {reason.partition(":")[0] for each in together.events["reasons"].to_pylist() for reason in each}
    said |= {reason for each in together.silver["reasons"].to_pylist() for reason in each}
    assert said <= set(reasons())
    for number in (3, 77, 150, 299):
        (alone,) = judged([values[number]]).events.to_pylist()
        beside = together.events.slice(number, 1).to_pylist()[0]
        if beside["verdict"] != "duplicate":
            assert (alone["verdict"], alone["event_key"]) == (beside["verdict"], beside["event_key"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    [
        *("deviceInfo", "end_device_ids", "uplink_message", "DevEUI_uplink", "observations", "id", "type", "data"),
        *("object", "time", "result", "Datastream", "phenomenonTime", "specversion", "device_id", "payload_hex"),
        *("unitOfMeasurement", "dataArray", "components", "value", "identifiers", "name", "subscriptionId"),
    ]
)


@seed(20260601)
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(MEMBERS, JSON, max_size=5).map(lambda said: json.dumps(said).encode()), min_size=1, max_size=8
    )
)
def test_members_of_all_formats_in_any_mix_are_judged(values):
    assert judged(values).events["offset"].to_pylist() == list(range(len(values)))


@seed(20260601)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=24), st.integers(0, 255)), min_size=1, max_size=20))
def test_any_bytes_of_a_device_are_judged(payloads):
    values = [
        json.dumps(
            {
                "device_id": str(number),
                "time": "2026-06-01T12:00:00Z",
                "sensor": "dragino_lse01",
                "payload_base64": base64.b64encode(payload).decode(),
                "f_port": port,
            }
        ).encode()
        for number, (payload, port) in enumerate(payloads)
    ]
    assert set(judged(values).events["verdict"].to_pylist()) <= {"accepted", "quarantined", "duplicate"}
