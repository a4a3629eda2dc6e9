"""What may be read of a table, by what the gate and people decided: a line a judgement."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from pipelines.lake.admitted import admitted, admitted_version, held_condition
from pipelines.lake.tables import Lake
from tests.lakes import START, soil_lake

SILVER = "silver.observations"
FIRST = datetime(2026, 6, 1, tzinfo=UTC)
PLACE = {"topic": "demo.telemetry", "partition": 0, "first_offset": 10, "last_offset": 19, "ingest_time": START}


def decide(lake: Lake, *decisions: tuple[int, int, str], name: str = SILVER, bounds: list | None = None) -> Lake:
    """Record decisions, an hour between two: (from, to, verdict), where `released` is a person's."""
    for hour, (start, end, verdict) in enumerate(decisions):
        row = {
            "table_name": name,
            "from_version": start,
            "to_version": end,
            "decided_at": FIRST + timedelta(hours=hour),
        }
        if verdict == "released":
            lake.append("ops.gate_releases", [row | {"release_reason": "known", "released_by": "maria"}])
            continue
        counts = {"row_count": 1, "expectation_count": 1, "failed_expectations": []}
        verdicts = {"gate_verdict": verdict, "suite_digest": "s", "row_bounds": bounds if verdict == "held" else []}
        lake.append("ops.gate_results", [row | counts | verdicts])
    return lake


@pytest.mark.parametrize(
    ("decisions", "judged", "version", "held"),
    [
        ([], -1, -1, []),
        ([(-1, 3, "admitted")], 3, 3, []),
        ([(-1, 3, "admitted"), (3, 5, "held")], 5, 5, [(3, 5)]),
        ([(-1, 3, "admitted"), (3, 5, "held"), (5, 6, "admitted")], 6, 6, [(3, 5)]),
        ([(-1, 3, "held")], 3, -1, [(-1, 3)]),
        ([(-1, 3, "held"), (-1, 3, "released")], 3, 3, []),
        ([(-1, 3, "held"), (-1, 3, "admitted")], 3, 3, []),
        ([(-1, 3, "held"), (-1, 3, "held")], 3, -1, [(-1, 3)]),
        ([(-1, 3, "held"), (3, 5, "errored")], 3, -1, [(-1, 3)]),
        # Released once, then held by another suite: the newest word counts.
        ([(-1, 3, "held"), (-1, 3, "released"), (-1, 3, "held")], 3, 3, [(-1, 3)]),
    ],
)
def test_what_may_be_read(tmp_path, decisions, judged, version, held):
    standing = admitted(decide(Lake(tmp_path), *decisions, bounds=[PLACE]), SILVER)
    assert (standing.judged_version, standing.version) == (judged, version)
    assert [(each.from_version, each.to_version) for each in standing.held] == held


def test_decisions_on_other_tables_say_nothing(tmp_path):
    assert admitted_version(decide(Lake(tmp_path), (-1, 9, "admitted"), name="gold.field_daily"), SILVER) == -1


def test_a_slice_held_without_saying_where_its_rows_are_counts_as_not_judged(tmp_path):
    lake = decide(Lake(tmp_path), (-1, 3, "admitted"), (3, 5, "held"), bounds=None)
    assert (admitted(lake, SILVER).version, admitted(lake, SILVER).held) == (3, ())


def test_rows_of_a_held_slice_are_left_out_in_whatever_file_they_are(tmp_path):
    lake = soil_lake(tmp_path)
    lake.open(SILVER).optimize.compact()
    decide(lake, (-1, 1, "admitted"), (1, 2, "held"), (2, 5, "admitted"), bounds=[PLACE])
    files, held = lake.open(SILVER).file_uris(), held_condition(admitted(lake, SILVER).held)
    with duckdb.connect() as connection:
        kept = connection.sql(f'select "offset" from read_parquet({files}) where not ({held}) order by 1').fetchall()  # noqa: S608 - paths of the log
    assert [offset for (offset,) in kept] == [*range(10), *range(20, 40)]
