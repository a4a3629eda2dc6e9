"""What late data changed, and a score's way back."""

from datetime import date

import pyarrow as pa
from deltalake import write_deltalake

from pipelines.contracts import tables
from pipelines.lake.tables import Lake
from pipelines.report.forecast import newest_scores
from pipelines.report.lineage import gate_results, provenance, restatement


def test_a_late_day_is_restated_and_a_new_one_added(lake: Lake) -> None:
    """Version 1 lacks 4 June's soil moisture and has no 2015; its silver_version is no value of the day."""
    found = restatement(lake)
    assert found is not None
    assert (found.earlier_version, found.version) == (1, 2)
    assert (found.days_added, found.days_removed) == (1, 0)
    [(field_id, day, column, before, after)] = found.changes.itertuples(index=False, name=None)
    assert (field_id, day.date(), column) == ("twitchell-alfalfa", date(2017, 6, 4), "soil_moisture_0_30cm_m3_m3")
    assert before != before  # noqa: PLR0124 - null before
    assert after == 0.25


def test_a_version_that_says_the_same_is_passed_over(lake: Lake) -> None:
    rewritten = pa.Table.from_pylist(
        lake.read("gold.field_daily").to_pylist()[::-1], schema=tables.table("gold.field_daily").arrow_schema
    )
    write_deltalake(lake.open("gold.field_daily"), rewritten, mode="overwrite")
    found = restatement(lake)
    assert found is not None
    assert (found.earlier_version, found.version, len(found.changes)) == (1, 3, 1)


def test_gold_that_was_built_once_restates_nothing(empty_lake: Lake, lake: Lake) -> None:
    empty_lake.append("gold.field_daily", lake.read("gold.field_daily").to_pylist())
    assert restatement(empty_lake) is None


def test_a_score_leads_back_to_the_slice_its_silver_lies_in(lake: Lake) -> None:
    """Gold 2 was built from silver 4, which lies in the slice after 3 up to 4."""
    newest = newest_scores(lake)
    assert newest is not None
    found = provenance(lake, newest)
    assert (found.silver_version, found.gate_verdict, found.gate_slice) == (4, "admitted", (3, 4))
    assert (found.suite_digest, found.code_digest) == ("s2", "c0de" * 16)


def test_what_is_not_recorded_is_not_made_up(lake: Lake, empty_lake: Lake) -> None:
    empty_lake.append("scores.irrigation", lake.read("scores.irrigation").to_pylist())
    newest = newest_scores(empty_lake)
    assert newest is not None
    found = provenance(empty_lake, newest)
    assert {found.silver_version, found.gate_verdict, found.gate_slice, found.suite_digest, found.code_digest} == {None}


def test_gate_results_come_oldest_first(lake: Lake) -> None:
    assert gate_results(lake)["to_version"].tolist() == [3, 4, 5]
