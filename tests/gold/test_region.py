"""Regions: fields times days, as SQL that takes those rows and no others."""

from datetime import date

import duckdb

from pipelines.gold.region import EVERYTHING, Region, days_between, of_field_days

JUNE = [date(2026, 6, day) for day in range(1, 31)]
TABLE = [(field, day) for field in ("a", "b", "o'hara") for day in JUNE]


def inside(region: Region) -> set[tuple[str, int]]:
    with duckdb.connect() as connection:
        connection.execute("create table days (field_id text, date date)")
        connection.executemany("insert into days values (?, ?)", TABLE)
        rows = connection.sql(f"select * from days where {region.condition}").fetchall()  # noqa: S608 - what is tested
    return {(field, day.day) for field, day in rows}


def test_a_region_is_its_fields_on_its_days() -> None:
    region = of_field_days([("a", JUNE[1]), ("o'hara", JUNE[4])])
    assert region is not None
    assert inside(region) == {(field, day) for field in ("a", "o'hara") for day in (2, 5)}


def test_a_region_may_reach_from_a_day_on() -> None:
    assert inside(Region(frozenset("b"), since=JUNE[27])) == {("b", day) for day in (28, 29, 30)}


def test_everything_is_everything() -> None:
    assert inside(EVERYTHING) == {(field, day.day) for field, day in TABLE}
    assert EVERYTHING.is_everything
    assert of_field_days([]) is None


def test_months_are_parts_of_a_region_and_leave_out_those_without_a_day() -> None:
    region = Region(frozenset("a"), frozenset([date(2026, 3, 9), date(2025, 12, 31), date(2026, 3, 2)]))
    assert region.months() == [(date(2025, 12, 31),) * 2, (date(2026, 3, 2), date(2026, 3, 9))]


def test_days_between_are_all_of_them() -> None:
    assert [day.day for day in days_between(date(2024, 2, 28), date(2024, 3, 1))] == [28, 29, 1]
