import math
import re
import shutil
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from deltalake import QueryBuilder, Transaction, write_deltalake

from pipelines.contracts.tables import table, table_names
from pipelines.errors import DataRefused, UsageError
from pipelines.lake.tables import Lake
from tests.lakes import FIELD


@pytest.mark.parametrize("name", table_names())
def test_every_table_can_be_created_from_its_contract_and_again(tmp_path, name):
    lake = Lake(tmp_path)
    lake.create(name)
    assert lake.create(name).version() == lake.version(name) == 0
    assert lake.read(name).schema.names == list(table(name).column_names)


def test_a_table_that_is_not_there_reads_as_empty_and_opens_with_a_sentence(tmp_path):
    lake = Lake(tmp_path)
    assert lake.read("reference.fields").num_rows == 0
    assert lake.version("reference.fields") == -1
    with pytest.raises(DataRefused, match=r"no such table yet.*reference\.fields"):
        lake.open("reference.fields")


def test_appended_rows_are_read_back_at_each_version(tmp_path):
    lake = Lake(tmp_path)
    first = lake.append("reference.fields", [FIELD])
    second = lake.append("reference.fields", [FIELD | {"field_id": "south"}])
    assert lake.read("reference.fields", first, list(FIELD)).to_pylist() == [FIELD]
    assert sorted(lake.read("reference.fields", second, ["field_id"])["field_id"].to_pylist()) == ["north", "south"]


# What engines tell apart, or do not, when they are careless.
VALUES = {
    "string": ["", "é ✓ \U0001f33e", "a\nb", "null"],
    "int": [0, -1, 2**31 - 1],
    "bigint": [0, -1, 2**63 - 1],
    "double": [0.1 + 0.2, -0.0, math.nan, -math.inf, 5e-324],
    "boolean": [True, False],
    "date": [date(1969, 12, 31), date(2026, 2, 28)],
    "timestamp": [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 29, 1, 30, 0, 123_456, UTC)],
    "binary": [b"", b"\x00\xff", b"\\x41"],
}


def any_value(kind, number):
    if match := re.fullmatch(r"array<(.+)>", kind):
        return [any_value(match[1], number + place) for place in range(number % 3)]
    if match := re.fullmatch(r"struct<(.+)>", kind):
        members = (member.split(":") for member in match[1].split(","))
        return {name: any_value(of, number) for name, of in members}
    return VALUES[kind][number % len(VALUES[kind])]


def any_rows(contract):
    """Twelve rows with every value above; each column that may be null is so in every fourth."""
    return [
        {
            column.name: None
            if column.name not in contract.required and (number + place) % 4 == 0
            else any_value(column.type, number + place)
            for place, column in enumerate(contract.columns)
        }
        for number in range(12)
    ]


def digest(rows):
    """Rows in whatever order as one number, by a hash that no engine under test computes."""
    hashed = "select count(*), sum(md5_number_lower(r::varchar)::hugeint), bit_xor(md5_number(r::varchar)) from rows r"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("rows", rows)
        return connection.execute(hashed).fetchall()[0]


@pytest.mark.spark
def test_every_table_is_read_alike_by_three_engines(tmp_path, spark):
    lake = Lake(tmp_path)
    for name in table_names():
        contract, path = table(name), str(lake.path(name))
        lake.create(name)
        rows = pa.Table.from_pylist(any_rows(contract), schema=contract.arrow_schema)
        if contract.writer == "spark":
            spark.createDataFrame(rows, contract.spark_ddl).write.format("delta").mode("append").save(path)
        else:
            write_deltalake(path, rows, mode="append")
        expected = digest(rows)
        assert expected[0] == 12
        assert digest(spark.read.format("delta").load(path).toArrow().cast(rows.schema)) == expected, f"Spark, {name}"
        by_delta_rs = pa.table(QueryBuilder().register("t", lake.open(name)).execute("select * from t").read_all())
        assert digest(by_delta_rs.cast(rows.schema)) == expected, f"delta-rs, {name}"
        by_duckdb = duckdb.sql("select * from read_parquet($1)", params=[lake.open(name).file_uris()])
        assert digest(by_duckdb.to_arrow_table().cast(rows.schema)) == expected, f"DuckDB, {name}"


@pytest.mark.parametrize(("versions", "rows"), [([0, 0], 1), ([3, 2], 1), ([1, 2], 2)])
def test_a_row_with_a_transaction_is_appended_once(tmp_path, versions, rows):
    lake = Lake(tmp_path)
    for version in versions:
        lake.append("reference.fields", [FIELD], once=Transaction("load", version))
    assert lake.read("reference.fields").num_rows == rows


def test_a_row_that_breaks_the_contract_is_not_appended(tmp_path):
    lake = Lake(tmp_path)
    with pytest.raises(pa.ArrowInvalid, match="high"):
        lake.append("reference.fields", [FIELD | {"elevation_m": "high"}])
    assert lake.read("reference.fields").num_rows == 0


def test_what_a_table_was_at_a_time_outlives_a_copy_of_the_lake(tmp_path):
    lake = Lake(tmp_path / "first")
    for number in range(3):
        lake.append("reference.fields", [FIELD | {"field_id": f"f{number}"}])
    times = {each["version"]: each["timestamp"] for each in lake.open("reference.fields").history()}
    shutil.copytree(lake.root, tmp_path / "second")
    copied = Lake(tmp_path / "second")
    for version, time_ms in times.items():
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
        assert copied.version_at("reference.fields", at) == version
    assert copied.version_at("reference.fields", at - timedelta(days=1)) is None


def test_a_time_that_the_log_has_forgotten_is_told(tmp_path):
    lake = Lake(tmp_path)
    for _ in range(12):
        lake.append("reference.fields", [FIELD])
    for version in range(10):
        (lake.path("reference.fields") / "_delta_log" / f"{version:020}.json").unlink()
    with pytest.raises(UsageError, match="The log does not reach back that far"):
        lake.version_at("reference.fields", datetime(2020, 1, 1, tzinfo=UTC))
    assert lake.version_at("reference.fields", datetime.now(UTC)) == 12


def test_a_lake_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"There is no lake here .*/demo\).*FIELDSTREAM_HOME"):
        Lake(tmp_path / "demo").existing()
    (tmp_path / "demo").mkdir()
    assert Lake(tmp_path / "demo").existing() == Lake(tmp_path / "demo")
