"""Days of a made-up field: soil that dries with the weather and is watered now and then."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from pipelines.contracts import tables
from pipelines.lake.tables import Lake

GOLD = "gold.field_daily"


def field_days(days: int, field_id: str = "north", first: date = date(2025, 1, 1), seed: int = 1) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    season = np.sin(2 * np.pi * np.arange(days) / 365.25)
    eto_mm = np.clip(4 + 3 * season + chance.normal(0, 1, days), 0.2, None)
    frame = pd.DataFrame(
        {
            "field_id": field_id,
            "date": [first + timedelta(days=day) for day in range(days)],
            "eto_mm": eto_mm,
            "air_temperature_mean_c": 15 + 8 * season + chance.normal(0, 2, days),
            "solar_radiation_mj_m2": 3.5 * eto_mm,
            "actual_vapour_pressure_kpa": 1.1 + chance.normal(0, 0.1, days),
            "precipitation_mm": np.where(chance.random(days) < 0.1, 8.0, 0.0),
            "soil_moisture_0_30cm_m3_m3": _drying(0.35, eto_mm / 900, every=14),
            "soil_moisture_30_60cm_m3_m3": _drying(0.40, eto_mm / 3000, every=28),
            "soil_moisture_60_90cm_m3_m3": np.nan,
            "eto_method": "made up",
            "silver_version": 1,
        }
    )
    return frame.reindex(columns=tables.table(GOLD).column_names)


def put_gold(lake: Lake, *frames: pd.DataFrame) -> int:
    """Append the days to the lake's gold and return its version."""
    table = lake.create(GOLD)
    schema = tables.table(GOLD).arrow_schema
    write_deltalake(table, pa.Table.from_pandas(pd.concat(frames), schema=schema, preserve_index=False), mode="append")
    return lake.version(GOLD)


def _drying(wet: float, loss: "np.ndarray[Any, np.dtype[np.float64]]", every: int) -> list[float]:
    moisture, now = [], wet
    for day, lost in enumerate(loss):
        now = wet if day % every == 0 else now - lost * now
        moisture.append(float(now))
    return moisture
