"""The demo's lake, made without its services: the sample through the kernel, and gold built from it."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.tables import table
from pipelines.contracts.topics import OPERATIONS, kind_of
from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.reference import load_reference
from pipelines.jobs.send import PARTITIONS
from pipelines.kernel.batch import RECORD_COLUMNS
from pipelines.lake.tables import Lake
from pipelines.quality.run import run
from pipelines.settings import from_environment
from pipelines.simulate.operations import sample_operations
from pipelines.simulate.tower import SAMPLE
from pipelines.simulate.trouble import first_batch, late_block
from pipelines.simulate.uplinks import Uplink
from pipelines.stream.batch import Tables, run_batch
from pipelines.stream.broker import partition_of
from pipelines.stream.clean import Cleaned, Cleaning
from pipelines.stream.plan import Ends, OffsetRange

ROOT = Path(__file__).resolve().parents[2]
SILVER = "silver.observations"
INGEST_TIME = datetime(2026, 6, 1, 14, tzinfo=UTC)


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

    def clean(self, ranges: Sequence[OffsetRange], cleaning: Cleaning) -> list[Cleaned]:
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
    operations = Topic(settings.topic("operations"), [[] for _ in range(PARTITIONS)])
    operations.add(sample_operations(settings.tenant))
    _take_in(lake, operations)
    _admit(lake, OPERATIONS.table, 1)
    for version, batch in enumerate((first_batch, late_block), start=1):
        topic.add(batch(settings.tenant))
        _take_in(lake, topic)
        run(lake, INGEST_TIME)
        _admit(lake, SILVER, version)
        build_gold(settings)
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
    tables = Tables(lake, kind_of(topic.name))
    run_batch(tables, topic.ends(), topic.clean, tenant_id="demo", ingest_time=INGEST_TIME, max_records=1_000_000)


def _admit(lake: Lake, name: str, version: int) -> None:
    before = -1 if version == 1 else version - 1
    rows = lake.open(name, version).count() - (lake.open(name, before).count() if before > 0 else 0)
    judged = {"table_name": name, "from_version": before, "to_version": version, "row_count": rows}
    outcome = {"expectation_count": 36, "failed_expectations": [], "gate_verdict": "admitted"}
    lake.append("ops.gate_results", [judged | outcome | {"suite_digest": "made up", "decided_at": INGEST_TIME}])
