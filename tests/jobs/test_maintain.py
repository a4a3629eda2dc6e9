"""Maintenance of a whole lake keeps what the next steps read."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines.contracts.tables import table
from pipelines.errors import ServiceUnreachable, UsageError
from pipelines.gold.store import write_whole
from pipelines.jobs.maintain import lock_file, maintain
from pipelines.lake.maintenance import alone
from pipelines.lake.tables import Lake
from pipelines.settings import Settings, from_environment
from tests.lakes import observation

SILVER = "silver.observations"
DECIDED = {
    "expectation_count": 1,
    "row_count": 1,
    "failed_expectations": [],
    "suite_digest": "s",
    "decided_at": datetime(2026, 6, 1, tzinfo=UTC),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Twelve commits to silver, of which the gate has admitted ten; nothing else there."""
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    lake = Lake(settings.lake)
    for number in range(12):
        lake.append(SILVER, [observation(number)])
    judged = {"table_name": SILVER, "from_version": -1, "to_version": 10, "gate_verdict": "admitted"}
    lake.append("ops.gate_results", [DECIDED | judged])
    flag(lake, 1, 12)
    return settings


def flag(lake: Lake, number: int, to_version: int) -> None:
    counts = dict.fromkeys(("row_count", "flags_given", "flags_withdrawn"), 0)
    versions = {"from_version": -1, "to_version": to_version, "devices_version": -1, "fields_version": -1}
    run = {"flag_run": number, "contract_digest": "c", "decided_at": DECIDED["decided_at"]}
    lake.append("ops.flag_runs", [run | versions | counts])


def test_what_the_gate_has_still_to_read_outlives_every_retention(settings: Settings) -> None:
    assert [(each.table_name, each.joined_files) for each in maintain(settings, apply=True).tables] == [
        ("ops.flag_runs", 0),
        ("ops.gate_results", 0),
        (SILVER, 12),
    ]
    (*_, silver) = maintain(settings, keep_days=0, apply=True).tables
    assert (silver.expired_files, silver.note) == (
        0,
        "nothing is deleted: the flags, the gate or gold have yet to read some of it",
    )

    judged = {"table_name": SILVER, "from_version": 10, "to_version": 13, "gate_verdict": "admitted"}
    Lake(settings.lake).append("ops.gate_results", [DECIDED | judged])
    (*_, silver) = maintain(settings, keep_days=0, apply=True).tables
    assert (silver.expired_files, silver.note) == (12, None)


def test_what_the_flags_have_still_to_look_at_does_too(settings: Settings) -> None:
    lake = Lake(settings.lake)
    flag(lake, 2, 11)
    maintain(settings, apply=True)
    judged = {"table_name": SILVER, "from_version": 10, "to_version": 13, "gate_verdict": "admitted"}
    lake.append("ops.gate_results", [DECIDED | judged])
    assert maintain(settings, keep_days=0, apply=True).tables[-1].expired_files == 0
    flag(lake, 3, 13)
    assert maintain(settings, keep_days=0, apply=True).tables[-1].expired_files == 12


def test_the_registry_that_the_flags_were_given_by_stays(settings: Settings) -> None:
    lake = Lake(settings.lake)
    about = {"latitude_deg": 38.0, "longitude_deg": -121.0, "elevation_m": 1.0, "utc_offset_h": -8.0}
    for name in ("north", "south", "east"):
        field = about | {"field_id": name, "wind_height_m": 2.0}
        rows = pa.Table.from_pylist([field], schema=table("reference.fields").arrow_schema)
        write_deltalake(lake.create("reference.fields"), rows, mode="overwrite")
    run = lake.read("ops.flag_runs").to_pylist()[0]
    lake.append("ops.flag_runs", [run | {"flag_run": 2, "fields_version": 2}])
    maintain(settings, keep_days=0, apply=True)
    assert lake.read("reference.fields", 2)["field_id"].to_pylist() == ["south"]
    with pytest.raises(FileNotFoundError):
        lake.read("reference.fields", 1)


def test_the_admitted_version_stays_whole(settings: Settings) -> None:
    maintain(settings, apply=True)
    lake = Lake(settings.lake)
    held = {"table_name": SILVER, "from_version": 10, "to_version": 13, "gate_verdict": "held"}
    lake.append("ops.gate_results", [DECIDED | held])
    maintain(settings, keep_days=0, apply=True)
    assert lake.read(SILVER, 10).num_rows == 10


def test_a_dry_run_needs_no_turn_and_changes_nothing(settings: Settings) -> None:
    lake = Lake(settings.lake)
    with alone(lock_file(settings)):
        report = maintain(settings)
        with pytest.raises(ServiceUnreachable):
            maintain(settings, apply=True)
    assert (report.applied, report.tables[-1].joined_files, lake.version(SILVER)) == (False, 12, 12)


def test_without_a_lake_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no lake here .*lake/demo.*FIELDSTREAM_HOME"):
        maintain(from_environment({"FIELDSTREAM_HOME": str(tmp_path)}), apply=True)


def test_what_gold_was_not_built_from_yet_is_kept_for_it(settings: Settings) -> None:
    lake = Lake(settings.lake)
    maintain(settings, apply=True)
    flag(lake, 2, 13)
    judged = {"table_name": SILVER, "from_version": 10, "to_version": 13, "gate_verdict": "admitted"}
    lake.append("ops.gate_results", [DECIDED | judged])
    write_whole(lake, "gold.field_daily", [], {SILVER: 11})
    assert maintain(settings, keep_days=0, apply=True).tables[-1].expired_files == 0
    write_whole(lake, "gold.field_daily", [], {SILVER: 13})
    assert maintain(settings, keep_days=0, apply=True).tables[-1].expired_files == 12
