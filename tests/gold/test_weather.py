"""A real year from its uplinks to gold: plain pandas on the published record, and refet on the day's own aggregates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.gold.region import EVERYTHING
from pipelines.gold.weather import TABLES, build_weather, weather_made_from
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.tables import Lake
from pipelines.quality.run import run
from pipelines.reference.fields import read_fields
from pipelines.simulate.tower import PROBE_2017, SAMPLE, STATION, frames
from pipelines.simulate.trouble import BARN
from pipelines.simulate.uplinks import publish
from tests.gold.lakes import SILVER, decide
from tests.gold.refets import refets_eto_mm
from tests.uplinks import records

# The whole record where it lies beside the clone; else the sample, which has every half hour of it.
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "us-tw3" / "us-tw3_2017_hh.csv.gz"
RECORD = BESIDE if BESIDE.is_file() else SAMPLE / "us-tw3_2017.csv.gz"
NOW = datetime(2018, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """2017 as its instruments sent it, through the kernel into silver, looked at and admitted."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.append("reference.fields", read_fields(SAMPLE / "fields.geojson"))
    since = datetime(2015, 1, 1, tzinfo=UTC)
    about = {"field_id": "twitchell-alfalfa", "valid_from": since}
    lake.append("reference.devices", [about | {"device_id": device.eui} for device in (STATION, PROBE_2017)])
    with FileWriter(lake.path(SILVER)) as writer:
        snapshot = lake.create(SILVER)
        for rows in observations():
            writer.write(rows)
        file = writer.finish()
    append_once(snapshot, table(SILVER), [file] if file else [], [Progress("test", None, 1)])
    decide(lake)
    run(lake, NOW)
    assert build_weather(lake, weather_made_from(lake), cores=2) == EVERYTHING
    return lake


def observations() -> Iterator[pa.Table]:
    sent = (publish("acme", frame, BARN).value for frame in frames() if frame.time.year >= 2017)
    while values := list(islice(sent, 20_000)):
        with Batch(steps(), records(values), tenant_id="acme", ingest_time=NOW) as batch:
            yield batch.judge(KNOWN_KEYS_SCHEMA.empty_table()).silver


@pytest.fixture(scope="module")
def days(lake: Lake) -> pd.DataFrame:
    return lake.read("gold.field_daily").to_pandas().set_index("date").sort_index()


@pytest.fixture(scope="module")
def record(lake: Lake) -> pd.DataFrame:
    """The record by the start of its half hours in local standard time, without what gold must not use."""
    found = pd.read_csv(RECORD, na_values=[-9999], dtype={"TIMESTAMP_START": str})
    found = found.set_index(pd.to_datetime(found["TIMESTAMP_START"], format="%Y%m%d%H%M"))
    from pipelines.lake.query import query

    failed = query(
        lake, "select property, depth_cm, phenomenon_time from silver.observations_current where flag = 4"
    ).rows
    for name, depth, time in failed:
        column = {("soil_moisture", 10.0): "SWC_1_1_1", ("soil_moisture", 45.0): "SWC_1_2_1"}.get(
            (name, depth), NAMES.get(name)
        )
        if column:
            found.loc[time.replace(tzinfo=None) - timedelta(hours=8), column] = None
    assert len(failed) < 100
    return found


NAMES = {"air_temperature": "TA", "relative_humidity": "RH", "solar_radiation": "SW_IN", "wind_speed": "WS",
         "air_pressure": "PA", "precipitation": "P"}  # fmt: skip


def test_a_years_means_are_those_of_plain_pandas(days: pd.DataFrame, record: pd.DataFrame) -> None:
    # The night's offset counts as 0, humidity above 100 as 100: pipelines/gold/series.py.
    clipped = record.assign(SW_IN=record["SW_IN"].clip(lower=0), RH=record["RH"].clip(upper=100))
    daily, count = clipped.groupby(clipped.index.date), record.groupby(record.index.date)
    expected = {
        "air_temperature_mean_c": daily["TA"].mean(),
        "air_temperature_min_c": daily["TA"].min(),
        "air_temperature_max_c": daily["TA"].max(),
        "relative_humidity_mean_pct": daily["RH"].mean(),
        "air_pressure_mean_hpa": daily["PA"].mean() * 10,
        "solar_radiation_mj_m2": daily["SW_IN"].mean() * 0.0864,
        "wind_speed_mean_m_s": daily["WS"].mean(),
        "precipitation_mm": daily["P"].sum(),
        "soil_moisture_0_30cm_m3_m3": daily["SWC_1_1_1"].mean() / 100,
        "soil_moisture_30_60cm_m3_m3": daily["SWC_1_2_1"].mean() / 100,
    }
    read = dict(
        zip(expected, ("TA", "TA", "TA", "RH", "PA", "SW_IN", "WS", "P", "SWC_1_1_1", "SWC_1_2_1"), strict=True)
    )
    for name, values in expected.items():
        known = values.where(count[read[name]].count() >= 0.9 * 48).reindex(days.index)
        pd.testing.assert_series_equal(days[name], known, check_names=False, check_index_type=False, rtol=0, atol=1e-9)
    assert len(days) == 365
    assert (record["SW_IN"] < 0).sum() == 8_035  # samples/us-tw3/README.md
    assert (record["RH"] > 100).sum() == 28


def test_a_years_evapotranspiration_is_refets(days: pd.DataFrame) -> None:
    known = days.dropna(subset=["eto_mm"])
    expected = refets_eto_mm(known, latitude_deg=38.1159)
    assert list(known["eto_mm"]) == pytest.approx(list(expected), abs=1e-9)
    assert len(known) > 300


def test_a_days_hours_add_up_to_the_day(lake: Lake, days: pd.DataFrame) -> None:
    hours = lake.read("gold.field_hourly").to_pandas()
    whole = hours.groupby("date").agg(n=("air_temperature_mean_c", "count"), mean=("air_temperature_mean_c", "mean"))
    both = whole[whole["n"] == 24].join(days[["air_temperature_mean_c", "air_temperature_coverage"]])
    both = both[both["air_temperature_coverage"] == 1]
    assert len(both) > 200
    assert list(both["mean"]) == pytest.approx(list(both["air_temperature_mean_c"]), abs=1e-9)


def test_nothing_new_builds_nothing(lake: Lake) -> None:
    versions = {name: lake.version(name) for name in TABLES}
    assert build_weather(lake, weather_made_from(lake), cores=2) is None
    assert {name: lake.version(name) for name in TABLES} == versions
