"""Rows laid out: series told apart, places of what is usable, and each test on the rows that it is for."""

from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.quality import quality
from pipelines.quality.judge import judge, rise_places, rows_of

HOUR_US = 3_600_000_000

SCHEMA = pa.schema(
    [
        ("device_id", pa.string()),
        ("property", pa.string()),
        ("channel", pa.int32()),
        ("depth_cm", pa.float64()),
        ("time_us", pa.int64()),
        ("result_us", pa.int64()),
        ("received_us", pa.int64()),
        ("value", pa.float64()),
        ("is_usable", pa.bool_()),
        ("interval_s", pa.int64()),
        ("latitude_deg", pa.float64()),
        ("longitude_deg", pa.float64()),
    ]
)


def table(*lines: str) -> pa.Table:
    """Read lines: device | property | channel | depth | hour | value | usable."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        device, name, channel, depth, hour, value, usable = (cell.strip() for cell in line.split("|"))
        time_us = int(float(hour) * HOUR_US)
        rows.append(
            {
                "device_id": device,
                "property": name,
                "channel": int(channel) if channel else None,
                "depth_cm": float(depth) if depth else None,
                "time_us": time_us,
                "result_us": time_us,
                "received_us": time_us,
                "value": float(value) if value else None,
                "is_usable": usable == "yes",
                "interval_s": 0,
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def test_a_series_is_a_device_a_property_a_channel_and_a_depth() -> None:
    rows = rows_of(
        table(
            "a | soil_moisture   |   |    | 0 | 0.2 | yes",
            "a | soil_moisture   |   | 10 | 0 | 0.2 | yes",
            "a | soil_moisture   | 1 | 10 | 0 | 0.2 | yes",
            "a | soil_moisture   | 1 | 10 | 1 | 0.2 | yes",
            "a | soil_moisture   | 2 | 10 | 0 | 0.2 | yes",
            "a | air_temperature |   |    | 0 | 0.2 | yes",
            "b | air_temperature |   |    | 0 | 0.2 | yes",
        ),
        quality(),
    )
    assert rows.series.numbers.tolist() == [0, 1, 2, 2, 3, 4, 5]


def test_a_value_that_failed_is_no_neighbour() -> None:
    """Between 20.0 and 20.2 there is nothing usable; the 30 after them is a step, not the 85 before."""
    found = judge(
        rows_of(
            table(
                "a | air_temperature | | | 0   | 20.0 | yes",
                "a | air_temperature | | | 0.1 | 85.0 | no ",
                "a | air_temperature | | | 0.2 |      | no ",
                "a | air_temperature | | | 0.3 | 20.2 | yes",
                "a | air_temperature | | | 0.4 | 30.0 | yes",
            ),
            quality(),
        ),
        quality(),
    )
    assert dict(zip(found.reasons.tolist(), found.places.tolist(), strict=True)) == {"gap": 0, "rate_of_change": 4}


def test_a_property_without_limits_is_told_its_gaps_only() -> None:
    lines = [f"a | wind_direction | | | {hour} | {hour % 2 * 359} | yes" for hour in (0, 1, 2, 20, 21)]
    found = judge(rows_of(table(*lines), quality()), quality())
    assert list(zip(found.reasons.tolist(), found.places.tolist(), strict=True)) == [("gap", 0), ("gap", 3)]


def test_without_a_place_the_sun_says_nothing() -> None:
    found = judge(
        rows_of(table(*(f"a | solar_radiation | | | {hour} | 700 | yes" for hour in range(3))), quality()), quality()
    )
    assert set(found.reasons.tolist()) == {"gap"}


def test_rises_are_of_soil_moisture() -> None:
    lines = [
        f"a | {name} | | | {hour} | {0.1 * hour} | yes" for name in ("leaf_wetness", "soil_moisture") for hour in (1, 2)
    ]
    assert rise_places(rows_of(table(*lines), quality()), quality()).tolist() == [3]


def test_no_rows_no_flags() -> None:
    found = judge(rows_of(table(), quality()), quality())
    assert found.places.tolist() == []
    assert rise_places(rows_of(table(), quality()), quality()).dtype == np.int64
