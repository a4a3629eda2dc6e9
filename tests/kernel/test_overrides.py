"""What the registry says of a device holds from its first day to its last, and for no other device."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.overrides import Overrides
from pipelines.kernel.steps import steps
from pipelines.lake.overrides import SCHEMA
from tests.uplinks import INGEST_TIME, PROBE, STATION, records, uplink

JANUARY, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 5, 6))
SECOND = timedelta(seconds=1)
ONE, TWO = "a840410000000001", "a840410000000002"


def facts(*rows):
    common = {"device_id": ONE, "valid_from": JANUARY}
    return pa.Table.from_pylist([common | row for row in rows], schema=SCHEMA)


MAYS, JUNES = {"valid_to": JUNE}, {"valid_from": JUNE}
DEPTHS = facts(
    {**MAYS, "channel": 1, "depth_cm": 15.0},
    {**JUNES, "channel": 1, "depth_cm": 25.0},
    {"valid_from": MAY, "valid_to": JUNE, "channel": 2, "depth_cm": 50.0},
    {"device_id": TWO, "depth_cm": 30.0},
)
LINES = facts(
    {**MAYS, "property": "soil_moisture", "gain": 2.0, "offset": 0.5},
    {"property": "soil_moisture", "channel": 2, "gain": 1.0, "offset": 0.1},
    {**JUNES, "property": "air_temperature", "gain": 1.0, "offset": -3.0},
)


def corrected(overrides, device, prop, channel, time):
    """Depth and line of one row, beside a row of nobody's."""
    rows = {
        "device_id": pa.array(["nobody", device]).dictionary_encode(),
        "property": pa.array(["soil_moisture", prop]).dictionary_encode(),
        "channel": pa.array([channel, channel], pa.int32()),
        "phenomenon_time": pa.array([time, time], pa.timestamp("us", tz="UTC")),
    }
    found = Overrides(overrides).corrections(rows)
    lines = dict(
        zip(found.lines.places.tolist(), zip(found.lines.gains, found.lines.offsets, strict=True), strict=True)
    )
    depths = dict(zip(found.buried.tolist(), found.depths_cm.tolist(), strict=True))
    assert not {0} & (lines.keys() | depths.keys())
    return depths.get(1), lines.get(1, (1.0, 0.0))


@pytest.mark.parametrize(
    ("device", "prop", "channel", "time", "depth_cm"),
    [
        (ONE, "soil_moisture", 1, JANUARY - SECOND, None),
        (ONE, "soil_moisture", 1, JANUARY, 15.0),
        (ONE, "soil_moisture", 1, JUNE - SECOND, 15.0),
        (ONE, "soil_moisture", 1, JUNE, 25.0),
        (ONE, "soil_moisture", 1, JUNE.replace(year=2099), 25.0),
        (ONE, "soil_temperature", 1, JUNE, 25.0),
        (ONE, "soil_moisture", 2, MAY - SECOND, None),
        (ONE, "soil_moisture", 2, MAY, 50.0),
        (ONE, "soil_moisture", 2, JUNE, None),
        (ONE, "soil_moisture", 3, MAY, None),
        (ONE, "soil_moisture", None, MAY, None),
        (TWO, "soil_moisture", None, MAY, 30.0),
        (TWO, "soil_moisture", 1, MAY, None),
        # no depth, for it is not in the soil
        (TWO, "battery_voltage", None, MAY, None),
        (TWO, "air_temperature", None, MAY, None),
    ],
)
def test_a_depth_is_a_channels_for_a_time(device, prop, channel, time, depth_cm):
    assert corrected(DEPTHS, device, prop, channel, time) == (depth_cm, (1.0, 0.0))


@pytest.mark.parametrize(
    ("prop", "channel", "time", "line"),
    [
        ("soil_moisture", None, MAY, (2.0, 0.5)),
        ("soil_moisture", 1, MAY, (2.0, 0.5)),
        ("soil_moisture", 2, MAY, (1.0, 0.1)),  # what is said of one channel counts
        ("soil_moisture", 2, JUNE, (1.0, 0.1)),
        ("soil_moisture", 1, JUNE, (1.0, 0.0)),
        ("soil_temperature", 1, MAY, (1.0, 0.0)),
        ("air_temperature", None, MAY, (1.0, 0.0)),
        ("air_temperature", None, JUNE, (1.0, -3.0)),
    ],
)
def test_a_calibration_is_a_propertys_for_a_time(prop, channel, time, line):
    assert corrected(LINES, ONE, prop, channel, time) == (None, line)


