"""Readings of a field as series of numbers, and what an interval makes of them: the ground of every weather table.

What happens to a reading:
- only flags 1 (good), 2 (not evaluated) and 3 (suspect) are usable, the worst of an observation's flags counts;
- it belongs to the field in which its device stood at its own time, and to that field's interval in local standard
  time;
- radiation below 0, the thermal offset of a night, counts as 0; relative humidity above 100 counts as 100;
- several devices of one property (and soil layer) in a field are averaged per time first.

What happens to an interval (an hour, a day): a value is null unless at least 90 % of the expected readings are usable,
and its coverage says how many are: distinct times over the interval's length / averaging interval of the fastest
sensor, at most 1. An interval with nothing but unusable readings has a row too. Rain is the plain sum of the readings;
with no gauge it is null, not 0.

Sums are taken in whole ten-billionths, so that neither the order of rows nor the number of threads shows in the result,
and a day is the sum of its hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from duckdb import ColumnExpression, FunctionExpression

from pipelines.agronomy.humidity import actual_vapour_pressure_kpa

LEAST_COVERAGE = 0.9
DAY_S = 86_400
HOUR_S = 3_600

_USABLE_FLAGS = (1, 2, 3)
_LAYERS_CM = {"0_30cm": (0, 30), "30_60cm": (30, 60), "60_90cm": (60, 90)}
_RESOLUTION = "1e10"  # per unit of the property: finer than any sensor, and a day at 1 Hz still fits 64 bits
_VAPOUR = "actual_vapour_pressure"


@dataclass(frozen=True)
class Series:
    """Readings of one property in a field, below ground in one layer of the soil."""

    name: str
    quantity: str
    layer_cm: tuple[int, int] | None = None


SERIES = (
    *(
        Series(name, name)
        for name in (
            "air_temperature",
            "relative_humidity",
            "air_pressure",
            "solar_radiation",
            "wind_speed",
            "precipitation",
        )
    ),
    *(
        Series(f"{name}_{layer}", name, depths)
        for name in ("soil_moisture", "soil_temperature")
        for layer, depths in _LAYERS_CM.items()
    ),
)
PROPERTIES = tuple(dict.fromkeys(series.quantity for series in SERIES))


def _here(series: Series) -> str:
    is_property = f"property = '{series.quantity}'"
    if series.layer_cm is None:
        return is_property
    top, bottom = series.layer_cm
    return f"{is_property} and depth_cm >= {top} and depth_cm < {bottom}"


_WHOLE = f"(value * {_RESOLUTION})::bigint"
_TOTAL = "sum(total)::double"
_MEAN = f'{_TOTAL} / nullif(sum("count") * {_RESOLUTION}, 0)'
# The mean over devices of each series of a field at each time, and the interval it is read at.
_MOMENTS = f"""
    with readings as (
        select device_id, sensor_model, phenomenon_time,
            case {" ".join(f"when {_here(series)} then '{series.name}'" for series in SERIES)} end as series,
            case when flag in {_USABLE_FLAGS} then
                case property
                    when 'solar_radiation' then greatest(value, 0.0)
                    when 'relative_humidity' then least(value, 100.0)
                    else value
                end
            end as value
        from observations where property in {PROPERTIES}
    )
    select field_id, series, epoch_us(phenomenon_time) as time_us, any_value(offset_us) as offset_us,
        sum({_WHOLE})::double / nullif(count(value) * {_RESOLUTION}, 0) as value, min(averaging_interval_s) as every_s
    from readings
    join devices using (device_id)
    join (select field_id, round(utc_offset_h * 3.6e9)::bigint as offset_us from fields) using (field_id)
    left join intervals on intervals.sensor_model = readings.sensor_model
    where phenomenon_time >= valid_from and (valid_to is null or phenomenon_time < valid_to)
    group by field_id, series, phenomenon_time
