"""Judge what is new in a table, and say how the tables stand with the gate."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.errors import GateHeld
from pipelines.gate.judge import GateResult, judge, results
from pipelines.lake.admitted import admitted_version
from pipelines.lake.tables import Lake
from pipelines.settings import Settings

GATED = ("silver.observations",)


@dataclass(frozen=True)
class TableStatus:
    """How far a table is admitted, and what the gate said last."""

    table_name: str
    version: int
    admitted_version: int
    latest: GateResult | None


@dataclass(frozen=True)
class GateStatus:
    """Every table that the gate watches."""

    tables: tuple[TableStatus, ...]


def gate(settings: Settings, table_name: str = "silver.observations") -> GateResult:
    """Judge what is new in a table; a held slice is a result, see `require_admitted`.

    Raises:
        DataRefused: The table is not there, or its new rows cannot be told apart.
        GateErrored: An expectation could not be evaluated.
    """
    from pipelines.jvm.spark import session

    return judge(lambda: session(settings), Lake(settings.lake), table_name, datetime.now(UTC))


def gate_status(settings: Settings) -> GateStatus:
    """Say how each table stands with the gate; starts nothing."""
    lake = Lake(settings.lake)
    return GateStatus(tuple(_status(lake, name) for name in GATED))


def require_admitted(result: GateResult) -> GateResult:
    """Return the result of an admitted slice.

    Raises:
        GateHeld: The slice is held; the sentence names what failed.
    """
    if result.gate_verdict != "admitted":
        raise GateHeld(
            "The gate holds a slice",
            where=f"{result.table_name}, versions {result.from_version + 1} to {result.to_version}",
            expected=f"{result.expectation_count} expectations to hold for {result.row_count} rows",
            got="; ".join(result.failed_expectations),
            fix="Nothing is built from it. The evidence is in ops.gate_results; correct the data or the contract.",
        )
    return result


def _status(lake: Lake, name: str) -> TableStatus:
    return TableStatus(
        name, lake.version(name), admitted_version(lake, name), next(reversed(results(lake, name)), None)
    )
