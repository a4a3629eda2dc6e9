"""The gate as a command: a verdict that the exit code can follow, and a status that starts nothing."""

import sys
from datetime import UTC, datetime

import pytest

from pipelines.errors import GateHeld
from pipelines.gate.judge import GateResult
from pipelines.jobs.gate import TableStatus, gate, gate_status, require_admitted
from pipelines.lake.tables import Lake
from pipelines.settings import Settings
from tests.lakes import observation

SILVER = "silver.observations"


def result(verdict: str, *failed: str) -> GateResult:
    decided_at = datetime(2026, 6, 1, tzinfo=UTC)
    return GateResult(SILVER, 3, 5, 700, 41, failed, verdict, "41aa", "[]", decided_at)


def test_an_admitted_slice_passes() -> None:
    assert require_admitted(result("admitted")).gate_verdict == "admitted"


def test_a_held_slice_is_named_with_what_failed() -> None:
    with pytest.raises(GateHeld) as held:
        require_admitted(result("held", "flag is one of QARTOD's: 1 rows are not so, such as 5"))
    assert held.value.exit_code == 5
    assert str(held.value).startswith(
        "The gate holds a slice (silver.observations, versions 4 to 5): expected 41 expectations to hold for 700 rows, "
        "got flag is one of QARTOD's: 1 rows are not so, such as 5."
    )


def test_the_status_of_a_lake_without_tables(home_settings: Settings) -> None:
    assert gate_status(home_settings).tables == (TableStatus(SILVER, -1, -1, None),)


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_a_judgement_shows_in_the_status(home_settings: Settings) -> None:
    Lake(home_settings.lake).append(SILVER, [observation(20), observation(21)])
    verdict = gate(home_settings)
    (status,) = gate_status(home_settings).tables
    assert (verdict.gate_verdict, verdict.row_count) == ("admitted", 2)
    assert (status.version, status.admitted_version) == (1, 1)
    assert status.latest is not None
    assert (status.latest.decided_at, status.latest.judged_now) == (verdict.decided_at, False)


def test_the_gate_is_imported_without_its_heavy_libraries() -> None:
    import subprocess

    said = "import sys, pipelines.jobs.gate; print([m for m in ('pyspark', 'great_expectations') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "[]\n"
