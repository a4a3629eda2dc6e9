"""The made-up season: every message is accepted, and says what its README says."""

import pytest

from pipelines.contracts.topics import OPERATIONS
from pipelines.errors import DataRefused
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from pipelines.simulate.operations import sample_operations
from tests.uplinks import INGEST_TIME, records


def test_every_message_is_accepted_and_the_season_is_the_one_described():
    values = [uplink.value for uplink in sample_operations("acme")]
    rows = records(values, topic="acme.operations")
    with Batch(steps(OPERATIONS), rows, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        found = batch.judge(KNOWN_KEYS_SCHEMA.empty_table())
    assert set(found.events["verdict"].to_pylist()) == {"accepted"}
    rows = found.silver.to_pylist()
    kinds = [row["operation"] for row in rows]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "irrigation_on": 7, "irrigation_off": 7, "irrigation": 7, "meter_reading": 8, "pesticide_application": 1,
    }  # fmt: skip
    depths = [row["water_depth_mm"] for row in rows if row["operation"] == "irrigation"]
    assert depths == [60.0] * 6 + [pytest.approx(2.4 * 25.4)]
    totals = [row["meter_total_m3"] for row in rows if row["operation"] == "meter_reading"]
    assert totals[-1] - totals[0] == pytest.approx(10 * sum(depths))  # 1 mm on 1 ha is 10 m3


def test_a_sample_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataRefused, match="Restore it from the repository"):
        list(sample_operations("acme", tmp_path / "none.jsonl"))
