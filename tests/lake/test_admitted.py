from datetime import UTC, datetime

import pytest

from pipelines.lake.admitted import admitted_version
from pipelines.lake.tables import Lake


@pytest.mark.parametrize(
    ("judgements", "admitted"),
    [
        ([], -1),
        ([("silver.observations", 3, "admitted")], 3),
        ([("silver.observations", 3, "admitted"), ("silver.observations", 5, "held")], 3),
        ([("silver.observations", 3, "held"), ("silver.observations", 5, "errored")], -1),
        ([("silver.observations", 5, "admitted"), ("silver.observations", 3, "admitted")], 5),
        ([("gold.field_daily", 9, "admitted")], -1),
    ],
)
def test_the_admitted_version_is_the_newest_that_the_gate_let_through(tmp_path, judgements, admitted):
    lake = Lake(tmp_path)
    for name, version, verdict in judgements:
        row = {
            "table_name": name,
            "from_version": -1,
            "to_version": version,
            "row_count": 1,
            "expectation_count": 1,
            "failed_expectations": [],
            "gate_verdict": verdict,
            "suite_digest": "s",
            "decided_at": datetime(2026, 6, 1, tzinfo=UTC),
        }
        lake.append("ops.gate_results", [row])
    assert admitted_version(lake, "silver.observations") == admitted
