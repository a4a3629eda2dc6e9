"""The benchmark's own method: every CPU second is counted, and wrong rows are seen."""

import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.simulate.farm import Farm
from tests.bench.correctness import ledger_and_observations_differ, long_rows_differ, wide_rows_differ
from tests.bench.kernel_figures import MANY_DEVICES, kernel_figures
from tests.bench.load import Load, write_load
from tests.bench.process_tree import CommandFailed, Usage, measure
from tests.bench.programs.kernel_job import clean_files
from tests.bench.stand import Measured
from tests.bench.wide_rows import VALUES

BURN = """
import time
while time.process_time() < 0.5: pass
"""

# The command ends at once; its child's child, in a session of its own, is nobody's but the runner's.
ORPHAN = f"""
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        exec({BURN!r})
"""

# Who ignores its children's end waits for all of them, and their time is nowhere.
FORGOTTEN = f"""
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    exec({BURN!r})
    time.sleep(0.5)
else:
    try: os.wait()
    except ChildProcessError: pass
"""


@pytest.mark.parametrize("program", [BURN, ORPHAN], ids=["the command itself", "an orphan"])
def test_cpu_seconds_are_counted_whoever_spends_them(program: str, tmp_path: Path) -> None:
    usage = measure([sys.executable, "-IS", "-c", program], {}, tmp_path / "log")
    assert usage.cpu_s == pytest.approx(0.5, rel=0.2)


def test_cpu_seconds_that_the_kernel_forgot_are_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        measure([sys.executable, "-IS", "-c", FORGOTTEN], {}, tmp_path / "log")


def test_a_command_that_fails_is_not_a_figure(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="ended with 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "log")


@pytest.mark.parametrize(
    ("ours", "theirs", "ratio"),
    [
        ([10, 10, 10], [20, 20, 20], 2.0),
        # The machine is three times slower in the second round, and in the middle of the third.
        ([10, 30, 10], [20, 60, 60], 2.0),
        ([10, 30, 30], [20, 60, 20], 2.0),
    ],
)
def test_a_ratio_is_of_what_ran_in_the_same_round(ours: list[int], theirs: list[int], ratio: float) -> None:
    one, other = (Measured("", "", tuple(Usage(0, cpu_s, 1.0, 0, 0) for cpu_s in spent)) for spent in (ours, theirs))
    assert one.cheaper_than(other) == ratio


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    farm = Farm(400, devices=20, duplicate_share=0.05, poison_share=0.01)
    return write_load(farm, "bench.telemetry", tmp_path_factory.mktemp("load"))


@pytest.fixture
def cleaned(load: Load, tmp_path: Path) -> Path:
    clean_files([str(path) for path in load.records], tmp_path)
    return tmp_path


# 400 messages: 4 cut off, 20 sent twice, so 376 events of seven values.
PLANTED = {
    "nothing": ("events", "SELECT * FROM rows", []),
    "a record lost": (
        "events",
        'SELECT * FROM rows WHERE NOT (partition = 0 AND "offset" = 0)',
        [
            "records by verdict: expected {'accepted': 376, 'duplicate': 20, 'quarantined': 4}, "
            "got {'accepted': 375, 'duplicate': 20, 'quarantined': 4}",
            "places in Kafka: expected 400, got 399",
            "accepted events: 1 missing, 0 too many",
        ],
    ),
    "a record twice": (
        "events",
        "SELECT * FROM rows UNION ALL (SELECT * FROM rows WHERE verdict = 'quarantined' AND partition = 0 LIMIT 1)",
        [
            "records by verdict: expected {'accepted': 376, 'duplicate': 20, 'quarantined': 4}, "
            "got {'accepted': 376, 'duplicate': 20, 'quarantined': 5}",
        ],
    ),
    "a value off by a thousandth": (
        "observations",
        "SELECT * REPLACE (value + CASE WHEN event_key || property = (SELECT min(event_key || property) FROM rows) "
        "THEN 0.001 ELSE 0 END AS value) FROM rows",
        ["observations: 1 missing, 1 too many"],
    ),
    "an observation twice": (
        "observations",
        "SELECT * FROM rows UNION ALL (SELECT * FROM rows LIMIT 1)",
        ["observations: 0 missing, 1 too many"],
    ),
}


@pytest.mark.parametrize(("table", "planted", "differences"), PLANTED.values(), ids=PLANTED)
def test_a_planted_mismatch_is_found(
    load: Load, cleaned: Path, table: str, planted: str, differences: list[str]
) -> None:
    files = {name: str(cleaned / name / "*.parquet") for name in ("events", "observations")}
    changed = cleaned / "changed.parquet"
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW rows AS FROM '{files[table]}'")
    connection.sql(planted).write_parquet(str(changed))
    files[table] = str(changed)
    assert ledger_and_observations_differ(load, [files["events"]], [files["observations"]]) == differences


@pytest.mark.parametrize(
    ("rows", "differences"),
    [
        ("FROM truth", []),
        ("SELECT DISTINCT * FROM truth", ["rows: 20 missing, 0 too many"]),
        ("FROM truth OFFSET 5", ["rows: 5 missing, 0 too many"]),
    ],
    ids=["all", "duplicates left out", "the first five lost"],
)
def test_the_tutorials_rows_are_compared_too(load: Load, tmp_path: Path, rows: str, differences: list[str]) -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW truth AS FROM '{load.truth}'")
    connection.sql(rows).write_parquet(str(tmp_path / "rows.parquet"))
    assert wide_rows_differ(load, [str(tmp_path / "rows.parquet")], copies=True) == differences


COLUMNS = ", ".join(VALUES)
VALUES_OF_TRUTH = f"UNPIVOT (SELECT DISTINCT * FROM truth) ON {COLUMNS} INTO NAME property VALUE value"  # noqa: S608 - names of this project


@pytest.mark.parametrize(
    ("rows", "differences"),
    [
        (VALUES_OF_TRUTH, []),
        (VALUES_OF_TRUTH.replace("DISTINCT", "ALL"), ["rows: 0 missing, 140 too many"]),  # 20 copies of seven values
        (f"{VALUES_OF_TRUTH} OFFSET 5", ["rows: 5 missing, 0 too many"]),
    ],
    ids=["all", "copies too", "five values lost"],
)
def test_long_rows_are_compared_value_by_value(load: Load, tmp_path: Path, rows: str, differences: list[str]) -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW truth AS FROM '{load.truth}'")
    connection.sql(f"FROM ({rows})").write_parquet(str(tmp_path / "rows.parquet"))
    assert long_rows_differ(load, [str(tmp_path / "rows.parquet")]) == differences


def test_an_event_costs_no_more_for_there_being_many_devices() -> None:
    # The bound leaves room for what the machine does besides; work done once a device would exceed it many times over.
    found = kernel_figures(events=2 * MANY_DEVICES, payloads=2000, repeats=3)
    assert found.growth < 0.5
    assert min(found.events_per_cpu_s, found.payloads_per_cpu_s) > 0
