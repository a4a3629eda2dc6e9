"""What becomes of messages of every format: a line a message, a line a value."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.formats import formats
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from pipelines.kernel.tables import CONTEXT
from tests.uplinks import INGEST_TIME, records

MESSAGES = Path(__file__).parent / "messages"
FILES = sorted(str(path.relative_to(MESSAGES)).removesuffix(".json") for path in MESSAGES.rglob("*.json"))


def judged(value, *, default_sensor=None, context=None, **about):
    with Batch(
        steps(),
        records([value], **about),
        tenant_id="acme",
        ingest_time=INGEST_TIME,
        default_sensor=default_sensor,
        context=context,
    ) as batch:
        return batch.judge(KNOWN_KEYS_SCHEMA.empty_table())


def read(name):
    return (MESSAGES / f"{name}.json").read_bytes()


def event(result):
    (row,) = result.events.to_pylist()
    return row


def values(result):
    """Property, value (to 12 digits), unit, depth, channel, flag; sorted."""
    rows = result.silver.to_pylist()
    told = [
        (
            row["property"],
            row["value"] and round(row["value"], 12),
            row["unit"],
            row["depth_cm"],
            row["channel"],
            row["flag"],
        )
        for row in rows
    ]
    return sorted(told, key=str)


# message, verdict, reasons, device
VERDICTS = [
    ("chirpstack_v4/up", "accepted", ["unknown_sensor"], "0101010101010101"),
    ("chirpstack_v4/join", "accepted", ["no_observation:join"], "0101010101010101"),
    ("chirpstack_v4/status", "accepted", ["no_observation:status"], "0101010101010101"),
    ("chirpstack_v4/ack", "accepted", ["no_observation:ack"], "0101010101010101"),
    ("chirpstack_v4/txack", "accepted", ["no_observation:txack"], "0101010101010101"),
    ("chirpstack_v4/log", "accepted", ["no_observation:log"], "0101010101010101"),
    ("chirpstack_v4/location", "accepted", ["no_observation:location"], "0101010101010101"),
    ("chirpstack_v4/integration", "accepted", ["no_observation:integration"], "0016c001f000175a"),
    ("the_things_stack_v3/undecoded", "accepted", [], "0004a30b001c0530"),
    ("the_things_stack_v3/decoded_with_units_in_text", "accepted", [], "0004a30b001c0530"),
    ("the_things_stack_v3/normalized_list", "accepted", [], "0004a30b001c0530"),
    ("the_things_stack_v3/normalized_object", "accepted", [], "0004a30b001c0530"),
    ("the_things_stack_v3/storage_result", "accepted", [], "0004a30b001c0530"),
    ("the_things_stack_v3/simulated", "accepted", ["no_observation:simulated"], "0004a30b001c0530"),
    ("the_things_stack_v3/join_accept", "accepted", ["no_observation:join"], "0004a30b001c0530"),
    ("the_things_stack_v3/downlink_failed", "accepted", ["no_observation:downlink_failed"], "0004a30b001c0530"),
    ("the_things_stack_v3/decode_failure", "accepted", ["no_observation:as.up.data.decode.fail"], "0004a30b001c0530"),
    ("thingpark/uplink", "accepted", [], "0018b20000000b20"),
    ("thingpark/uplink_decoded", "accepted", [], "0018b20000000b20"),
    ("thingpark/notification_join", "accepted", ["no_observation:notification"], "000000000f1d8693"),
    ("thingpark/location", "accepted", ["no_observation:location"], "000000000f1d8693"),
    ("sensorthings_1_1/inline_ucum", "accepted", [], "5"),
    ("sensorthings_1_1/free_text_unit", "accepted", [], "a840410000000001"),
    ("sensorthings_1_1/contradicting_unit", "accepted", ["unknown_unit:ucum:% / m3/m3 / Fraction"], "5"),
    ("sensorthings_1_1/reference_only", "quarantined", ["no_device"], None),
    ("sensorthings_1_1/data_array", "accepted", [], "5"),
    (
        "ngsi/agri_parcel_record_normalized",
        "accepted",
        [
            *("unknown_key:leafRelativeHumidity", "unknown_key:soilSalinity", "unknown_key:stemDiameter"),
            "unknown_unit:CEL",  # published so: radiation in degrees
        ],
        "urn:ngsi-ld:AgriParcelRecord:8f5445e6-f49b-496e-833b-e65fc97fcab7",
    ),
    (
        "ngsi/agri_parcel_record_key_values",
        "accepted",
        [
            *("time_from:dateModified", "unknown_key:leafRelativeHumidity", "unknown_key:soilSalinity"),
            "unknown_key:stemDiameter",
        ],
        "urn:ngsi-ld:AgriParcelRecord:8f5445e6-f49b-496e-833b-e65fc97fcab7",
    ),
    (
        "ngsi/agri_greenhouse_normalized",
        "accepted",
        ["time_from:dateModified", "unknown_key:dailyLight", "unknown_unit:mg/L"],
        "urn:ngsi-ld:AgriGreenhouse:df72dc57-1eb9-42a3-88a9-8647ecc954b4",
    ),
    (
        "ngsi/weather_observed_normalized",
        "accepted",
        [f"unknown_key:{key}" for key in ("pressureTendency", "snowHeight", "streamGauge", "uVIndexMax")],
        "device-0A3478",
    ),
    (
        "ngsi/weather_observed_key_values",
        "accepted",
        [f"unknown_key:{key}" for key in ("pressureTendency", "snowHeight", "streamGauge", "uvIndexMax")],
        "device-0A3478",
    ),
    (
        "ngsi/device_measurement_normalized",
        "accepted",
        ["unknown_key:humidity"],
        "urn:ngsi-ld:MEASUREMENT:refDevice:ZMHH:32871158",
    ),
    ("ngsi/device_normalized", "quarantined", ["no_time"], "device-9845A"),
    ("fieldstream_json/logger_week", "accepted", [], "logger-1"),
    ("fieldstream_json/two_devices", "accepted", [], None),
    ("fieldstream_json/odd_values", "accepted", ["unknown_key:magic", "unknown_unit:furlong"], "a"),
    ("cloudevents/structured", "accepted", ["time_from:envelope"], "a840410000000001"),
    ("cloudevents/structured_base64", "accepted", ["time_from:envelope"], "a"),
    ("cloudevents/another_tenant", "quarantined", ["tenant_mismatch"], "a"),
]  # fmt: skip

# 0D38 0000 000BC3 ... of LSE01: battery 3.384 V, DS18B20 0.0, water 0 %, soil 0x0BC3 / 100 = 30.11 degrees, EC 0
LSE01 = [
    ("battery_voltage", 3.384, "V", None, None, 1),
    ("probe_temperature", 0.0, "Cel", None, None, 1),
    ("soil_ec", 0.0, "dS/m", None, None, 1),
    ("soil_moisture", 0.0, "m3/m3", None, None, 3),
    ("soil_temperature", 30.11, "Cel", None, None, 1),
]
VALUES = {
    "the_things_stack_v3/undecoded": LSE01,
    "the_things_stack_v3/storage_result": LSE01,
    "the_things_stack_v3/decoded_with_units_in_text": LSE01,
    "thingpark/uplink": LSE01,
    "thingpark/uplink_decoded": [
        ("soil_moisture", 0.125, "m3/m3", None, None, 1),
        ("soil_temperature", 20.5, "Cel", None, None, 1),
    ],
    "the_things_stack_v3/normalized_list": [
        ("air_pressure", 931.2, "hPa", None, None, 1),
        ("air_temperature", 25.5, "Cel", None, None, 1),
        ("relative_humidity", 61.0, "%", None, None, 1),
        ("soil_ec", 0.4, "dS/m", 20.0, None, 1),
        ("soil_moisture", 0.25, "m3/m3", 40.0, None, 1),
        ("soil_moisture", 0.305, "m3/m3", 20.0, None, 1),
        ("soil_ph", 6.8, "[pH]", 20.0, None, 1),
        ("soil_temperature", 20.1, "Cel", 20.0, None, 1),
        ("wind_direction", 270.0, "deg", None, None, 1),
        ("wind_speed", 3.1, "m/s", None, None, 1),
    ],
    "the_things_stack_v3/normalized_object": [
        ("air_temperature", 0.0, "Cel", None, None, 1),
        ("co2", 420.0, "ppm", None, None, 1),
    ],
    "sensorthings_1_1/inline_ucum": [("soil_moisture", 0.315, "m3/m3", 20.0, None, 1)],
    "sensorthings_1_1/free_text_unit": [("air_temperature", 21.5, "Cel", None, None, 1)],
    "sensorthings_1_1/data_array": [("soil_moisture", value, "m3/m3", 20.0, None, 1) for value in (0.2, 0.21, 0.22)],
    # 17 S/m, as published, is 170 dS/m: more than the sea. Wetness that is true, in percent, is a slip.
    "ngsi/agri_parcel_record_normalized": [
        ("air_pressure", 1013.25, "hPa", None, None, 1),
        ("leaf_temperature", 25.1, "Cel", None, None, 1),
        ("leaf_wetness", 1.0, "%", None, None, 4),
        ("relative_humidity", 15.0, "%", None, None, 1),
        ("soil_ec", 170.0, "dS/m", None, None, 4),
        ("soil_moisture", 0.08, "m3/m3", None, None, 1),
        ("soil_ph", 6.8, "[pH]", None, None, 1),
        ("soil_temperature", 27.0, "Cel", 20.0, None, 1),
    ],
    # 15 kW/m2, by the data model, is eleven suns.
    "ngsi/agri_parcel_record_key_values": [
        ("air_pressure", 1013.25, "hPa", None, None, 1),
        ("leaf_temperature", 25.1, "Cel", None, None, 1),
        ("leaf_wetness", 100.0, "%", None, None, 1),
        ("relative_humidity", 15.0, "%", None, None, 1),
        ("soil_ec", 170.0, "dS/m", None, None, 4),
        ("soil_moisture", 0.08, "m3/m3", None, None, 1),
        ("soil_ph", 6.8, "[pH]", None, None, 1),
        ("soil_temperature", 27.0, "Cel", None, None, 1),
        ("solar_radiation", 15000.0, "W/m2", None, None, 4),
    ],
    "ngsi/agri_greenhouse_normalized": [
        ("leaf_temperature", 22.0, "Cel", None, None, 1),
        ("relative_humidity", 40.0, "%", None, None, 1),
    ],
    "ngsi/weather_observed_normalized": [
        ("air_pressure", 938.9, "hPa", None, None, 1),
        ("air_temperature", 3.3, "Cel", None, None, 1),
        ("illuminance", 1000.0, "lx", None, None, 1),
        ("precipitation", 0.1, "mm", None, None, 1),
        ("relative_humidity", 15.0, "%", None, None, 1),
        ("wind_direction", 135.0, "deg", None, None, 1),
        ("wind_speed", 2.0, "m/s", None, None, 1),
    ],
    "ngsi/weather_observed_key_values": [
        ("air_pressure", 938.9, "hPa", None, None, 1),
        ("air_temperature", 3.3, "Cel", None, None, 1),
        ("illuminance", 1000.0, "lx", None, None, 1),
        ("precipitation", 0.0, "mm", None, None, 1),
        ("relative_humidity", 100.0, "%", None, None, 1),
        ("wind_direction", 135.0, "deg", None, None, 1),
        ("wind_speed", 2.0, "m/s", None, None, 1),
    ],
    "fieldstream_json/logger_week": [
        ("soil_moisture", moisture, "m3/m3", 10.0, 1, 1) for moisture in (0.3, 0.31, 0.32, 0.33, 0.34, 0.35, 0.36)
    ],
    # 70 degF is 21.1 degrees
    "fieldstream_json/two_devices": [
        ("air_temperature", round((70 - 32) * 5 / 9, 12), "Cel", None, None, 1),
        ("wind_direction", 359.5, "deg", None, None, 1),
    ],
    "fieldstream_json/odd_values": [
        ("co2", 400.0, "ppm", None, None, 4),
        ("co2", 401.0, "ppm", None, None, 4),
        ("wind_direction", None, "deg", None, None, 9),
        ("wind_speed", None, "m/s", None, None, 9),
    ],
    "cloudevents/structured": [("precipitation", 0.0, "mm", None, None, 1)],
    "cloudevents/structured_base64": [("precipitation", 5.08, "mm", None, None, 1)],  # a fifth of an inch
}  # fmt: skip


def test_every_message_has_its_line():
    assert sorted(name for name, *_ in VERDICTS) == FILES
    assert {name.partition("/")[0] for name in FILES} == {*formats(), "cloudevents"}


@pytest.mark.parametrize(("name", "verdict", "reasons", "device"), VERDICTS, ids=[name for name, *_ in VERDICTS])
def test_a_message_has_its_verdict(name, verdict, reasons, device):
    row = event(judged(read(name)))
    assert (row["verdict"], row["reasons"], row["device_id"]) == (verdict, reasons, device)
    folder = name.partition("/")[0]
    assert row["format"] == ("fieldstream_json" if folder == "cloudevents" else folder)


@pytest.mark.parametrize("name", FILES)
def test_a_message_has_its_values(name):
    assert values(judged(read(name))) == VALUES.get(name, [])


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("thingpark/uplink", {"2026-06-01T20:00:00.882000+00:00"}),  # 01:30 at +05:30 is the day before
        ("sensorthings_1_1/inline_ucum", {"2026-06-01T11:00:00+00:00"}),  # an interval is named by its start
        ("the_things_stack_v3/undecoded", {"2026-06-01T12:00:00.022253+00:00"}),
        ("fieldstream_json/logger_week", {f"2026-05-{day}T12:00:00+00:00" for day in range(25, 32)}),
        ("fieldstream_json/two_devices", {"2026-06-01T12:00:00+00:00"}),  # epoch in seconds, and in milliseconds
        ("ngsi/agri_parcel_record_normalized", {"2017-05-04T12:30:00+00:00"}),
    ],
)  # fmt: skip
def test_a_value_was_true_when_its_message_says(name, times):
    rows = judged(read(name)).silver.to_pylist()
    assert {row["phenomenon_time"].isoformat() for row in rows} == times


@pytest.mark.parametrize(
    ("about", "name", "reasons"),
    [
        ({"headers": {"event": "status"}}, "chirpstack_v4/up", ["no_observation:status"]),
        ({"key": "application.1.device.0101010101010101.event.join"}, "chirpstack_v4/up", ["no_observation:join"]),
        ({"topic": "application/1/device/0101010101010101/event/log"}, "chirpstack_v4/up", ["no_observation:log"]),
        ({"headers": {"event": "up"}}, "chirpstack_v4/up", ["unknown_sensor"]),
        ({"headers": {"fiware-service": "zenith"}}, "ngsi/weather_observed_key_values", ["tenant_mismatch"]),
        ({"headers": {"NGSILD-Tenant": "zenith"}}, "ngsi/weather_observed_key_values", ["tenant_mismatch"]),
        ({"headers": {"ce_specversion": "1.0", "ce_tenant": "zenith"}}, "thingpark/uplink", ["tenant_mismatch"]),
        ({"headers": {"ce_specversion": "1.0", "ce_tenant": "ACME"}}, "thingpark/uplink", []),
    ],
)
def test_headers_keys_and_topics_speak_too(about, name, reasons):
    assert event(judged(read(name), **about))["reasons"] == reasons


@pytest.mark.parametrize(
    "claim",
    [
        {"deviceInfo": {"devEui": "a", "tags": {"tenant": "zenith"}}, "fCnt": 1},
        {"device_id": "a", "tenant_id": "zenith", "observations": []},
        [{"device_id": "a", "observations": []}, {"device_id": "b", "tenant_id": "zenith", "observations": []}],
    ],
)
def test_a_payload_that_claims_another_tenant_is_quarantined(claim):
    row = event(judged(json.dumps(claim).encode()))
    assert (row["verdict"], row["reasons"]) == ("quarantined", ["tenant_mismatch"])


def test_a_binary_cloudevent_names_device_and_time():
    headers = {"ce_specversion": "1.0", "ce_subject": "probe-9", "ce_time": "2026-06-01T12:00:00Z"}
    result = judged(b'{"observations": [{"property": "co2", "value": 400}]}', headers=headers)
    assert (event(result)["device_id"], event(result)["reasons"]) == ("probe-9", ["time_from:envelope"])
    assert [row["device_id"] for row in result.silver.to_pylist()] == ["probe-9"]


def test_a_datastream_may_be_known_beforehand_and_named_by_the_topic():
    stream = json.loads(read("sensorthings_1_1/inline_ucum"))["Datastream"]
    context = pa.table({"datastream_id": ["1"], "datastream": [json.dumps(stream)]}, schema=CONTEXT)
    said = b'{"phenomenonTime": "2026-06-01T12:00:00Z", "result": 40}'
    result = judged(said, topic="v1.1/Datastreams(1)/Observations", context=context)
    assert (event(result)["device_id"], values(result)) == ("5", [("soil_moisture", 0.4, "m3/m3", 20.0, None, 1)])
    unknown = judged(said, topic="v1.1/Datastreams(2)/Observations", context=context)
    assert (event(unknown)["reasons"], values(unknown)) == (["unknown_key:Datastreams(2)"], [])


def test_the_sensor_may_be_named_from_outside():
    nameless = json.loads(read("thingpark/uplink"))
    del nameless["DevEUI_uplink"]["DriverCfg"]
    said = json.dumps(nameless).encode()
    assert event(judged(said))["reasons"] == ["unknown_sensor"]
    assert values(judged(said, default_sensor="dragino_lse01")) == LSE01


def humidity(**said):
    entity = {"id": "a", "type": "WeatherObserved", "dateObserved": "2026-06-01T12:00:00Z"}
    return json.dumps(entity | {"relativeHumidity": {"type": "Property", **said}}).encode()


@pytest.mark.parametrize(
    ("said", "value", "flag", "reasons"),
    [
        ({"value": 0.55}, 55.0, 1, []),
        ({"value": 0.55, "unitCode": "C62"}, 55.0, 1, []),
        ({"value": 55, "unitCode": "P1"}, 55.0, 1, []),
        ({"value": 55}, 5500.0, 4, ["above_gross_range"]),
        ({"value": 0.55, "unitCode": "P1"}, 0.55, 4, ["unit_contradicts_value"]),
        ({"value": 1, "unitCode": "P1"}, 1.0, 4, ["unit_contradicts_value"]),
    ],
)
def test_a_slip_of_a_hundred_never_passes_for_good(said, value, flag, reasons):
    (row,) = judged(humidity(**said)).silver.to_pylist()
    assert (row["value"], row["flag"], row["reasons"]) == (pytest.approx(value), flag, reasons)
