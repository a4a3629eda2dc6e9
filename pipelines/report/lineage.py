"""Where the numbers come from: the gate's decisions, what late data restated, and a score's way back."""

import json
from dataclasses import dataclass

import pandas as pd

from pipelines.lake.tables import Lake
from pipelines.report.forecast import NewestScores
from pipelines.report.season import field_days, field_days_at
from pipelines.report.tables import query

GATE_RESULTS = """
    select table_name, from_version, to_version, row_count, expectation_count, failed_expectations,
           gate_verdict, suite_digest
    from "ops.gate_results" order by decided_at, table_name, to_version
"""
# A version of gold is looked for this far back; older ones are history, not news.
VERSIONS_BACK = 10


@dataclass(frozen=True)
class Restatement:
    """How the newest gold differs from the newest earlier version that says something else."""

    earlier_version: int
    version: int
    changes: pd.DataFrame
    """field_id, date, column, before, after: one row per value of a day both versions have"""
    days_added: int
    days_removed: int


@dataclass(frozen=True)
class Provenance:
    """The way back from the newest scores."""

    scores: NewestScores
    silver_version: int | None
    gate_verdict: str | None
    gate_slice: tuple[int, int] | None
    suite_digest: str | None
    code_digest: str | None
    """Digest of the code that trained the model, as its job's specification has it."""


def gate_results(lake: Lake) -> pd.DataFrame:
    """Return every decision of the gate, oldest first."""
    return query(lake, GATE_RESULTS)


def restatement(lake: Lake) -> Restatement | None:
    """Compare gold with its newest earlier version that differs; None where there is none to compare with."""
    version = lake.version("gold.field_daily")
    now = field_days(lake)
    for earlier_version in range(version - 1, max(-1, version - 1 - VERSIONS_BACK), -1):
        earlier = field_days_at(lake, earlier_version)
        if earlier is None or earlier.empty:
            return None
        found = _compare(earlier, now, earlier_version, version)
        if found.days_added or found.days_removed or not found.changes.empty:
            return found
    return None


def provenance(lake: Lake, newest: NewestScores) -> Provenance:
    """Follow the newest scores back to gold, silver and the gate."""
    silver_version = _silver_version(lake, newest.gold_version)
    judged = _judgement(gate_results(lake), silver_version)
    return Provenance(
        scores=newest,
        silver_version=silver_version,
        gate_verdict=None if judged is None else str(judged["gate_verdict"]),
        gate_slice=None if judged is None else (int(judged["from_version"]), int(judged["to_version"])),
        suite_digest=None if judged is None else str(judged["suite_digest"]),
        code_digest=_code_digest(lake, newest.job_key),
    )


def _compare(earlier: pd.DataFrame, now: pd.DataFrame, earlier_version: int, version: int) -> Restatement:
    before, after = _values(earlier), _values(now)
    both = before.index.intersection(after.index)
    old, new = before.loc[both], after.loc[both]
    # Two nulls are equal here; the last digits of a sum depend on the order of its terms.
    differs = ~((old == new) | (old.isna() & new.isna()) | ((old - new).abs() <= 1e-9))
    changes = pd.DataFrame({"before": old.stack(future_stack=True), "after": new.stack(future_stack=True)})
    changes = changes[differs.stack(future_stack=True)]
    return Restatement(
        earlier_version=earlier_version,
        version=version,
        changes=changes.rename_axis(["field_id", "date", "column"]).reset_index(),
        days_added=len(after.index.difference(before.index)),
        days_removed=len(before.index.difference(after.index)),
    )


def _values(days: pd.DataFrame) -> pd.DataFrame:
    return days.drop(columns=["silver_version", "eto_method"]).set_index(["field_id", "date"]).astype(float)


def _silver_version(lake: Lake, gold_version: int) -> int | None:
    gold = field_days_at(lake, gold_version)
    return None if gold is None or gold.empty else int(gold["silver_version"].max())


def _judgement(results: pd.DataFrame, silver_version: int | None) -> pd.Series | None:
    """Return the newest decision on the slice that the version of silver lies in."""
    if silver_version is None:
        return None
    own = results[
        (results["table_name"] == "silver.observations")
        & (results["from_version"] < silver_version)
        & (results["to_version"] >= silver_version)
    ]
    return None if own.empty else own.iloc[-1]


def _code_digest(lake: Lake, job_key: str | None) -> str | None:
    specs = lake.read("ops.cluster_jobs", columns=["job_key", "job_spec"]).to_pylist()
    digests = [json.loads(row["job_spec"]).get("code_digest") for row in specs if row["job_key"] == job_key]
    return digests[0] if digests else None
