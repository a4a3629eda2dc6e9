import pyarrow as pa
import pytest

from pipelines.contracts.types import arrow_type, duckdb_type


@pytest.mark.parametrize(
    ("name", "arrow", "duckdb"),
    [
        ("string", pa.string(), "VARCHAR"),
        ("bigint", pa.int64(), "BIGINT"),
        ("timestamp", pa.timestamp("us", tz="UTC"), "TIMESTAMPTZ"),
        ("array<string>", pa.list_(pa.string()), "VARCHAR[]"),
        (
            "array<struct<key:string,value:binary>>",
            pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())])),
            'STRUCT("key" VARCHAR, "value" BLOB)[]',
        ),
    ],
)
def test_a_type_has_one_name_and_two_forms(name, arrow, duckdb):
    assert arrow_type(name) == arrow
    assert duckdb_type(name) == duckdb


@pytest.mark.parametrize("name", ["text", "array<text>", "timestamp_ntz", ""])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="is not one of"):
        arrow_type(name)
