"""What the forecast learns from: features of a day, and what the soil had become so many days later."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.contracts.models import ModelContract
from pipelines.models.irrigation.features import KEY, features


def dataset(gold: pd.DataFrame, contract: ModelContract) -> pd.DataFrame:
    """Return the rows that have all required inputs and whose outcome was observed.

    Shape: one row per (field_id, date, soil_layer, horizon_d), sorted by it; the features, then the target (float32).
    Units: m3/m3 for the target, the change of soil moisture from date to date + horizon_d.
    Source: schemas/models/irrigation.yaml.
    """
    rows = features(gold, contract)
    rows = rows.merge(_outcomes(rows), on=KEY, how="left", validate="one_to_one")
    rows[contract.target] = (rows.pop("later") - rows["soil_moisture_now_m3_m3"]).astype("float32")
    known = rows["missing_reason"].isna() & rows[contract.target].notna()
    return rows[known].drop(columns="missing_reason").sort_values(KEY, ignore_index=True)


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write the rows; equal rows give an equal file."""
    rows.to_parquet(path, index=False, engine="pyarrow", compression="zstd")


def _outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    """Soil moisture of (date + horizon) at the key of (date): joined by the calendar, never by position."""
    horizons = pd.to_timedelta(rows["horizon_d"].to_numpy().astype(np.int64), unit="D")
    asked = (pd.to_datetime(rows["date"]) - horizons).dt.date
    return rows[["field_id", "soil_layer", "horizon_d"]].assign(date=asked, later=rows["soil_moisture_now_m3_m3"])
