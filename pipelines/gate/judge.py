"""The judgement: everything new in a table since its last admitted version, admitted or held as a whole."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import TableContract, table
from pipelines.errors import GateErrored
from pipelines.gate import suite as suites
from pipelines.lake.admitted import admitted_version
from pipelines.lake.cost import Meter
from pipelines.lake.slices import added_files, files_overlapping
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from pyspark.sql import DataFrame, SparkSession

    from pipelines.gate.validation import Outcome

RESULTS = "ops.gate_results"
_OVERLAP_COLUMN = "phenomenon_time"


@dataclass(frozen=True)
class GateResult:
    """A row of ops.gate_results, and whether this run came to it or found it standing."""

    table_name: str
    from_version: int
    to_version: int
    row_count: int
    expectation_count: int
    failed_expectations: tuple[str, ...]
    gate_verdict: str
    suite_digest: str
    evidence: str | None
    decided_at: datetime
    judged_now: bool = True


@dataclass(frozen=True)
class Slice:
    """What is new in a table: the rows of its versions after `from_version`, up to `to_version`."""

    contract: TableContract
    from_version: int
    to_version: int

    @property
    def is_empty(self) -> bool:
        """Say whether there is no version to judge."""
        return self.to_version == self.from_version


def results(lake: Lake, table_name: str) -> list[GateResult]:
    """Return every judgement of a table, oldest first."""
    rows = [row for row in lake.read(RESULTS).to_pylist() if row["table_name"] == table_name]
    found = [
        GateResult(**{**row, "failed_expectations": tuple(row["failed_expectations"]), "judged_now": False})
        for row in rows
    ]
    return sorted(found, key=lambda result: result.decided_at)


def judge(session: "Callable[[], SparkSession]", lake: Lake, table_name: str, decided_at: datetime) -> GateResult:
    """Judge what is new in a table and record the verdict; without news, return the verdict that stands.

    Args:
        session: Starts Spark, or returns the session that runs; called only where there is something to judge.
        lake: Where the table and the results are.
        table_name: The table.
        decided_at: Time of the decision.

    Raises:
        DataRefused: The table is not there, or its new rows cannot be told apart.
        GateErrored: An expectation could not be evaluated; that is recorded too, and says nothing about the data.
    """
    contract = table(table_name)
    slice_ = Slice(contract, admitted_version(lake, table_name), lake.open(table_name).version())
    earlier_results = results(lake, table_name)
    if slice_.is_empty:
        return next(result for result in reversed(earlier_results) if result.gate_verdict == "admitted")
    demanded = suites.suite(contract, quantities().values())
    if held := _held_already(earlier_results, slice_, suites.digest(demanded)):
        return held
    meter = Meter()
    row_count, outcomes = _validated(session, lake, slice_, demanded)
    result = _result(slice_, row_count, outcomes, suites.digest(demanded), decided_at)
    row = asdict(result)
    del row["judged_now"]
    lake.append(RESULTS, [row], information=meter.read(table_name, rows=row_count))
    if result.gate_verdict == "errored":
        raise _errored(result)
    return result


def _held_already(judgements: Sequence[GateResult], slice_: Slice, digest: str) -> GateResult | None:
    """The same slice, held by the same suite: asked again, the answer would be the same."""
    question = (slice_.from_version, slice_.to_version, digest)
    return next(
        (
            result
            for result in reversed(judgements)
            if result.gate_verdict == "held"
            and (result.from_version, result.to_version, result.suite_digest) == question
        ),
        None,
    )


def _validated(
    session: "Callable[[], SparkSession]", lake: Lake, slice_: Slice, demanded: "ExpectationSuite"
) -> tuple[int, "list[Outcome]"]:
    from pipelines.gate.validation import validate
    from pipelines.gate.view import view

    files = added_files(lake.open(slice_.contract.name), slice_.from_version, slice_.to_version)
    if not files:
        return 0, []
    spark = session()
    rows = _read(spark, slice_.contract, files)
    # Not cached: a pass reads few columns, and writing all of them to memory costs more than all passes.
    laid_out = view(rows, slice_.contract, quantities().values(), _earlier(spark, lake, slice_, rows))
    return rows.count(), validate(laid_out, demanded)


def _read(spark: "SparkSession", contract: TableContract, files: Sequence[str]) -> "DataFrame":
    return spark.read.schema(contract.spark_ddl).parquet(*files)


def _earlier(spark: "SparkSession", lake: Lake, slice_: Slice, rows: "DataFrame") -> "DataFrame | None":
    """Rows of admitted slices that may share a key with the slice: a copy has the time of the original."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit

    if slice_.from_version < 0 or _OVERLAP_COLUMN not in slice_.contract.column_names:
        return None
    ((earliest, latest),) = rows.agg(F.min(_OVERLAP_COLUMN), F.max(_OVERLAP_COLUMN)).collect()
    admitted = lake.open(slice_.contract.name, slice_.from_version)
    # Spark gives local times without a zone; the log's are in UTC.
    files = files_overlapping(admitted, _OVERLAP_COLUMN, earliest.astimezone(UTC), latest.astimezone(UTC))
    return _read(spark, slice_.contract, files) if files else None


def _result(
    slice_: Slice, row_count: int, outcomes: "Sequence[Outcome]", digest: str, decided_at: datetime
) -> GateResult:
    not_held = [outcome for outcome in outcomes if not outcome.held]
    errored = any(outcome.error for outcome in not_held)
    return GateResult(
        table_name=slice_.contract.name,
        from_version=slice_.from_version,
        to_version=slice_.to_version,
        row_count=row_count,
        expectation_count=len(outcomes),
        failed_expectations=tuple(map(str, not_held)),
        gate_verdict="errored" if errored else "held" if not_held else "admitted",
        suite_digest=digest,
        evidence=json.dumps([_plain(asdict(outcome)) for outcome in outcomes], default=str),
        decided_at=decided_at,
    )


def _plain(outcome: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in outcome.items() if value not in (None, ())}


def _errored(result: GateResult) -> GateErrored:
    return GateErrored(
        "The gate could not judge",
        where=f"{result.table_name}, versions {result.from_version + 1} to {result.to_version}",
        expected="every expectation to be evaluated",
        got="; ".join(result.failed_expectations),
        fix="Nothing was admitted. This is a fault of the gate or its suite, not of the data: correct it, run again.",
    )
