"""Two real years (samples/us-tw3): few flags, each of which a look at the record bears out; and a clock put wrong.

The sample's values without messages: the kernel's part is tested elsewhere.
"""

from datetime import timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors
from pipelines.contracts.tables import table
from pipelines.jobs.flag import flag
from pipelines.jobs.reference import load_reference
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.simulate.tower import HALF_HOUR, SAMPLE, frames

SILVER = "silver.observations"
MODELS = {"Tower weather station": "tower_weather_station", "Tower soil probe": "tower_soil_probe"}


@pytest.fixture(scope="module")
def sample() -> pa.Table:
    """Every value of the sample as silver.observations would hold it, if all were within the ranges."""
    rows = []
    readings = {model: {each.key: each for each in sensors()[model].readings} for model in MODELS.values()}
    for frame in frames():
        model = MODELS[frame.device.model]
        for key, value in frame.values.items():
            reading = readings[model][key]
            canonical = value * reading.scale + reading.offset
            low, high = reading.quantity.fail
            rows.append(
                {
                    "event_key": f"{frame.device.dev_eui}/{frame.session}/{frame.sequence}",
                    "device_id": frame.device.dev_eui,
                    "sensor_model": model,
                    "property": reading.quantity.name,
                    "channel": reading.channel,
                    "depth_cm": reading.depth_cm,
                    "value": canonical,
                    "flag": 1 if low <= canonical <= high else 4,
                    "phenomenon_time": frame.ended_at - HALF_HOUR,
                    "result_time": frame.ended_at,
                }
            )
    return pa.Table.from_pylist(rows)
