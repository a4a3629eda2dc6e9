"""A lake small enough to count by hand."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines.contracts import tables
from pipelines.lake.tables import Lake

FIELD = "twitchell-alfalfa"
NOON = datetime(2017, 6, 1, 20, tzinfo=UTC)  # 12:00 at UTC-8
DIGEST = "ab" * 32

# partition, offset, verdict, reasons: 6 accepted + 2 duplicate + 1 quarantined = 9 = offsets 0-5 and 0-2.
RECORDS = [
    (0, 0, "accepted", []),
    (0, 1, "accepted", []),
    (0, 2, "duplicate", ["repeated_in_batch"]),
    (0, 3, "accepted", []),
    (0, 4, "accepted", []),
    (0, 5, "quarantined", ["not_json"]),
    (1, 0, "accepted", []),
    (1, 1, "duplicate", ["known_to_the_lake"]),
    (1, 2, "accepted", []),
]
# property, flag, when: the last is 2018 in UTC and still 2017 in the field.
OBSERVATIONS = [
    ("soil_moisture", 1, NOON),
    ("soil_moisture", 1, NOON),
    ("soil_moisture", 3, NOON),
    ("air_temperature", 4, NOON),
    ("air_temperature", 1, datetime(2018, 1, 1, 7, 30, tzinfo=UTC)),
]
# Soil moisture of 0-30 cm from 2017-06-01 on; None is a day without enough readings.
MOISTURE = [0.20, 0.20, 0.19, 0.25, 0.24, None, None, 0.22, 0.22, 0.21]
RAIN = [None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0]


def bronze(partition: int, offset: int, verdict: str, reasons: list[str]) -> dict[str, Any]:
    known = {"topic": "demo.telemetry", "partition": partition, "offset": offset, "verdict": verdict}
    place = {"kafka_time": NOON, "ingest_time": NOON, "tenant_id": "demo", "format": "chirpstack_v4", "headers": []}
    return known | place | {"reasons": reasons, "raw": b"{"}


def silver(number: int, property_: str, flag: int, when: datetime) -> dict[str, Any]:
    said = {"event_key": f"e{number}", "device_id": "d1", "property": property_, "flag": flag, "value": 0.2}
    kind = {"tenant_id": "demo", "sensor_model": "probe", "unit": "1", "reasons": [], "format": "chirpstack_v4"}
    place = {"topic": "demo.telemetry", "partition": 0, "offset": number, "ingest_time": NOON}
    return said | kind | place | {"phenomenon_time": when, "result_time": when}


def gold(day: date, soil_moisture: float | None, rain: float | None, **other: Any) -> dict[str, Any]:
    share = 0.5 if soil_moisture is None else 1.0
    soil = {"soil_moisture_0_30cm_m3_m3": soil_moisture, "soil_moisture_0_30cm_coverage": share}
    weather = {"precipitation_mm": rain, "eto_mm": 6.0, "solar_radiation_mj_m2": 28.0, "air_temperature_mean_c": 20.0}
    known = {"field_id": FIELD, "date": day, "eto_method": "asce-short refet 0.5.0", "silver_version": 4}
    return known | soil | weather | other


def water(day: date, depletion_mm: float, irrigation_mm: float, ks: float) -> dict[str, Any]:
    """A day of the water balance on which 5 mm evaporate; 130 mm are available, 70 of them readily."""
    known = {"field_id": FIELD, "date": day, "crop": "alfalfa", "ks": ks, "assumed": ["soil_limits"]}
    flows = {"irrigation_mm": irrigation_mm, "rain_mm": 0.0, "eta_mm": 5.0, "deep_percolation_mm": 0.0}
    holds = {"depletion_mm": depletion_mm, "total_available_water_mm": 130.0, "readily_available_water_mm": 70.0}
    others = ("eto_mm", "kcb", "ke", "etc_mm", "evaporation_mm", "transpiration_mm", "runoff_mm", "depletion_start_mm")
    told = {"root_depth_m": 1.0, "balance_method": "made up", "operations_version": 1}
    return dict.fromkeys(others, 1.0) | known | flows | holds | told


def replace(lake: Lake, name: str, rows: list[dict[str, Any]]) -> None:
    """Write a table anew, as a restatement does."""
    data = pa.Table.from_pylist(rows, schema=tables.table(name).arrow_schema)
    write_deltalake(lake.create(name), data, mode="overwrite")


@pytest.fixture
def empty_lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "empty")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The small lake, for tests that only read it."""
    lake = Lake(tmp_path_factory.mktemp("made_once") / "lake")
    lake.append("bronze.events", [bronze(*record) for record in RECORDS])
    lake.append("silver.observations", [silver(number, *said) for number, said in enumerate(OBSERVATIONS)])
    lake.append("reference.fields", [field(FIELD)])
    lake.append(
        "reference.devices", [{"device_id": "d1", "field_id": FIELD, "valid_from": datetime(2015, 1, 1, tzinfo=UTC)}]
    )
    first = date(2017, 6, 1)
    days = [gold(first + timedelta(n), *both) for n, both in enumerate(zip(MOISTURE, RAIN, strict=True))]
    before = [
        day | {"soil_moisture_0_30cm_m3_m3": None, "silver_version": 3} if n == 3 else day for n, day in enumerate(days)
    ]
    replace(lake, "gold.field_daily", before)  # version 1
    replace(lake, "gold.field_daily", [gold(date(2015, 6, 1), 0.4, None), *days])  # version 2
    lake.append("ops.models", [model(DIGEST, gold_version=2)])
    lake.append("ops.cluster_jobs", [job("job-1")])
    lake.append(
        "ops.gate_results",
        [judged(-1, 3, "admitted", "s1"), judged(3, 4, "admitted", "s2"), judged(4, 5, "held", "s2")],
    )
    lake.append("scores.irrigation", [score(first + timedelta(n), 0.20, 0.22, 0.24) for n in range(7)])
    return lake


