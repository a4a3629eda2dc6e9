"""Counts are of the current version, whatever files it lies in, and a file is read once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue, census
from pipelines.metrics.census import Census
from tests.lakes import START, observation


def event(number: int, verdict: str) -> dict[str, Any]:
    return {
        "topic": "demo.telemetry",
        "partition": 0,
        "offset": number,
        "kafka_time": START,
        "tenant_id": "demo",
        "format": "chirpstack_v4",
        "verdict": verdict,
        "reasons": [],
        "ingest_time": START,
    }


def counts(counted: Census, lake: Lake, metric: catalogue.Metric) -> dict[str, float]:
    return {sample.values[0]: sample.value for sample in counted.samples(lake) if sample.metric is metric}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files that are read, in order."""
    files: list[str] = []
    real = census._columns
    monkeypatch.setattr(census, "_columns", lambda uri, *names: files.append(uri) or real(uri, *names))
    return files


def test_what_never_came_is_counted_as_none(tmp_path: Path) -> None:
    assert counts(Census(), Lake(tmp_path), catalogue.RECORDS) == {"accepted": 0, "duplicate": 0, "quarantined": 0}
    assert counts(Census(), Lake(tmp_path), catalogue.OBSERVATIONS) == {"1": 0, "2": 0, "3": 0, "4": 0, "9": 0}
    assert counts(Census(), Lake(tmp_path), catalogue.NEIGHBOUR_FLAGS) == {"1": 0, "2": 0, "3": 0, "4": 0, "9": 0}
    assert counts(Census(), Lake(tmp_path), catalogue.NEWEST) == {}


def test_records_and_values_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for first, verdicts in ((0, ["accepted", "accepted", "duplicate"]), (3, ["accepted", "quarantined"])):
        lake.append("bronze.events", [event(first + at, verdict) for at, verdict in enumerate(verdicts)])
    flags = [1, 1, 1, 3, 9]
    lake.append("silver.observations", [observation(n) | {"flag": flag} for n, flag in enumerate(flags)])
    assert counts(Census(), lake, catalogue.RECORDS) == {"accepted": 3, "duplicate": 1, "quarantined": 1}
    assert counts(Census(), lake, catalogue.OBSERVATIONS) == {"1": 3, "2": 0, "3": 1, "4": 0, "9": 1}


def test_what_neighbours_say_is_counted_beside_the_values(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    said = [("spike", 4, 1), ("flat_line", 3, 1), ("spike", 1, 2)]  # the second run takes the spike back
    rows = [
        {name: observation(0)[name] for name in ("event_key", "device_id", "property", "phenomenon_time")}
        | {"reason": reason, "flag": flag, "flag_run": run, "silver_version": run, "contract_digest": "41aa"}
        for reason, flag, run in said
    ]
    lake.append("silver.flags", rows)
    assert counts(Census(), lake, catalogue.NEIGHBOUR_FLAGS) == {"1": 1, "2": 0, "3": 1, "4": 1, "9": 0}


def test_a_clock_that_is_ahead_does_not_make_data_new(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    taken = START + timedelta(hours=1)
    times = [START, START + timedelta(minutes=30), START + timedelta(days=400)]
    lake.append(
        "silver.observations",
        [observation(n) | {"phenomenon_time": time, "ingest_time": taken} for n, time in enumerate(times)],
    )
    assert counts(Census(), lake, catalogue.NEWEST) == {"silver.observations": times[1].timestamp()}


def test_a_file_is_read_once_and_a_compacted_table_counts_the_same(tmp_path: Path, read: list[str]) -> None:
    lake, kept = Lake(tmp_path), Census()
    for number in range(3):
        lake.append("bronze.events", [event(number, "accepted")])
    assert counts(kept, lake, catalogue.RECORDS)["accepted"] == 3
    assert len(read) == 3
    lake.append("bronze.events", [event(3, "accepted")])
    assert counts(kept, lake, catalogue.RECORDS)["accepted"] == 4
    assert len(read) == 4
    lake.open("bronze.events").optimize.compact()
    assert counts(kept, lake, catalogue.RECORDS)["accepted"] == 4
    assert len(read) == len(set(read)) == 5
    assert len(kept._known["bronze.events"]) == 1
