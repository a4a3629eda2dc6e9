"""What the gate said last, how often it said what, and how far it has admitted."""

from datetime import timedelta
from pathlib import Path

from pipelines.lake.cost import Meter
from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.gate import gate_samples
from tests.lakes import START

TABLE = "silver.observations"


def judge(lake: Lake, to_version: int, verdict: str, *, minute: int, table: str = TABLE) -> None:
    row = {
        "table_name": table,
        "from_version": to_version - 1,
        "to_version": to_version,
        "row_count": 10,
        "expectation_count": 41,
        "failed_expectations": [],
        "gate_verdict": verdict,
        "suite_digest": "abc",
        "decided_at": START + timedelta(minutes=minute),
    }
    lake.append("ops.gate_results", [row], information=Meter().read(table, rows=10 * to_version))


def measured(lake: Lake, metric: catalogue.Metric) -> dict[tuple[str, ...], float]:
    return {sample.values: sample.value for sample in gate_samples(lake) if sample.metric is metric}


def test_a_gate_that_never_judged_says_nothing(tmp_path: Path) -> None:
    assert list(gate_samples(Lake(tmp_path))) == []


def test_the_newest_verdict_stands_and_all_are_counted(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    judge(lake, 2, "held", minute=10)
    judge(lake, 1, "admitted", minute=5)
    judge(lake, 3, "held", minute=20)
    assert measured(lake, catalogue.GATE_VERDICT) == {
        (TABLE, "admitted"): 0,
        (TABLE, "held"): 1,
        (TABLE, "errored"): 0,
    }
    assert measured(lake, catalogue.GATE_JUDGEMENTS) == {
        (TABLE, "admitted"): 1,
        (TABLE, "held"): 2,
        (TABLE, "errored"): 0,
    }
    assert measured(lake, catalogue.GATE_ADMITTED) == {(TABLE,): 1}
    assert measured(lake, catalogue.GATE_LAST) == {(TABLE,): (START + timedelta(minutes=20)).timestamp()}


def test_tables_are_told_apart_in_verdict_and_cost(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    judge(lake, 3, "errored", minute=1)
    judge(lake, 7, "admitted", minute=2, table="silver.captures")
    assert measured(lake, catalogue.GATE_ADMITTED) == {(TABLE,): -1, ("silver.captures",): 7}
    assert measured(lake, catalogue.JUDGEMENT_ROWS) == {(TABLE,): 30, ("silver.captures",): 70}
    assert set(measured(lake, catalogue.JUDGEMENT_CPU)) == set(measured(lake, catalogue.JUDGEMENT_WALL))
