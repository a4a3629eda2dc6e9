"""What the forecast may know: one function from gold to features, for training and for scoring alike."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from pipelines.contracts.models import ModelContract

KEY = ["field_id", "date", "soil_layer", "horizon_d"]
CHANGES_D = (1, 2, 3, 7)
WEATHER = (
    "eto_mm",
    "air_temperature_mean_c",
    "solar_radiation_mj_m2",
    "actual_vapour_pressure_kpa",
    "precipitation_mm",
)
DAYS_IN_YEAR = 365.25


def gold_columns(contract: ModelContract) -> list[str]:
    """Return the columns of gold.field_daily that the features are made from."""
    return ["field_id", "date", *WEATHER, *(moisture_column(layer) for layer in contract.soil_layers)]


def moisture_column(soil_layer: str) -> str:
    """Return the column of gold that holds the layer's soil moisture."""
    return f"soil_moisture_{soil_layer}_m3_m3"


def features(gold: pd.DataFrame, contract: ModelContract, since: date | None = None) -> pd.DataFrame:
    """Return the features of every field-day, soil layer and horizon; from a day on, if one is named.

    A feature of a day is made from that day and the seven before it, by the calendar: across a gap it is missing.

    Shape: one row per (field_id, date, soil_layer, horizon_d), of a layer from the first day on that the field's soil
        moisture is known; columns: the key, `soil_moisture_now_m3_m3` (float64), the contract's inputs (float32, but
        `horizon_d` int32) and `missing_reason` (null where every required input is there).
    Units: as schemas/models/irrigation.yaml gives them.
    Source: lags and weather as the past-only baselines of Adeyemi et al. 2018 (doi 10.3390/s18103408).
    """
    parts = [
        made.assign(horizon_d=np.int32(horizon_d))
        for _, field in gold.groupby("field_id", sort=True)
        for made in _layers(_by_calendar(field), contract, since)
        for horizon_d in contract.horizons_d
    ]
    columns = [*KEY, "soil_moisture_now_m3_m3", *_others(contract), "missing_reason"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _others(contract: ModelContract) -> list[str]:
    return [name for name in contract.input_names if name not in KEY]


def _by_calendar(field: pd.DataFrame) -> pd.DataFrame:
    """Give every calendar day from the field's first to its last a row, so that a shift by rows is a shift by days."""
    days = field.assign(day=pd.to_datetime(field["date"]), observed=1.0).set_index("day").sort_index()
    return days.reindex(pd.date_range(days.index.min(), days.index.max(), freq="D"))


def _layers(days: pd.DataFrame, contract: ModelContract, since: date | None) -> Iterator[pd.DataFrame]:
    """Give each layer's features, made from no more days than they need."""
    for layer in contract.soil_layers:
        known = days.index[days[moisture_column(layer)].notna()]
        if not known.empty:
            first = max(known[0], pd.Timestamp(since)) if since else known[0]
            yield _layer(days[first - pd.Timedelta(days=max(CHANGES_D)) :], layer, contract)[first:]


def _layer(days: pd.DataFrame, layer: str, contract: ModelContract) -> pd.DataFrame:
    now = days[moisture_column(layer)].astype("float64")
    others = [moisture_column(other) for other in contract.soil_layers if other != layer]
    other = days[others].astype("float64").mean(axis="columns")
    turn = 2 * np.pi * pd.DatetimeIndex(days.index).dayofyear.to_numpy() / DAYS_IN_YEAR
    made = pd.DataFrame(
        {
            "soil_moisture_m3_m3": now,
            **{f"soil_moisture_change_{lag}d_m3_m3": now - now.shift(lag) for lag in CHANGES_D},
            "other_soil_moisture_m3_m3": other,
            "other_soil_moisture_change_1d_m3_m3": other - other.shift(1),
            **{name: days[name].astype("float64") for name in WEATHER},
            "precipitation_known": days["precipitation_mm"].notna().astype("float64"),
            "day_of_year_sin": np.sin(turn),
            "day_of_year_cos": np.cos(turn),
        },
        index=days.index,
    )
    made = made[_others(contract)].astype("float32")
    made.insert(0, "soil_moisture_now_m3_m3", now)
    made["missing_reason"] = _missing_reason(made, contract)
    made = made.assign(field_id=days["field_id"], date=days["date"], soil_layer=layer)
    return made[days["observed"].notna()]


def _missing_reason(made: pd.DataFrame, contract: ModelContract) -> pd.Series:
    """Name the required inputs that are not there, `soil_moisture_missing, eto_missing`; null where all are."""
    said = np.full(len(made), "", dtype=object)
    for name in contract.required_inputs:
        missing = f", {name.removesuffix('_m3_m3').removesuffix('_mm')}_missing"
        said += np.where(made[name].isna(), missing, "").astype(object)
    return pd.Series([reason.removeprefix(", ") or None for reason in said], index=made.index, dtype="object")
