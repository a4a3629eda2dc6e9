"""The sections on the pipeline: each says in words what the numbers are."""

from dataclasses import replace

import pandas as pd
import pytest

from pipelines.lake.tables import Lake
from pipelines.report.intake import Intake, intake
from pipelines.report.lineage import Restatement
from pipelines.report.sections import RESTATED_DAYS_SHOWN, conservation, gate, restated


@pytest.fixture
def counted(made_once: Lake) -> Intake:
    return intake(made_once)


@pytest.mark.parametrize(
    ("offsets", "lost", "ending"),
    [
        (9, 0, "9 offsets read from 2 partitions: every record has one verdict."),
        (12, 0, "12 offsets read from 2 partitions: these differ by 3: look into it."),
        (8, 0, "8 offsets read from 2 partitions: these differ by 1: look into it."),
        (12, 3, "12 offsets read from 2 partitions, 3 of them lost before and accepted as that: "
                "every record has one verdict."),
        (12, 2, "12 offsets read from 2 partitions, 2 of them lost before and accepted as that: "
                "these differ by 1: look into it."),
    ],
)  # fmt: skip
def test_verdicts_are_set_against_what_kafka_gave(counted: Intake, offsets: int, lost: int, ending: str) -> None:
    words = conservation(replace(counted, offsets=offsets, lost=lost))
    assert words == f"accepted 6 + duplicate 2 + quarantined 1 = 9 records; {ending}"


def test_only_columns_that_changed_are_shown_and_long_lists_are_cut_aloud() -> None:
    dates = pd.date_range("2017-01-01", periods=RESTATED_DAYS_SHOWN + 5)
    changes = pd.DataFrame({"field_id": "f", "date": dates, "column": "eto_mm", "before": 1.0, "after": 2.0})
    written = restated(Restatement(1, 2, changes, days_added=0, days_removed=0))
    assert "65 days restated (65 values), 0 days added, 0 days removed." in written
    assert "The newest 60 of 65 days are shown." in written
    assert written.count("<td>1.000 → 2.000</td>") == 60
    assert "soil moisture" not in written


@pytest.mark.parametrize(
    ("after", "until", "said"), [(-1, 0, ">version 0<"), (-1, 2, ">versions 0 to 2<"), (2, 3, ">version 3<")]
)
def test_a_slice_is_named_by_its_versions(after: int, until: int, said: str) -> None:
    slice_ = {"table_name": "silver.observations", "from_version": after, "to_version": until, "row_count": 1}
    outcome = {"expectation_count": 1, "failed_expectations": [], "gate_verdict": "admitted"}
    assert said in gate(pd.DataFrame([slice_ | outcome]))
