"""The demo's lake, made without its services: the sample through the kernel, gold by a query of its own."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pytest
from deltalake import write_deltalake

from pipelines.contracts.tables import table
from pipelines.jobs.reference import load_reference
from pipelines.jobs.send import PARTITIONS
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.lake.tables import Lake
from pipelines.quality.run import run
from pipelines.settings import from_environment
from pipelines.simulate.tower import SAMPLE
from pipelines.simulate.trouble import first_batch, late_block
from pipelines.simulate.uplinks import Uplink
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.broker import partition_of
from pipelines.stream.clean import CleanedRange, Cleaning
from pipelines.stream.plan import Ends, OffsetRange

ROOT = Path(__file__).resolve().parents[2]
SILVER, GOLD = "silver.observations", "gold.field_daily"
INGEST_TIME = datetime(2026, 6, 1, 14, tzinfo=UTC)

# A day of this field begins at 8:00 UTC. The result of the soil's upper layer is all that the pages show of gold.
FIELD_DAYS = """
    select
        'twitchell-alfalfa' as field_id,
        cast(make_timestamp(epoch_us(phenomenon_time)) - interval 8 hour as date) as date,
        count(*) filter (property = 'soil_moisture' and depth_cm = 10) / 48 as soil_moisture_0_30cm_coverage,
        if(
            soil_moisture_0_30cm_coverage >= 0.9,
            avg(value) filter (property = 'soil_moisture' and depth_cm = 10),
            null
        ) as soil_moisture_0_30cm_m3_m3,
        'not computed' as eto_method,
        $version as silver_version
    from observations
    where flag in (1, 2, 3)
    group by 2
    order by 2
"""


@dataclass
class Topic:
    """The telemetry topic in memory: what lies in each partition."""

    name: str
    partitions: Sequence[list[Uplink]]

    def add(self, uplinks: Iterable[Uplink]) -> None:
        places: dict[bytes, list[Uplink]] = {}
        for uplink in uplinks:
            place = places.get(uplink.key)
            if place is None:
                place = places[uplink.key] = self.partitions[partition_of(uplink.key, len(self.partitions))]
            place.append(uplink)

    def ends(self) -> Ends:
        ends = {number: len(partition) for number, partition in enumerate(self.partitions)}
        return Ends(self.name, dict.fromkeys(ends, 0), ends)

    def clean(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[CleanedRange]:
        cleaned = (cleaning.clean(self._records(each).to_batches()) for each in ranges)
        return [each for each in cleaned if each is not None]

    def _records(self, wanted: OffsetRange) -> pa.Table:
        uplinks = self.partitions[wanted.partition][wanted.start : wanted.end]
        rows = {
            "topic": [self.name] * wanted.count,
            "partition": [wanted.partition] * wanted.count,
            "offset": range(wanted.start, wanted.end),
            "kafka_time": [INGEST_TIME] * wanted.count,
            "key": [uplink.key for uplink in uplinks],
            "headers": [[{"key": key, "value": value} for key, value in uplink.headers] for uplink in uplinks],
            "raw": [uplink.value for uplink in uplinks],
        }
        schema = table("bronze.events").arrow_schema
        return pa.table(rows, schema=pa.schema([schema.field(name) for name in RECORD_COLUMNS]))


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake went the demo's way: two years, then the week that came late."""
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path_factory.mktemp("docs"))})
    lake, topic = Lake(settings.lake), Topic(settings.telemetry_topic, [[] for _ in range(PARTITIONS)])
    load_reference(settings, SAMPLE / "devices.csv", SAMPLE / "fields.geojson")
    for version, batch in enumerate((first_batch, late_block), start=1):
        topic.add(batch(settings.tenant))
        _take_in(lake, topic)
        run(lake, INGEST_TIME)
        _admit(lake, version)
        _build_gold(lake, version)
    return settings.home


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a reader edits or runs, so that no page changes the real files."""
    for name in ("pipelines", "schemas", "samples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def environ(demo_home: Path, project: Path) -> Mapping[str, str]:
    """The environment of somebody who has just run the demo in that copy."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    mine = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTREAM_")}
    return {**mine, "PATH": programs, "PYTHONPATH": str(project), "FIELDSTREAM_HOME": str(demo_home)}


def _take_in(lake: Lake, topic: Topic) -> None:
    run_batch(Tables(lake), topic.ends(), topic.clean, tenant_id="demo", ingest_time=INGEST_TIME, max_records=1_000_000)


def _admit(lake: Lake, version: int) -> None:
    before = -1 if version == 1 else version - 1
    rows = _rows(lake, version) - (_rows(lake, before) if before > 0 else 0)
    judged = {"table_name": SILVER, "from_version": before, "to_version": version, "row_count": rows}
    outcome = {"expectation_count": 36, "failed_expectations": [], "gate_verdict": "admitted"}
    lake.append("ops.gate_results", [judged | outcome | {"suite_digest": "made up", "decided_at": INGEST_TIME}])


def _rows(lake: Lake, version: int) -> int:
    return lake.open(SILVER, version).count()


def _build_gold(lake: Lake, version: int) -> None:
    observations = pa_dataset.dataset(lake.open(SILVER, version).file_uris(), format="parquet")
    with duckdb.connect() as connection:
        connection.register("observations", observations)
        days = connection.sql(FIELD_DAYS, params={"version": version}).to_arrow_table()
    schema = table(GOLD).arrow_schema
    columns = [
        days[field.name].cast(field.type) if field.name in days.column_names else pa.nulls(len(days), field.type)
        for field in schema
    ]
    write_deltalake(lake.create(GOLD), pa.table(columns, schema=schema), mode="overwrite")
