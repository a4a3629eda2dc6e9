"""SQL over the lake's tables, there or not."""

from datetime import datetime

from pipelines.lake.tables import Lake
from pipelines.report.tables import query, versions


def test_a_table_that_is_not_there_has_no_rows(empty_lake: Lake) -> None:
    assert query(empty_lake, 'select count(*) as n from "silver.observations"')["n"].tolist() == [0]
    assert versions(empty_lake).empty


def test_versions_and_rows_are_the_lake_s(lake: Lake) -> None:
    found = versions(lake).set_index("table_name")
    assert found.loc["gold.field_daily"].tolist() == [2, 11]
    assert found.loc["bronze.events"].tolist() == [1, 9]


def test_times_are_in_utc(lake: Lake) -> None:
    sql = 'select max(phenomenon_time)::varchar as latest from "silver.observations"'
    assert datetime.fromisoformat(query(lake, sql)["latest"].iloc[0]).isoformat() == "2018-01-01T07:30:00+00:00"
