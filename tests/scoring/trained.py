"""A model of two made-up fields, and their days: some without ETo, some without soil moisture or rain."""

import pandas as pd

from pipelines.contracts.models import model
from pipelines.models.irrigation.dataset import dataset
from pipelines.models.irrigation.export import to_onnx
from pipelines.models.irrigation.fit import fit
from pipelines.scoring.irrigation import Scored
from tests.field_days import field_days

IRRIGATION = model("irrigation")
RUN = Scored(IRRIGATION, "d1", 4)
QUANTILES = [f"soil_moisture_{name}_m3_m3" for name in ("p10", "p50", "p90")]


def gold() -> pd.DataFrame:
    days = pd.concat([field_days(60, "north"), field_days(90, "south", seed=2)], ignore_index=True)
    days.loc[10:14, "eto_mm"] = None
    days.loc[20:21, "soil_moisture_0_30cm_m3_m3"] = None
    days.loc[70:80, "precipitation_mm"] = None
    return days


ONNX = to_onnx(fit(dataset(gold(), IRRIGATION), IRRIGATION), IRRIGATION, "training")
