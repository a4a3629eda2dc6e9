"""gold.field_daily: weather, reference evapotranspiration and soil moisture of each field and day.

What happens to a reading:
- only flags 1 (good), 2 (not evaluated) and 3 (suspect) are usable, the worst of an observation's flags counts;
- it belongs to the field in which its device stood at its own time, and to that field's day in local standard time;
- radiation below 0, the thermal offset of a night, counts as 0; relative humidity above 100 counts as 100;
- several devices of one property (and soil layer) in a field are averaged per time first.

What happens to a day: a value is null unless at least 90 % of the expected readings are usable, and its coverage
says how many are: distinct times over 86400 s / averaging interval of the fastest sensor, at most 1. A field-day with
nothing but unusable readings has a row too. Rain is the plain sum of the readings; with no gauge it is null, not 0.

Sums are taken in whole ten-billionths (`_total`), so that neither the order of rows nor the number of tasks shows in
the result.
"""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import DoubleType

from pipelines.agronomy.humidity import actual_vapour_pressure_kpa
from pipelines.agronomy.reference_et import METHOD, Day, reference_et_mm
from pipelines.contracts.tables import table

TABLE = "gold.field_daily"

LEAST_COVERAGE = 0.9
_USABLE_FLAGS = (1, 2, 3)
_DAY_S = 86_400
_LAYERS_CM = {"0_30cm": (0, 30), "30_60cm": (30, 60), "60_90cm": (60, 90)}
_RESOLUTION = 1e10  # per unit of the property: finer than any sensor, and a day at 1 Hz still fits 64 bits


@dataclass(frozen=True)
class Series:
    """Readings of one property in a field, below ground in one layer of the soil."""

    name: str
    quantity: str
    layer_cm: tuple[int, int] | None = None

    @property
    def here(self) -> Column:
        """Condition: the row is a reading of this series."""
        is_property = F.col("property") == self.quantity
        if self.layer_cm is None:
            return is_property
        top, bottom = self.layer_cm
        return is_property & (F.col("depth_cm") >= top) & (F.col("depth_cm") < bottom)


