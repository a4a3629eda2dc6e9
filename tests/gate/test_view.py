"""What the suites see of a slice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.gate.view import lay_out_columns, rows_of
from tests.gate.conftest import OBSERVATIONS, LaidOut
from tests.lakes import observation


def seen(connection: duckdb.DuckDBPyConnection, *columns: str) -> list[tuple[Any, ...]]:
    return connection.table("slice").order('"offset"').select(*columns).fetchall()


def test_each_rule_has_its_column_and_flagged_rows_are_no_surprise(laid_out: LaidOut) -> None:
    #      property           value  flag -> soil moisture, air temperature, flag with and without a value
    drawn = [
        ("soil_moisture", 0.3, 1, (0.3, None, 1, None)),
        ("air_temperature", 61.0, 3, (None, 61.0, 3, None)),
        ("soil_moisture", 0.9, 4, (None, None, 4, None)),
        ("soil_moisture", None, 9, (None, None, None, 9)),
    ]
    rows = [
        {**observation(number), "property": name, "value": value, "flag": flag}
        for number, (name, value, flag, _) in enumerate(drawn)
    ]
    columns = ("value_of_soil_moisture", "value_of_air_temperature", "flag_with_value", "flag_without_value")
    assert seen(laid_out(rows), *columns) == [expected for *_, expected in drawn]


def test_time_is_judged_by_itself_and_against_the_intake(laid_out: LaidOut) -> None:
    intake = datetime(2026, 6, 1, tzinfo=UTC)
    row = {**observation(0), "phenomenon_time": intake + timedelta(days=2), "ingest_time": intake}
    connection = laid_out([row, {**row, "offset": 1, "flag": 4}])
    #                                                    2026-06-03T00:00:00Z, and two days
    assert seen(connection, "phenomenon_epoch_s", "phenomenon_ahead_s") == [(1780444800, 2 * 86400), (None, None)]


def test_a_key_of_an_earlier_slice_is_known_again_where_its_parts_are_null(laid_out: LaidOut) -> None:
    nowhere = {**observation(0), "channel": None, "depth_cm": None}
    connection = laid_out([nowhere, {**nowhere, "offset": 1, "depth_cm": 10.0}], earlier=[{**nowhere, "offset": 7}])
    assert seen(connection, "in_earlier_slice") == [(f"{0:032x}",), (None,)]


def test_a_flag_for_an_impossible_date_is_left_out_of_the_share(laid_out: LaidOut) -> None:
    bad = {**observation(0), "flag": 4}
    connection = laid_out([{**bad, "reasons": ["impossible_date"]}, {**bad, "offset": 1, "reasons": ["above"]}])
    assert seen(connection, "flag_of_dated") == [(None,), (4,)]


def test_columns_are_told_by_the_files_and_a_column_that_lacks_is_null(
    tmp_path: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "odd's.parquet"
    pq.write_table(pa.table({"offset": ["17"], "device_id": ["probe-0"], "notes": ["none"]}), file)
    lay_out_columns(connection, OBSERVATIONS, [str(file)])
    told = connection.execute("select said from columns order by said").fetchall()
    assert told == [("device_id VARCHAR",), ("offset VARCHAR",)]
    assert connection.sql(rows_of([str(file)])).select("device_id", "flag").fetchall() == [("probe-0", None)]


def test_a_column_is_filled_if_no_file_has_a_null_of_it_or_lacks_it(
    tmp_path: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    whole = {"device_id": ["a", "b"], "property": ["c", None], "unit": ["d", "e"], "format": ["f", "g"]}
    parts = (whole, {"device_id": ["h"], "property": ["i"], "unit": ["j"]}, {"device_id": ["k"], "unit": ["l"]})
    files = [str(tmp_path / f"{number}.parquet") for number in range(len(parts))]
    for file, columns in zip(files, parts, strict=True):
        # What a file does not say of its nulls may be one.
        pq.write_table(pa.table(columns), file, write_statistics=["device_id", "property", "format"])
    lay_out_columns(connection, OBSERVATIONS, files)
    assert connection.execute("from filled").fetchall() == [("device_id",)]