MOMENTS = st.integers(0, 6).map(lambda day: JANUARY + timedelta(days=day))
PERIODS = st.lists(st.integers(0, 6), min_size=2, max_size=5, unique=True).map(sorted)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from([None, 1, 2])), PERIODS, max_size=6),
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([None, 1, 2, 3]), MOMENTS), min_size=1),
)
def test_facts_found_by_order_are_those_found_one_by_one(periods, rows):
    """Days cut each device's channel into periods that follow one another, all but the last with an end."""
    said = [
        {"device_id": device, "channel": channel, "depth_cm": float(day),
         "valid_from": JANUARY + timedelta(days=day), "valid_to": JANUARY + timedelta(days=until)}
        for (device, channel), days in periods.items()
        for day, until in pairwise(days)
    ]  # fmt: skip
    table = {
        "device_id": pa.array([device for device, _, _ in rows]).dictionary_encode(),
        "property": pa.array(["soil_moisture"] * len(rows)).dictionary_encode(),
        "channel": pa.array([channel for _, channel, _ in rows], pa.int32()),
        "phenomenon_time": pa.array([time for *_, time in rows], pa.timestamp("us", tz="UTC")),
    }
    found = Overrides(facts(*said)).corrections(table)
    expected = {
        place: fact["depth_cm"]
        for place, (device, channel, time) in enumerate(rows)
        for fact in said
        if (fact["device_id"], fact["channel"]) == (device, channel) and fact["valid_from"] <= time < fact["valid_to"]
    }
    assert dict(zip(found.buried.tolist(), found.depths_cm.tolist(), strict=True)) == expected


def judged(values, overrides, **about):
    with Batch(
        steps(), records(values), tenant_id="acme", ingest_time=INGEST_TIME, overrides=overrides, **about
    ) as batch:
        return batch.judge(KNOWN_KEYS_SCHEMA.empty_table())


def rows(result, *names):
    """Of the observations, in the order of their records and keys."""
    ordered = sorted(result.silver.to_pylist(), key=lambda row: row["offset"])
    return [tuple(row[name] for name in names) for row in ordered]


def test_a_probe_that_moved_in_june_does_not_rewrite_may():
    # A mean of the half hour before is of May until half past midnight.
    times = ["2026-05-31T23:30:00Z", "2026-06-01T00:29:59Z", "2026-06-01T00:30:00Z"]
    values = [uplink({"soil_moisture_1": 30}, sensor=PROBE, counter=n, time=time) for n, time in enumerate(times)]
    late = [uplink({"soil_moisture_1": 30}, sensor=PROBE, counter=9, time="2026-05-02T12:00:00Z")]
    assert rows(judged([*values, *late], DEPTHS), "depth_cm") == [(15.0,), (15.0,), (25.0,), (15.0,)]


def test_depth_is_replaced_where_the_contract_has_one_and_where_it_has_none():
    payload = {"soil_moisture_1": 30, "soil_moisture_2": 30}
    messages = [
        uplink(payload, sensor=PROBE),
        uplink({"temp_SOIL": 20, "BatV": 3.3}, sensor="LSE01", device=TWO),
        uplink(payload, sensor=PROBE, device="a840410000000003"),
    ]
    found = rows(judged(messages, DEPTHS), "property", "depth_cm")
    assert found == [
        ("soil_moisture", 25.0),
        ("soil_moisture", 45.0),
        ("soil_temperature", 30.0),
        ("battery_voltage", None),
        ("soil_moisture", 10.0),
        ("soil_moisture", 45.0),
    ]


def test_a_depth_that_the_message_itself_gives_counts():
    said = (
        b'{"device_id": "a840410000000002", "time": "2026-06-01T12:00:00Z", "observations": ['
        b'{"property": "soil_moisture", "value": 0.3, "depth_cm": 5}, {"property": "soil_temperature", "value": 9}]}'
    )
    assert rows(judged([said], DEPTHS), "property", "depth_cm") == [("soil_moisture", 5.0), ("soil_temperature", 30.0)]


@pytest.mark.parametrize(
    ("time", "said", "value", "flag", "reasons"),
    [
        # the line is taken in canonical units, and its result is what is judged
        ("2026-05-31T12:00:00Z", 2.0, 0.02 * 2 + 0.5, 1, []),
        ("2026-05-31T12:00:00Z", 30.0, 0.3 * 2 + 0.5, 4, ["above_gross_range"]),
        ("2026-06-01T12:00:00Z", 30.0, 0.3, 1, []),
        ("2026-05-31T12:00:00Z", None, None, 9, ["missing_value"]),
    ],
)
def test_a_value_is_calibrated_before_it_is_flagged(time, said, value, flag, reasons):
    result = judged([uplink({"soil_moisture_1": said}, sensor=PROBE, time=time)], LINES)
    ((found, *flagged),) = rows(result, "value", "flag", "reasons")
    assert (found if value is None else round(found, 12), *flagged) == (value, flag, reasons)


