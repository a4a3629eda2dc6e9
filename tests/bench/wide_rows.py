"""A message as one wide row: what the load must give, and what contenders of that form write.

Needs Arrow alone: contenders in environments of their own import it too.
"""

import pyarrow as pa

VALUES = (
    "air_temperature",
    "relative_humidity",
    "solar_radiation",
    "wind_speed",
    "wind_direction",
    "air_pressure",
    "precipitation",
)

ROW_SCHEMA = pa.schema(
    [
        ("device_id", pa.string()),
        ("session", pa.string()),
        ("sequence", pa.int64()),
        ("time", pa.timestamp("us", tz="UTC")),
        *((name, pa.float64()) for name in VALUES),
    ]
)