_SERIES = (
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
_VAPOUR = "actual_vapour_pressure"


def build(
    observations: DataFrame, devices: DataFrame, fields: DataFrame, intervals: DataFrame, *, silver_version: int
) -> DataFrame:
    """Build the table from the observations of one version of silver.

    Shape: one row per (field_id, date); columns of the contract, in its order.
    Units: canonical units of schemas/quantities.yaml in; the unit in the column's name out.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 6 (`eto_mm`) and 54 (`actual_vapour_pressure_kpa`).

    Args:
        observations: silver.observations, each with the worst of its flags (pipelines.quality.combined).
        devices: reference.devices.
        fields: reference.fields.
        intervals: Averaging interval of each sensor model: (sensor_model, averaging_interval_s).
        silver_version: Version of silver.observations that was read.
    """
    days = (
        observations.transform(_placed, devices, fields, intervals)
        .transform(_by_time)
        .transform(_by_day)
        .join(F.broadcast(fields), on="field_id", how="inner")
        .transform(_with_evapotranspiration)
        .withColumn("silver_version", F.lit(silver_version).cast("bigint"))
    )
    return days.select(*table(TABLE).column_names)


def _placed(observations: DataFrame, devices: DataFrame, fields: DataFrame, intervals: DataFrame) -> DataFrame:
    """Give each reading its field, its field's day, and the interval of its sensor."""
    time, until = F.col("phenomenon_time"), F.col("valid_to")
    stood_there = (time >= F.col("valid_from")) & (until.isNull() | (time < until))
    local_micros = F.unix_micros(time) + F.round(F.col("utc_offset_h") * 3.6e9).cast("bigint")
    standings = devices.select("device_id", "field_id", "valid_from", "valid_to")
    places = standings.join(F.broadcast(fields.select("field_id", "utc_offset_h")), on="field_id", how="inner")
    return (
        observations.where(F.col("property").isin(*{series.quantity for series in _SERIES}))
        .select("device_id", "sensor_model", "property", "depth_cm", _usable_value().alias("value"), "phenomenon_time")
        .join(F.broadcast(places), on="device_id", how="inner")
        .where(stood_there)
        .join(F.broadcast(intervals), on="sensor_model", how="left")
        .withColumn("date", F.date_from_unix_date(F.floor(local_micros / (_DAY_S * 1e6)).cast("int")))
    )


def _usable_value() -> Column:
    value, name = F.col("value"), F.col("property")
    corrected = (
        F.when(name == "solar_radiation", F.greatest(value, F.lit(0.0)))
        .when(name == "relative_humidity", F.least(value, F.lit(100.0)))
        .otherwise(value)
    )
    return F.when(value.isNotNull() & F.col("flag").isin(*_USABLE_FLAGS), corrected)


def _by_time(readings: DataFrame) -> DataFrame:
    """One row per field and time: the mean over devices of each series, and the interval it is read at."""
    means = [_mean(F.when(series.here, F.col("value"))).alias(series.name) for series in _SERIES]
    every = [F.min(F.when(series.here, F.col("averaging_interval_s"))).alias(_every(series.name)) for series in _SERIES]
    wide = readings.groupBy("field_id", "date", "phenomenon_time").agg(*means, *every)
    return wide.withColumns(
        {
            _VAPOUR: actual_vapour_pressure_kpa(F.col("air_temperature"), F.col("relative_humidity"), exp=F.exp),
            _every(_VAPOUR): F.least(_every("air_temperature"), _every("relative_humidity")),
        }
    )


def _by_day(times: DataFrame) -> DataFrame:
    """One row per field and day: the values of the contract, null where too little of the day was covered."""
    measures = _measures()
    coverages = {series: _coverage(series) for series, _ in measures.values()}
    days = times.groupBy("field_id", "date").agg(
        *(measure.alias(name) for name, (_, measure) in measures.items()),
        *(coverage.alias(f"{series}_coverage") for series, coverage in coverages.items()),
    )
    covered = {
        name: F.when(F.col(f"{series}_coverage") >= LEAST_COVERAGE, F.col(name))
        for name, (series, _) in measures.items()
    }
    return days.withColumns(covered)


def _measures() -> dict[str, tuple[str, Column]]:
    """Column of the contract -> the series it is made from, and how."""
    soil = {
        f"{series.name}_{'m3_m3' if series.quantity == 'soil_moisture' else 'c'}": (series.name, _mean(series.name))
        for series in _SERIES
        if series.layer_cm
    }
    return {
        "air_temperature_mean_c": ("air_temperature", _mean("air_temperature")),
        "air_temperature_min_c": ("air_temperature", F.min("air_temperature")),
        "air_temperature_max_c": ("air_temperature", F.max("air_temperature")),
        "relative_humidity_mean_pct": ("relative_humidity", _mean("relative_humidity")),
        "actual_vapour_pressure_kpa": (_VAPOUR, _mean(_VAPOUR)),
        "air_pressure_mean_hpa": ("air_pressure", _mean("air_pressure")),
        "solar_radiation_mj_m2": ("solar_radiation", _mean("solar_radiation") * (_DAY_S / 1e6)),
        "wind_speed_mean_m_s": ("wind_speed", _mean("wind_speed")),
        "precipitation_mm": ("precipitation", _total("precipitation") / _RESOLUTION),
        **soil,
    }


def _coverage(series: str) -> Column:
    # Null where nothing reports the series, or no contract says how often: then nothing was covered.
    share = F.count(series) * F.min(_every(series)) / F.lit(float(_DAY_S))
    return F.least(F.coalesce(share, F.lit(0.0)), F.lit(1.0))


def _every(series: str) -> str:
    return f"{series}_every_s"


def _total(values: Column | str) -> Column:
    """Sum in whole ten-billionths: integers add up to the same in any order, doubles do not."""
    readings = F.col(values) if isinstance(values, str) else values
    return F.sum(F.rint(readings * _RESOLUTION).cast("bigint"))


def _mean(values: Column | str) -> Column:
    return F.try_divide(_total(values), F.count(values) * _RESOLUTION)


def _with_evapotranspiration(days: DataFrame) -> DataFrame:
    inputs: tuple[str | Column, ...] = (
        "air_temperature_min_c",
        "air_temperature_max_c",
        "actual_vapour_pressure_kpa",
        "solar_radiation_mj_m2",
        "wind_speed_mean_m_s",
        "wind_height_m",
        "elevation_m",
        "latitude_deg",
        F.dayofyear("date").cast("double"),
    )
    eto = arrow_udf(_eto_mm, DoubleType())  # type: ignore[call-overload]  # its stubs know no variadic functions
    return days.withColumns({"eto_mm": eto(*inputs), "eto_method": F.lit(METHOD)})


def _eto_mm(*inputs: pa.Array) -> pa.Array:
    day = Day(*(column.to_numpy(zero_copy_only=False) for column in inputs))
    return pa.array(reference_et_mm(day), from_pandas=True)
