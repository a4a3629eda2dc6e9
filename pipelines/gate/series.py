"""A slice's readings day by day: what its rules about days and fields are asked of, and what its judgement keeps of it.

- `series`: a row per device, property, place and day; impossible days are left out.
- `days`: the days that newer rows of the slice close, against the same weekday of the weeks before.
- `fields`: how complete the readings of each property are in each field.
"""

from typing import TYPE_CHECKING, Any

from pipelines.gate.view import DAY_MICROS

if TYPE_CHECKING:
    import duckdb

_WEEKS_BEFORE = 4


def lay_out(connection: "duckdb.DuckDBPyConnection") -> None:
    """Make the relations, where `kinds` and what the slice is judged against are."""
    connection.execute("""
        create table series as
        select device_id, any_value(sensor_model) as sensor_model, property, channel, depth_cm, day,
            sum("rows") as "rows", coalesce(sum("rows") filter (flag in (1, 2, 3)), 0) as usable,
            min("first") as "first", max("last") as "last"
        from kinds where flag <> 4 or not is_impossible group by all
    """)
    connection.execute(f"""
        create table days as
        with own as (select day, sum("rows") as "rows" from series group by day),
        earlier as (select date - date '1970-01-01' as day, "rows" from earlier_days),
        totals as (select day, sum("rows") as "rows" from (from own union all by name from earlier) group by day)
        select make_date(today.day::int) as date, today."rows", avg(before."rows") as usual_rows,
            today."rows" / avg(before."rows") as share_of_usual
        from totals today join totals before on today.day - before.day in ({_weeks()})
        where today.day < (select max(day) from own)
            and today.day >= coalesce((select max(day) from earlier), today.day)
        group by today.day, today."rows"
    """)  # noqa: S608 - numbers of ours
    connection.execute("""
        create table fields as
        with spans as (
            select device_id, sensor_model, property, channel, depth_cm, sum(usable) as usable,
                min("first") as "first", max("last") as "last"
            from series group by all
        )
        select field_id, property,
            sum(usable) / sum(floor(date_diff('second', "first", "last") / averaging_interval_s) + 1) as completeness
        from spans join intervals using (sensor_model) join reference_devices d on d.device_id = spans.device_id
            and "first" >= valid_from and ("first" < valid_to or valid_to is null)
        group by all
    """)


def _weeks() -> str:
    return ", ".join(str(7 * week) for week in range(1, _WEEKS_BEFORE + 1))


def properties(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """Name the properties that the slice has rows of."""
    return [name for (name,) in connection.execute("select distinct property from series").fetchall() if name]


def rows_by_day(connection: "duckdb.DuckDBPyConnection") -> list[dict[str, Any]]:
    """Count the slice's rows by UTC day; impossible days are left out."""
    counted = connection.execute('select make_date(day::int), sum("rows")::bigint from series group by 1 order by 1')
    return [{"date": day, "rows": count} for day, count in counted.fetchall()]


def field_days(connection: "duckdb.DuckDBPyConnection") -> list[dict[str, Any]]:
    """Say which days of which fields the slice touches: from, to; in the field's local standard time."""
    local = "epoch_us({}) + (utc_offset_h * 3.6e9)::bigint"
    found = connection.execute(f"""
        select field_id, make_date((min({local.format('"first"')}) // {DAY_MICROS})::int),
            make_date((max({local.format('"last"')}) // {DAY_MICROS})::int)
        from series s join reference_devices d on d.device_id = s.device_id
            and "last" >= valid_from and ("first" < valid_to or valid_to is null)
        join reference_fields using (field_id) group by 1 order by 1
    """)  # noqa: S608 - names and numbers of ours
    return [{"field_id": field, "from_date": first, "to_date": last} for field, first, last in found.fetchall()]
