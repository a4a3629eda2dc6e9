"""What the kernel makes of a record, as tables: one line a case."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch, Judged
from pipelines.kernel.steps import steps
from tests.uplinks import INGEST_TIME, PROBE, records, uplink

GOOD = {"air_temperature": 21.5}


def judged(values: list[bytes | None], known: pa.Table | None = None) -> Judged:
    with Batch(steps(), records(values), tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        return batch.judge(KNOWN_KEYS_SCHEMA.empty_table() if known is None else known)


def verdicts(result: Judged) -> list[tuple[str, list[str]]]:
    return list(zip(result.events["verdict"].to_pylist(), result.events["reasons"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("value", "verdict", "reasons"),
    [
        (uplink(GOOD), "accepted", []),
        (uplink({}), "accepted", []),
        (uplink(GOOD, counter=None), "accepted", []),
        (uplink(GOOD, sensor="Nobody's probe"), "accepted", ["unknown_sensor"]),
        (uplink(GOOD, device=""), "quarantined", ["no_device"]),
        (uplink(GOOD, time="yesterday"), "quarantined", ["no_time"]),
        (uplink(GOOD, time=None), "quarantined", ["no_time"]),
        (b"\n " + uplink(GOOD) + b"\n", "accepted", []),
        (uplink(GOOD)[:-20], "quarantined", ["not_json"]),
        (uplink(GOOD)[:-20] + b"}", "quarantined", ["not_json"]),
        (uplink(GOOD) + b"{}", "quarantined", ["not_json"]),
        (b"\n " + uplink(GOOD)[:-1], "quarantined", ["not_json"]),
        (b'{"temperature": 21.5}', "quarantined", ["unknown_format"]),
        (b"21.5", "quarantined", ["unknown_format"]),
        (b"", "quarantined", ["not_json"]),
        (b"\x00", "quarantined", ["not_json"]),
        (b'{"deviceInfo": "\xff"}', "quarantined", ["not_utf8"]),
        (b'{"deviceInfo": ' + b"[" * 100_000, "quarantined", ["not_json"]),
        (b'{"deviceInfo": ["devEui"]}', "quarantined", ["no_device"]),
        (None, "quarantined", ["empty"]),
    ],
)
def test_each_record_has_one_verdict_and_its_reason(value, verdict, reasons):
    assert verdicts(judged([value])) == [(verdict, reasons)]


def test_a_bad_record_stops_no_other():
    bad = [None, b"", b"\xff\xfe", uplink(GOOD)[:30], uplink(GOOD)[:30] + b"}"]
    result = judged([*bad, uplink(GOOD, counter=7), *bad])
    assert [verdict for verdict, _ in verdicts(result)] == ["quarantined"] * 5 + ["accepted"] + ["quarantined"] * 5
    assert result.silver["value"].to_pylist() == [21.5]


def test_raw_bytes_are_kept_as_they_came():
    values = [None, b"\xff\x00", uplink(GOOD), b"{"]
    assert judged(values).events["raw"].to_pylist() == values


@pytest.mark.parametrize(
    ("key", "said", "sensor", "value", "unit", "flag", "reasons"),
    [
        ("air_temperature", 21.5, "Tower weather station", 21.5, "Cel", 1, []),
        ("air_temperature", 85.0, "Tower weather station", 85.0, "Cel", 4, ["above_gross_range"]),
        ("air_temperature", 60.0, "Tower weather station", 60.0, "Cel", 3, ["above_suspect_range"]),
        ("air_temperature", -80.1, "Tower weather station", -80.1, "Cel", 4, ["below_gross_range"]),
        ("air_temperature", -40.0, "Tower weather station", -40.0, "Cel", 1, []),
        ("air_temperature", "21.5", "TOWER WEATHER STATION", 21.5, "Cel", 1, []),
        ("relative_humidity", 100.1, "Tower weather station", 100.1, "%", 3, ["above_suspect_range"]),
        ("relative_humidity", 105.5, "Tower weather station", 105.5, "%", 4, ["above_gross_range"]),
        ("solar_radiation", -2.7, "Tower weather station", -2.7, "W/m2", 1, []),
        ("solar_radiation", -8.3, "Tower weather station", -8.3, "W/m2", 3, ["below_suspect_range"]),
        ("air_pressure", 101.5, "Tower weather station", 101.5 * 10, "hPa", 1, []),
        ("precipitation", 0, "Tower weather station", 0.0, "mm", 1, []),
        ("soil_moisture_1", 34.0, "tower_soil_probe", 34.0 * 0.01, "m3/m3", 1, []),
        ("soil_moisture_1", 0.0, "tower_soil_probe", 0.0, "m3/m3", 3, ["below_suspect_range"]),
        ("soil_moisture_1", 71.0, "tower_soil_probe", 71.0 * 0.01, "m3/m3", 4, ["above_gross_range"]),
        ("air_temperature", math.nan, "Tower weather station", None, "Cel", 9, ["not_finite"]),
        ("air_temperature", math.inf, "Tower weather station", None, "Cel", 9, ["not_finite"]),
    ],
)
def test_a_value_is_converted_and_flagged(key, said, sensor, value, unit, flag, reasons):
    (row,) = judged([uplink({key: said}, sensor=sensor)]).silver.to_pylist()
    assert (row["value"], row["unit"], row["flag"], row["reasons"]) == (value, unit, flag, reasons)


def test_a_probe_with_two_depths_gives_a_row_for_each():
    payload = {"soil_moisture_1": 20.0, "soil_moisture_2": 30.0, "soil_temperature_2": 15.0}
    rows = judged([uplink(payload, sensor=PROBE)]).silver.to_pylist()
    assert {(row["property"], row["channel"], row["depth_cm"], row["value"]) for row in rows} == {
        ("soil_moisture", 1, 10.0, 20.0 * 0.01),
        ("soil_moisture", 2, 45.0, 30.0 * 0.01),
        ("soil_temperature", 2, 45.0, 15.0),
    }


@pytest.mark.parametrize(
    ("said", "result_time"),
    [
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00+00:00"),
        ("2026-06-01T12:00:00.775023242+00:00", "2026-06-01T12:00:00.775023+00:00"),
        ("2026-06-01T04:00:00-08:00", "2026-06-01T12:00:00+00:00"),
        ("2026-06-02T01:30:00+05:30", "2026-06-01T20:00:00+00:00"),
    ],
)
def test_times_are_utc_and_a_mean_is_true_from_the_start_of_its_interval(said, result_time):
    (row,) = judged([uplink(GOOD, time=said)]).silver.to_pylist()
    assert row["result_time"].isoformat() == result_time
    assert (row["result_time"] - row["phenomenon_time"]).total_seconds() == 1800


@pytest.mark.parametrize(
    ("second", "verdict", "reasons"),
    [
        (uplink(GOOD), "duplicate", ["repeated_in_batch"]),
        (uplink(GOOD, time="2026-06-01T12:00:09Z"), "duplicate", ["repeated_in_batch"]),
        (uplink(GOOD, time="2026-06-01T12:59:59Z"), "duplicate", ["repeated_in_batch"]),
        (uplink(GOOD, time="2026-06-01T11:00:01Z"), "duplicate", ["repeated_in_batch"]),
        (uplink(GOOD, device="A840410000000001"), "duplicate", ["repeated_in_batch"]),
        (uplink(GOOD, sensor="Tower weather station"), "duplicate", ["repeated_in_batch"]),
        # said otherwise within the hour
        (uplink({"air_temperature": 22.5}), "quarantined", ["conflict"]),
        (uplink({"air_temperature": 22.5}, time="2026-06-01T12:59:59Z"), "quarantined", ["conflict"]),
        # the counter began again
        (uplink(GOOD, time="2026-06-01T13:00:00Z"), "accepted", []),
        (uplink({"air_temperature": 22.5}, time="2026-06-02T12:00:00Z"), "accepted", []),
        (uplink(GOOD, counter=2), "accepted", []),
        (uplink(GOOD, session="00bb10a2"), "accepted", []),
        (uplink(GOOD, device="a840410000000002"), "accepted", []),
    ],
)
def test_device_session_and_counter_make_an_event_for_an_hour(second, verdict, reasons):
    assert verdicts(judged([uplink(GOOD), second])) == [("accepted", []), (verdict, reasons)]


@pytest.mark.parametrize(("first", "second"), [(0, None), (None, 0), ("7", 7), (70_000, "70000")])
def test_a_counter_may_be_absent_text_or_long(first, second):
    assert verdicts(judged([uplink(GOOD, counter=first), uplink(GOOD, counter=second)])) == [
        ("accepted", []),
        ("duplicate", ["repeated_in_batch"]),
    ]


def test_each_event_has_its_own_key_and_a_copy_has_its_events():
    events = judged(
        [uplink(GOOD), uplink(GOOD, time="2026-06-01T11:59:59Z"), uplink(GOOD, time="2026-06-03T12:00:00Z")]
    )
    first, copy, after_a_restart = events.events["event_key"].to_pylist()
    assert first == copy != after_a_restart
    assert first[:24] == after_a_restart[:24]


def test_an_event_that_the_lake_holds_is_a_duplicate():
    value = uplink(GOOD)
    known = judged([value]).events.select(KNOWN_KEYS_SCHEMA.names)
    result = judged([value, value], known=pa.concat_tables([known, known]))
    assert verdicts(result) == [("duplicate", ["known_to_the_lake"])] * 2
    assert result.silver.num_rows == 0


def test_the_event_key_is_half_of_an_md5_and_the_hour():
    # printf 'acme\x1fa840410000000001\x1f00bb10a1\x1f1' | md5sum
    # printf '%x' $(($(date -d 2026-06-01T12:00Z +%s) / 3600 + 2**29))
    assert judged([uplink(GOOD)]).events["event_key"].to_pylist() == ["d611f207197cc06168887c5e" + "20078bc4"]


def test_records_with_verdicts_are_observed_as_they_were_judged():
    values = [uplink(GOOD), uplink(GOOD), None, uplink({"air_temperature": 99.0}, counter=2)]
    first = judged(values)
    with Batch(steps(), first.events, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        assert batch.observe().equals(first.silver)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=40), st.none(), st.integers(0, 5).map(lambda n: uplink(GOOD, counter=n)))))
def test_every_record_is_counted_once_and_every_event_observed_once(values):
    if not values:
        return
    result = judged(values)
    assert result.events["offset"].to_pylist() == list(range(len(values)))
    assert set(result.events["verdict"].to_pylist()) <= {"accepted", "duplicate", "quarantined"}
    accepted = [row["event_key"] for row in result.events.to_pylist() if row["verdict"] == "accepted"]
    assert len(accepted) == len(set(accepted)) == len({value for value in values if value and b"fCnt" in value})
    assert sorted(result.silver["event_key"].to_pylist()) == sorted(accepted)
