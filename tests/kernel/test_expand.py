"""Rows of silver from values: what each has from its event, its meaning and itself."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import table
from pipelines.kernel.expand import TEXTS, Context, general_rows, hot_rows, repeated, spread, with_texts_once
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.tables import GENERAL

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
EVENT_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("event_key", "device_id", "session", "format")),
        *((name, pa.int64()) for name in ("sequence", "offset")),
        ("partition", pa.int32()),
        ("result_time", pa.timestamp("us", tz="UTC")),
        ("is_misdated", pa.bool_()),
    ]
)
GENERAL_VALUES = GENERAL.append(pa.field("is_own_time_misdated", pa.bool_()))


@pytest.fixture
def context():
    """Three events, the second with an impossible date; the meanings of a probe with two depths (0 to 3)."""
    rows = [
        {
            "event_key": f"k{number}",
            "device_id": f"d{number % 2}",
            "session": None if number == 1 else "s",
            "format": "chirpstack_v4",
            "sequence": None if number == 1 else number,
            "offset": 100 + number,
            "partition": 3,
            "result_time": NOON + timedelta(days=number),
            "is_misdated": number == 1,
        }
        for number in range(3)
    ]
    meanings, probe = Meanings(), sensors()["tower_soil_probe"]
    meanings.consecutive(probe, probe.readings)
    constants = {"tenant_id": "acme", "topic": "acme.telemetry", "ingest_time": NOON + timedelta(days=9)}
    return Context(pa.Table.from_pylist(rows, schema=EVENT_SCHEMA), meanings.table(), constants)


def general(*rows):
    return pa.Table.from_pylist(rows, schema=GENERAL_VALUES)


EVERY = np.array([True, True, True])


def told(rows, *names):
    return [tuple(row[name] for name in names) for row in rows.to_pylist()]


def test_a_list_of_the_hot_path_is_a_row_a_number(context):
    lists = pa.table(
        {
            "row_id": pa.array([0, 2]),
            "first_meaning": pa.array([0, 2], pa.int32()),
            "amounts": [[30.0, 71.0], [15.0]],
        }
    )
    rows = hot_rows(lists, EVERY, context)
    assert told(rows, "event_key", "device_id", "sequence", "property", "channel", "depth_cm", "value", "flag") == [
        ("k0", "d0", 0, "soil_moisture", 1, 10.0, pytest.approx(0.3), 1),
        ("k0", "d0", 0, "soil_moisture", 2, 45.0, pytest.approx(0.71), 4),
        ("k2", "d0", 2, "soil_temperature", 1, 10.0, 15.0, 1),
    ]
    assert told(rows, "phenomenon_time", "result_time", "offset", "partition", "tenant_id") == [
        (NOON + timedelta(days=day) - HALF_HOUR, NOON + timedelta(days=day), 100 + day, 3, "acme") for day in (0, 0, 2)
    ]
    assert rows.schema.equals(with_texts_once(table("silver.observations").arrow_schema))


def test_only_accepted_records_have_observations(context):
    lists = pa.table(
        {
            "row_id": pa.array([0, 1, 2]),
            "first_meaning": pa.array([2] * 3, pa.int32()),
            "amounts": [[1.0], [2.0], [3.0]],
        }
    )
    values = general(*({"row_id": row, "meaning_id": 2, "said": row + 1.0} for row in range(3)))
    accepted = np.array([True, False, True])
    assert hot_rows(lists, accepted, context)["value"].to_pylist() == [1.0, 3.0]
    assert general_rows(values, accepted, context)["value"].to_pylist() == [1.0, 3.0]
    assert hot_rows(lists, ~EVERY, context).num_rows == general_rows(values, ~EVERY, context).num_rows == 0


SAID = {"row_id": 0, "meaning_id": 2, "said": 15.0}


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({}, "device_id", "d0"),
        ({"own_device_id": "other"}, "device_id", "other"),
        ({}, "depth_cm", 10.0),
        ({"own_depth_cm": 0.0}, "depth_cm", 0.0),
        ({}, "channel", 1),
        ({"own_channel": 0}, "channel", 0),
        ({}, "phenomenon_time", NOON - HALF_HOUR),
        ({"own_time": NOON}, "phenomenon_time", NOON),
        ({"own_time": NOON}, "result_time", NOON),
        ({}, "flag", 1),
        ({"row_id": 1}, "flag", 4),  # the event's time cannot be
        ({"row_id": 1, "own_time": NOON, "is_own_time_misdated": False}, "flag", 1),
        ({"own_time": NOON, "is_own_time_misdated": True}, "reasons", ["impossible_date"]),
        ({"said": None, "lack": "not_a_number"}, "reasons", ["not_a_number"]),
        ({"said": None, "lack": "missing_value"}, "value", None),
        ({"lack": "not_a_number"}, "reasons", []),  # nothing is lacking
        ({"row_id": 1}, "session", None),
        ({"row_id": 1}, "sequence", None),
    ],
)
def test_what_a_value_says_of_itself_counts(context, said, name, value):
    # Beside others, so that what is its own does not become theirs.
    rows = general_rows(general(SAID, SAID | said, SAID), EVERY, context).to_pylist()
    assert rows[1][name] == value
    assert rows[0] == rows[2] | {name: rows[0][name]}


def test_without_values_there_are_no_rows_but_their_columns(context):
    empty = table("silver.observations").arrow_schema.names
    assert hot_rows(pa.table({"row_id": pa.array([], pa.int64())}), EVERY, context).schema.names == empty
    assert general_rows(general(), EVERY, context).schema.names == empty


def test_an_interval_does_not_begin_before_there_are_dates(context):
    first = datetime(1, 1, 1, tzinfo=UTC)
    events = context.events.set_column(
        context.events.schema.get_field_index("result_time"),
        "result_time",
        pa.array([first, first + HALF_HOUR, first + HALF_HOUR * 2], pa.timestamp("us", tz="UTC")),
    )
    values = general(*({"row_id": row, "meaning_id": 0, "said": 30.0} for row in range(3)))
    rows = general_rows(values, EVERY, Context(events, context.meanings, context.constants))
    assert rows["phenomenon_time"].to_pylist() == [first, first, first + HALF_HOUR]


PLACES = np.array([2, 0, 0, 3, 2])


@pytest.mark.parametrize(
    "values",
    [
        pa.chunked_array([["a", "b"], ["c", "a"]]),
        pa.chunked_array([["a", None], ["c", None]]),
        pa.chunked_array([[1, 2], [3, 4]], pa.int32()),
        pa.chunked_array([[1, 2], [3, 4]], pa.int64()),
        pa.chunked_array([[1, None], [3, None]], pa.int64()),
        pa.chunked_array([[1.5, 2.5], [3.5, 4.5]]),
        pa.chunked_array([[None, None], [None, None]], pa.float64()),
        pa.chunked_array([[NOON, NOON], [NOON + HALF_HOUR, NOON]], pa.timestamp("us", tz="UTC")),
        pa.chunked_array([["a", "b", "c", "d", "e"]]).slice(1),
        pa.chunked_array([[1, 2, 3, 4, 5]], pa.int64()).slice(1),
    ],
    ids=str,
)
def test_values_are_spread_as_they_are(values):
    found = spread(values, PLACES)
    assert found.to_pylist() == [values[int(place)].as_py() for place in PLACES]
    assert (found.type == TEXTS) == pa.types.is_string(values.type)


def test_a_text_is_kept_once_however_often_it_is_spread():
    found = spread(pa.chunked_array([["a", "b"], ["a"]]), np.array([0, 1, 2, 2, 0, 1]))
    assert found.dictionary.to_pylist() == ["a", "b"]
    assert repeated("a", pa.string(), 1000).dictionary.to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("value", "kind"), [("a", pa.string()), (NOON, pa.timestamp("us", tz="UTC")), (None, pa.float64())]
)
def test_the_same_value_may_be_had_any_number_of_times(value, kind):
    assert repeated(value, kind, 3).to_pylist() == [value] * 3
    assert repeated(value, kind, 0).to_pylist() == []
