import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contracts.tables import table
from pipelines.lake.files import FileWriter
from tests.uplinks import INGEST_TIME

CONTRACT = table("silver.observations")


def rows(*changes):
    base = {
        "event_key": "a",
        "tenant_id": "acme",
        "device_id": "d1",
        "sensor_model": "m",
        "property": "soil_moisture",
        "value": 0.2,
        "unit": "m3/m3",
        "flag": 1,
        "reasons": [],
        "phenomenon_time": datetime(2026, 6, 1, 12, tzinfo=UTC),
        "result_time": datetime(2026, 6, 1, 12, tzinfo=UTC),
        "format": "f",
        "topic": "t",
        "partition": 0,
        "offset": 1,
        "ingest_time": INGEST_TIME,
    }
    return pa.Table.from_pylist([base | change for change in changes], schema=CONTRACT.arrow_schema)


def statistics_of(tmp_path, *groups):
    with FileWriter(tmp_path) as writer:
        for group in groups:
            writer.write(group)
        return json.loads(writer.finish().statistics)


@pytest.mark.parametrize(
    ("column", "values", "lowest", "highest", "nulls"),
    [
        ("offset", [5, 3, 9], 3, 9, 0),
        ("value", [0.2, None, 0.1], 0.1, 0.2, 1),
        ("value", [None, None], None, None, 2),
        ("device_id", ["b", "a", "c"], None, None, None),
        (
            "result_time",
            [datetime(2026, 6, 1, 12, 0, 0, 123456, UTC), datetime(2025, 1, 1, tzinfo=UTC)],
            "2025-01-01T00:00:00.000000Z",
            "2026-06-01T12:00:00.123456Z",
            0,
        ),
    ],
)
def test_statistics_bound_what_is_in_the_file(tmp_path, column, values, lowest, highest, nulls):
    # Each value in a row group of its own: the bounds are the file's, not the last group's.
    found = statistics_of(tmp_path, *(rows({column: value}) for value in values))
    assert found["numRecords"] == len(values)
    assert found["minValues"].get(column) == lowest
    assert found["maxValues"].get(column) == highest
    assert found["nullCount"].get(column) == nulls


def test_lists_have_no_bounds(tmp_path):
    found = statistics_of(tmp_path, rows({"reasons": ["x"]}))
    assert "reasons" not in found["minValues"]
    assert not any(name.startswith("reasons") for name in found["nullCount"])


def test_no_rows_make_no_file(tmp_path):
    with FileWriter(tmp_path) as writer:
        writer.write(rows())
        assert writer.finish() is None
    assert list(tmp_path.iterdir()) == []


def test_a_failed_block_leaves_no_file(tmp_path):
    def fail():
        with FileWriter(tmp_path) as writer:
            writer.write(rows({}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_texts_kept_once_are_texts_to_every_reader(tmp_path):
    plain = rows({"device_id": "a"}, {"device_id": "b"}, {"device_id": "a"})
    place = plain.schema.get_field_index("device_id")
    with FileWriter(tmp_path) as writer:
        writer.write(plain.set_column(place, "device_id", plain["device_id"].dictionary_encode()))
        name = writer.finish().name
    read = pq.read_table(tmp_path / name)
    assert read["device_id"].to_pylist() == ["a", "b", "a"]
    assert read.schema.field("device_id").type == pa.string()