@pytest.fixture
def lake(made_once: Lake, tmp_path: Path) -> Lake:
    """A copy of the small lake that a test may write to."""
    shutil.copytree(made_once.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def field(field_id: str, crop: str | None = "alfalfa") -> dict[str, Any]:
    place = {"latitude_deg": 38.1159, "longitude_deg": -121.6467, "elevation_m": -9.0}
    return {"field_id": field_id, "utc_offset_h": -8.0, "wind_height_m": 2.8, "crop": crop} | place


def score(day: date, p10: float | None, p50: float | None, p90: float | None, digest: str = DIGEST) -> dict[str, Any]:
    said = {"soil_moisture_p10_m3_m3": p10, "soil_moisture_p50_m3_m3": p50, "soil_moisture_p90_m3_m3": p90}
    known = {"field_id": FIELD, "date": day, "soil_layer": "0_30cm", "horizon_d": 3}
    return known | said | {"model_name": "irrigation", "model_digest": digest, "gold_version": 2}


def model(digest: str, gold_version: int, decided_at: datetime = NOON) -> dict[str, Any]:
    skilled = {"soil_layer": "0_30cm", "horizon_d": 3, "n": 88, "skill": -0.25, "coverage_80": 0.76}
    errors = {"rmse_model_m3_m3": 0.0125, "rmse_persistence_m3_m3": 0.01}
    known = {"model_name": "irrigation", "model_digest": digest, "model_path": "models/a.onnx", "job_key": "job-1"}
    return known | {
        "gold_version": gold_version,
        "metrics": json.dumps({"scores": [skilled | errors]}),
        "decided_at": decided_at,
    }


def job(key: str) -> dict[str, Any]:
    spec = json.dumps({"code_digest": "c0de" * 16})
    return {
        "job_key": key,
        "job_kind": "retrain",
        "job_spec": spec,
        "job_state": "succeeded",
        "backend": "local",
        "decided_at": NOON,
    }


def judged(after: int, until: int, verdict: str, suite: str) -> dict[str, Any]:
    failed = ["unit is fixed per property: saw 'kPa' in 10 rows"] if verdict == "held" else []
    slice_ = {"table_name": "silver.observations", "from_version": after, "to_version": until, "row_count": 1344}
    outcome = {"expectation_count": 24, "failed_expectations": failed, "gate_verdict": verdict, "suite_digest": suite}
    return slice_ | outcome | {"evidence": "{}", "decided_at": NOON + timedelta(minutes=until)}