"""  # noqa: S608 - SQL of ours


def lay_out_hours(connection: duckdb.DuckDBPyConnection, condition: str = "true") -> None:
    """Make the relation `hours` of the relations observations, devices, fields and intervals.

    `condition` says of which field_id and date.

    Shape: one row per field_id, date, hour_start and series: total (of values in ten-billionths), count, least,
    greatest, every_s. `observations` has the worst of each observation's flags; `intervals` is (sensor_model,
    averaging_interval_s).
    """
    connection.execute(f"create or replace temp table moments as {_MOMENTS}")
    connection.execute(f"""
        create or replace temp table hours as
        with every as (from moments union all by name ({_vapour_pressure()})),
        dated as (
            select *, make_date(((time_us + offset_us) // {DAY_S * 1_000_000})::int) as date from every
        )
        select field_id, series, date,
            make_timestamptz(time_us - (time_us + offset_us) % {HOUR_S * 1_000_000}) as hour_start,
            sum({_WHOLE})::hugeint as total, count(value) as "count",
            min(value) as least, max(value) as greatest, min(every_s) as every_s
        from dated where {condition} group by all
    """)  # noqa: S608 - SQL of ours


def measures() -> dict[str, tuple[str, str]]:
    """Return what the columns of the wide tables are made from.

    Shape: column -> the series, and SQL for it over rows of that series in `hours`.
    """
    soil = {
        f"{series.name}_{'m3_m3' if series.quantity == 'soil_moisture' else 'c'}": (series.name, _MEAN)
        for series in SERIES
        if series.layer_cm
    }
    return {
        "air_temperature_mean_c": ("air_temperature", _MEAN),
        "air_temperature_min_c": ("air_temperature", "min(least)"),
        "air_temperature_max_c": ("air_temperature", "max(greatest)"),
        "relative_humidity_mean_pct": ("relative_humidity", _MEAN),
        "actual_vapour_pressure_kpa": (_VAPOUR, _MEAN),
        "air_pressure_mean_hpa": ("air_pressure", _MEAN),
        "solar_radiation_mj_m2": ("solar_radiation", f"{_MEAN} * (interval_s / 1e6)"),
        "wind_speed_mean_m_s": ("wind_speed", _MEAN),
        "precipitation_mm": ("precipitation", f"{_TOTAL} / {_RESOLUTION}"),
        **soil,
    }


def intervals_of(keys: Sequence[str], interval_s: int) -> str:
    """Write the wide rows that the hours come to: by these keys, each an interval so long.

    Shape: the keys, then every column of `measures` and a coverage for each series; null where too little was covered.
    """
    made = measures()
    coverages = dict.fromkeys(series for series, _ in made.values())
    of_series = {name: sql.replace("interval_s", f"{float(interval_s)}") for name, (_, sql) in made.items()}
    distinct = dict.fromkeys(of_series.values())
    numbered = {sql: f"v{number}" for number, sql in enumerate(distinct)}
    values = ", ".join(f"{sql} as {name}" for sql, name in numbered.items())
    covered = f'least(coalesce(sum("count") * min(every_s) / {float(interval_s)}, 0.0), 1.0)'
    wide = [
        f"max({numbered[of_series[name]]}) filter (series = '{series}' and coverage >= {LEAST_COVERAGE}) as {name}"
        for name, (series, _) in made.items()
    ]
    wide += [f"coalesce(max(coverage) filter (series = '{name}'), 0.0) as {name}_coverage" for name in coverages]
    by = ", ".join(keys)
    return f"""
        with narrow as (select {by}, series, {covered} as coverage, {values} from hours group by {by}, series)
        select {by}, {", ".join(wide)} from narrow group by {by}
    """  # noqa: S608 - SQL of ours


def _vapour_pressure() -> str:
    pressure = actual_vapour_pressure_kpa(
        ColumnExpression("t", "value"),
        ColumnExpression("h", "value"),
        exp=lambda value: FunctionExpression("exp", value),
    )
    return f"""
        select t.field_id, '{_VAPOUR}' as series, t.time_us, t.offset_us, {pressure} as value,
            least(t.every_s, h.every_s) as every_s
        from moments t join moments h using (field_id, time_us)
        where t.series = 'air_temperature' and h.series = 'relative_humidity'
    """  # noqa: S608 - SQL of ours
