"""Two real years (samples/us-tw3): few flags, each of which a look at the record bears out; and clocks put wrong.

The sample's values without messages: what the kernel does to them is tested elsewhere.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake

from pipelines.contracts.sensors import named
from pipelines.contracts.tables import table
from pipelines.jobs.flag import flag
from pipelines.jobs.reference import load_reference
from pipelines.lake.flagged import RUNS
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from pipelines.simulate.tower import SAMPLE, frames

SILVER = "silver.observations"
HOUR_US = 3_600_000_000


def values() -> Iterator[tuple[Any, ...]]:
    for frame in frames():
        sensor = named(frame.device.profile)
        assert sensor is not None
        for reading in sensor.readings:
            said = frame.values.get(reading.key)
            if said is not None:
                value = said * reading.scale + reading.offset
                place = (reading.quantity.name, reading.channel, reading.depth_cm)
                yield frame.device.eui, sensor.model, frame.session, frame.sequence, frame.time, *place, value


@pytest.fixture(scope="module")
def sample() -> pa.Table:
    """Every value of the sample as silver.observations holds it, none flagged yet."""
    names = (
        "device_id",
        "sensor_model",
        "session",
        "sequence",
        "result_time",
        "property",
        "channel",
        "depth_cm",
        "value",
    )
    columns = dict(zip(names, map(list, zip(*values(), strict=True)), strict=True))
    result_us = pc.cast(pa.array(columns["result_time"], pa.timestamp("us", "UTC")), pa.int64())
    count = len(result_us)
    columns |= {
        "event_key": [
            f"{session}/{sequence}" for session, sequence in zip(columns["session"], columns["sequence"], strict=True)
        ],
        "phenomenon_time": pc.subtract(result_us, HOUR_US // 2).cast(pa.timestamp("us", "UTC")),
        "reasons": pa.array([[]] * count, pa.list_(pa.string())),
        "ingest_time": [datetime(2026, 6, 1, tzinfo=UTC)] * count,
    }
    constants = {"tenant_id": "demo", "unit": "-", "flag": 1, "format": "-", "topic": "-", "partition": 0, "offset": 0}
    columns |= {name: [constant] * count for name, constant in constants.items()}
    schema = table(SILVER).arrow_schema
    return pa.table(
        [
            pa.array(columns[field.name], field.type) if isinstance(columns[field.name], list) else columns[field.name]
            for field in schema
        ],
        schema=schema,
    )


def lake_with(settings: Settings, rows: pa.Table) -> Lake:
    load_reference(settings, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")
    lake = Lake(settings.lake)
    write_deltalake(lake.create(SILVER), rows, mode="append")
    return lake


def test_two_real_years_are_mostly_good(home_settings: Settings, sample: pa.Table) -> None:
    lake = lake_with(home_settings, sample)
    found = flag(home_settings)
    assert found.row_count == sample.num_rows > 350_000
    # Outages: README.md of the sample. A gap is a gap of each of the station's and the probe's series.
    assert found.flags_given.keys() == {"gap", "rate_of_change", "spike"}
    assert sum(found.flags_given.values()) < sample.num_rows / 500
    asked = """
        select reason, property, strftime(phenomenon_time, '%Y-%m-%d %H:%M') from silver.flags
        where reason = 'spike' order by all
    """
    assert query(lake, asked).rows == [
        # 1012.96, 1007.88, 1012.27 hPa; 42.92, 58.05, 42.47 %.
        ("spike", "air_pressure", "2017-06-05 19:00"),
        ("spike", "relative_humidity", "2017-04-06 06:00"),
    ]
    again = flag(home_settings)
    assert (again.row_count, lake.version(RUNS)) == (0, 1)


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_sun_shows_a_clock_that_is_an_hour_off(home_settings: Settings, sample: pa.Table, hours: int) -> None:
    """At sunrise or sunset of most clear days; none of the same values is flagged at its own time (above)."""
    radiation = sample.filter(pc.equal(sample["property"], "solar_radiation"))
    shifted = {
        name: pc.add(pc.cast(radiation[name], pa.int64()), hours * HOUR_US).cast(pa.timestamp("us", "UTC"))
        for name in ("phenomenon_time", "result_time")
    }
    for name, times in shifted.items():
        radiation = radiation.set_column(
            radiation.column_names.index(name), table(SILVER).arrow_schema.field(name), times
        )
    lake = lake_with(home_settings, radiation)
    assert flag(home_settings).flags_given["radiation_above_possible"] > 1000
    days = query(
        lake,
        "select count(distinct phenomenon_time::date) from silver.flags where reason = 'radiation_above_possible'",
    ).rows[0][0]
    assert days > 500  # of 730
    assert Counter(row[0] for row in query(lake, "select flag from silver.flags").rows)[4] > 0