def test_a_sentinel_is_no_reading_whatever_the_calibration():
    line = facts({"property": "probe_temperature", "gain": 0.1, "offset": 0.0})
    result = judged([uplink({"TempC_DS18B20": 327.6}, sensor="LSE01")], line)
    assert rows(result, "value", "reasons") == [(None, ["missing_value"])]


PAYLOAD = {"soil_moisture_1": 30.0}


@pytest.mark.parametrize(
    ("sensor", "time", "model", "reasons"),
    [
        ("nobody's", "2026-05-31T12:00:00Z", "tower_soil_probe", []),
        ("nobody's", "2026-06-01T00:00:00Z", None, ["unknown_sensor"]),
        (STATION, "2026-05-31T12:00:00Z", "tower_soil_probe", []),
        (STATION, "2026-06-01T00:00:00Z", None, ["unknown_key:soil_moisture_1"]),
        (PROBE, "2026-05-31T12:00:00Z", "tower_soil_probe", []),
    ],
)
def test_the_registrys_sensor_comes_before_the_messages(sensor, time, model, reasons):
    # At the time of the result: the half hour before June is June's.
    overrides = facts({**MAYS, "sensor_model": "tower_soil_probe"})
    result = judged([uplink(PAYLOAD, sensor=sensor, time=time)], overrides)
    assert result.events["reasons"].to_pylist() == [reasons]
    assert rows(result, "sensor_model") == ([(model,)] if model else [])


def test_the_registrys_sensor_reads_a_devices_own_bytes_and_comes_before_a_default():
    overrides = facts({"sensor_model": "dragino_lse01"})
    said = b'{"device_id": "%s", "time": "2026-06-01T12:00:00Z", "payload_hex": "0D38000000000BC3000010", "f_port": 2}'
    values = [said % name.encode() for name in (ONE, TWO)]
    result = judged(values, overrides, default_sensor="milesight_em500_smtc")
    assert result.events["reasons"].to_pylist() == [[], ["undecodable_payload"]]
    assert ("dragino_lse01", "soil_temperature", 30.11) in rows(result, "sensor_model", "property", "value")


def test_a_device_beside_others_with_the_same_keys_is_read_by_its_own_model():
    overrides = facts({"sensor_model": "tower_soil_probe"}, {"device_id": TWO, "sensor_model": "dragino_lse01"})
    payload = {"soil_moisture_1": 30.0, "temp_SOIL": 20.0}
    names = [ONE, TWO, "a840410000000003"]
    result = judged([uplink(payload, sensor="nobody's", device=name) for name in names], overrides)
    assert rows(result, "device_id", "property") == [(ONE, "soil_moisture"), (TWO, "soil_temperature")]
    assert result.events["reasons"].to_pylist() == [
        ["unknown_key:temp_SOIL"], ["unknown_key:soil_moisture_1"], ["unknown_sensor"],
    ]  # fmt: skip


def test_a_model_that_has_no_contract_any_more_is_an_unknown_sensor():
    result = judged([uplink(PAYLOAD, sensor=PROBE)], facts({"sensor_model": "gone"}))
    assert result.events["reasons"].to_pylist() == [["unknown_sensor"]]


def test_records_are_observed_as_they_were_judged():
    overrides = pa.concat_tables([DEPTHS, LINES, facts({"device_id": TWO, "sensor_model": "dragino_lse01"})])
    values = [uplink(PAYLOAD, sensor=PROBE), uplink({"temp_SOIL": 20}, sensor="nobody's", device=TWO), None]
    first = judged(values, overrides)
    with Batch(steps(), first.events, tenant_id="acme", ingest_time=INGEST_TIME, overrides=overrides) as batch:
        assert batch.observe().equals(first.silver)
    assert first.silver.num_rows == 2


def test_facts_about_other_devices_change_nothing():
    values = [uplink(PAYLOAD, sensor=PROBE, device=f"a84041000000000{n}") for n in range(3, 9)]
    other = pa.concat_tables([DEPTHS, LINES, facts({"sensor_model": "dragino_lse01"})])
    plain, beside = judged(values, SCHEMA.empty_table()), judged(values, other)
    assert plain.silver.equals(beside.silver)
    assert plain.events.equals(beside.events)
    assert np.all(plain.silver["value"].to_numpy() == 0.3)
