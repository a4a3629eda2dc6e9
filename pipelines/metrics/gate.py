"""How the gate stands, from what it has decided: ops.gate_results, and the cost in that table's log."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipelines.lake.admitted import NEVER
from pipelines.lake.cost import CPU, WALL, last_costs
from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.catalogue import Sample

_RESULTS = "ops.gate_results"
_COLUMNS = ("table_name", "to_version", "gate_verdict", "decided_at")
_VERDICTS = ("admitted", "held", "errored")


def gate_samples(lake: Lake) -> Iterator[Sample]:
    """Give what the gate has said of every table that it has judged, and what its newest judgement cost."""
    if not lake.exists(_RESULTS):
        return
    rows = sorted(lake.read(_RESULTS, columns=_COLUMNS).to_pylist(), key=lambda row: row["decided_at"])
    for name in sorted({row["table_name"] for row in rows}):
        yield from _samples(name, [row for row in rows if row["table_name"] == name])
    for name, cost in last_costs(lake.open(_RESULTS)).items():
        yield Sample(catalogue.JUDGEMENT_CPU, (name,), cost[CPU])
        yield Sample(catalogue.JUDGEMENT_WALL, (name,), cost[WALL])
        yield Sample(catalogue.JUDGEMENT_ROWS, (name,), cost["rows"])


def _samples(name: str, judgements: list[dict[str, Any]]) -> Iterator[Sample]:
    last = judgements[-1]
    counts = Counter(row["gate_verdict"] for row in judgements)
    for verdict in _VERDICTS:
        yield Sample(catalogue.GATE_VERDICT, (name, verdict), last["gate_verdict"] == verdict)
        yield Sample(catalogue.GATE_JUDGEMENTS, (name, verdict), counts[verdict])
    admitted = (row["to_version"] for row in judgements if row["gate_verdict"] == "admitted")
    yield Sample(catalogue.GATE_ADMITTED, (name,), max(admitted, default=NEVER))
    yield Sample(catalogue.GATE_LAST, (name,), last["decided_at"].timestamp())
