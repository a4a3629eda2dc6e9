"""From messages to values: which way each goes, and what is found on it."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipelines.kernel.database import Database
from pipelines.kernel.meanings import Meanings
from pipelines.kernel.steps import steps
from pipelines.kernel.tables import READINGS
from pipelines.kernel.values import read_values

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MESSAGE_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        *((name, pa.string()) for name in ("format", "kind", "names", "payload", "encoded", "fault", "event_key")),
        ("is_hex", pa.bool_()),
        ("f_port", pa.int32()),
        ("signature", pa.uint64()),
    ]
)
READING_COLUMNS = ["row_id", "is_payload", "key", "value", "word", "unit"]


@pytest.fixture
def read():
    """Read messages (as named columns) and readings (as tuples) the way a batch does; give values by property."""
    opened = []

    def _read(*messages, readings=()):
        database = Database(steps().session, {"tenant_id": "acme", "topic": "acme.telemetry"})
        opened.append(database)
        common = {"format": "chirpstack_v4", "kind": "uplink", "event_key": "k"}
        database.fill("given", MESSAGE_SCHEMA, [
            tuple((common | {"row_id": row} | each).get(name) for name in MESSAGE_SCHEMA.names)
            for row, each in enumerate(messages)
        ])  # fmt: skip
        database.replace(
            "messages",
            """
            SELECT * REPLACE (
                format::format_name AS format,
                CASE WHEN payload IS NOT NULL THEN hash(names, json_keys(payload)) END AS signature
            ) FROM given
        """,
        )
        database.register("records", pa.table({"row_id": range(len(messages)), "kafka_time": [NOON] * len(messages)}))
        said = [dict(zip(READING_COLUMNS, reading, strict=True)) for reading in readings]
        database.register("readings", pa.Table.from_pylist(said, schema=READINGS))
        meanings = Meanings()
        return database, meanings, read_values(database, steps(), meanings)

    yield _read
    for database in opened:
        database.close()


def hot(meanings, values):
    """By row: properties and numbers."""
    properties = meanings.table()["property"].to_pylist()
    return {
        row["row_id"]: dict(zip(properties[row["first_meaning"] :], row["amounts"], strict=False))
        for row in values.hot.to_pylist()
    }


def general(meanings, values):
    properties = meanings.table()["property"].to_pylist()
    return sorted((row["row_id"], properties[row["meaning_id"]], row["said"]) for row in values.general.to_pylist())


def lse01(payload, **said):
    return {"names": "LSE01", "payload": payload, **said}


def test_numbers_right_in_the_object_go_the_hot_way_and_nothing_else_is_done(read):
    database, meanings, values = read(lse01('{"temp_SOIL": 20.5, "water_SOIL": 30}'), lse01('{"temp_SOIL": "21"}'))
    assert hot(meanings, values) == {
        0: {"soil_moisture": 30.0, "soil_temperature": 20.5},
        1: {"soil_temperature": 21.0},
    }
    assert values.general.num_rows == 0
    assert database.rows("FROM found_reasons") == []


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ('{"temp_SOIL": null}', [("soil_temperature", None)]),
        ('{"temp_SOIL": "no sensor"}', [("soil_temperature", None)]),
        ('{"temp_SOIL": "20.5 °C"}', [("soil_temperature", 20.5)]),
        ('{"temp_SOIL": [20.5]}', []),
        ('{"temp_SOIL": 1, "water_SOIL": null}', [("soil_moisture", None), ("soil_temperature", 1.0)]),
    ],
)
def test_a_payload_that_lacks_a_number_goes_the_long_way_alone(read, payload, expected):
    _, meanings, values = read(lse01(payload), lse01(payload.replace("null", "2").replace("[20.5]", "2")), lse01("{}"))
    assert 0 not in hot(meanings, values)
    # What differs in its values alone goes its own way.
    assert [each[1:] for each in general(meanings, values) if each[0] == 0] == expected


@pytest.mark.parametrize(
    ("names", "payload", "expected"),
    [
        ("DL-TRS12", '{"battery_voltage": {"value": 3.1}, "soil_temperature": {"value": 12.5, "unit": "°C"}}',
         [(0, "battery_voltage", 3.1), (0, "soil_temperature", 12.5)]),
        ("S2120", '{"messages": [[{"measurementId": "4097", "measurementValue": 21.5}, {"measurementId": "4098", '
         '"measurementValue": 60}]]}', [(0, "air_temperature", 21.5), (0, "relative_humidity", 60.0)]),
        ("S2120", '{"messages": [{"measurementId": 4105, "measurementValue": 2.5}]}', [(0, "wind_speed", 2.5)]),
        ("Smart Valve", '{"Valve": "1", "Temp": 3}', [(0, "device_temperature", 3.0), (0, "valve_state", 1.0)]),
    ],
)  # fmt: skip
def test_nested_objects_lists_and_words_are_read(read, names, payload, expected):
    _, meanings, values = read({"names": names, "payload": payload})
    both = general(meanings, values)
    both += [(row, *each) for row, numbers in hot(meanings, values).items() for each in numbers.items()]
    assert sorted(both) == expected


def test_a_devices_own_bytes_are_read_where_nobody_did(read):
    encoded = {"names": "LSE01", "encoded": "0D38000000000BC3000010", "is_hex": True, "f_port": 2}
    database, meanings, values = read(
        encoded, encoded | {"encoded": "0D38"}, encoded | {"payload": '{"temp_SOIL": 1}'}, encoded | {"names": "x"}
    )
    assert {(row, said) for row, prop, said in general(meanings, values) if prop == "soil_temperature"} == {(0, 30.11)}
    assert hot(meanings, values) == {2: {"soil_temperature": 1.0}}
    assert database.rows("SELECT row_id, fault, event_key FROM messages WHERE fault IS NOT NULL") == [
        (1, "undecodable_payload", None)
    ]
    assert database.rows("FROM found_reasons") == [(3, "unknown_sensor")]


def test_a_messages_own_words_are_values_or_reasons(read):
    own = {"format": "fieldstream_json", "names": ""}
    database, meanings, values = read(own, own, own, readings=[
        (0, False, "air_temperature", 300.0, "300", "K"),
        (0, False, "magic", 1.0, "1", None),
        (1, False, "co2", None, "null", None),
        (1, False, "co2", None, "null", None),  # said twice alike
        (2, False, "wind_speed", 1.0, "1", "m/s"),
        (2, False, "wind_speed", 2.0, "2", "m/s"),
    ])  # fmt: skip
    assert general(meanings, values) == [
        (0, "air_temperature", 300.0),
        (1, "co2", None),
        (2, "wind_speed", 1.0),
        (2, "wind_speed", 2.0),
    ]
    assert database.rows("FROM found_reasons") == [(0, "unknown_key:magic")]
    assert database.rows("SELECT row_id, fault FROM messages ORDER BY row_id") == [
        (0, None), (1, None), (2, "ambiguous_reading"),
    ]  # fmt: skip


def test_a_payload_that_contradicts_itself_is_a_fault(read):
    database, _, _ = read(lse01('{"temp_SOIL": 1, "temp_SOIL": 2}'), lse01('{"temp_SOIL": 1}'))
    assert database.rows("SELECT fault, event_key FROM messages ORDER BY row_id") == [
        ("duplicate_key", None), (None, "k"),
    ]  # fmt: skip


def test_a_message_with_a_fault_is_not_read(read):
    _, meanings, values = read(lse01('{"temp_SOIL": 20.5}', fault="no_device"))
    assert hot(meanings, values) == {}
    assert len(meanings.table()) == values.general.num_rows == 0
