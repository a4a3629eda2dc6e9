"""The judgement: each slice of a table on its own versions, admitted or held; a slice that is held stays what it is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines import failpoints
from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import TableContract, table
from pipelines.errors import GateErrored
from pipelines.gate import series, view
from pipelines.gate import suite as suites
from pipelines.gate.held import to_judge_again
from pipelines.gate.results import GateResult, newest, of_slices
from pipelines.gate.slices import Slice, lay_out, new_slice, opened, row_bounds
from pipelines.lake.admitted import RESULTS, Admitted, admitted
from pipelines.lake.cost import Meter
from pipelines.lake.tables import Lake

if TYPE_CHECKING:
    import duckdb
    from great_expectations import ExpectationSuite

    from pipelines.gate.validation import Outcome


@dataclass(frozen=True)
class _Seen:
    """What was seen of a slice."""

    row_count: int
    outcomes: "Sequence[Outcome]"
    row_bounds: list[dict[str, Any]] | None
    field_days: list[dict[str, Any]]
    rows_by_day: list[dict[str, Any]]


_NOTHING = _Seen(0, [], [], [], [])


def judge(lake: Lake, table_name: str, decided_at: datetime) -> GateResult:
    """Judge what is new in a table and record the verdict; without news, return the verdict that stands.

    What is new begins where the last judgement ended, whatever its verdict: a slice that is held does not grow. It is
    judged again where the suites have changed since, or what was made of its own records.

    Raises:
        DataRefused: The table is not there, or its new rows cannot be told apart.
        GateErrored: An expectation could not be evaluated; that is recorded too, and says nothing about the data.
    """
    contract = table(table_name)
    standing = admitted(lake, table_name)
    slice_ = new_slice(lake, contract, standing.judged_version)
    if not slice_.files and not standing.held:
        # Great Expectations takes a second to load, and has nothing to say here.
        if slice_.to_version == slice_.from_version:
            return newest(lake, table_name)[0]
        return _recorded(lake, _result(slice_, _NOTHING, "", decided_at), Meter())
    demanded = _demanded(contract)
    digest = suites.digest(demanded)
    # Before what is new: a run that ends between the two finds both to do again.
    slices = [*to_judge_again(lake, contract, standing.held, digest, slice_)]
    if slice_.to_version > slice_.from_version:
        slices.append(slice_)
    judged = []
    for each in slices:
        meter = Meter()
        judged.append(_recorded(lake, _result(each, _seen(lake, each, demanded), digest, decided_at), meter))
    return judged[-1] if judged else _last_held(lake, contract, standing)


def _demanded(contract: TableContract) -> "Mapping[str, ExpectationSuite]":
    from pipelines.gate.loading import load

    load()
    return suites.suites(contract, quantities().values())


def _last_held(lake: Lake, contract: TableContract, standing: Admitted) -> GateResult:
    judgements = of_slices(lake, contract.name, {held.versions for held in standing.held})
    return max(judgements.values(), key=lambda result: result.decided_at)


def _recorded(lake: Lake, result: GateResult, meter: Meter) -> GateResult:
    row = asdict(result)
    del row["judged_now"]
    failpoints.reach(failpoints.Seam.GATE_JUDGED)
    lake.append(RESULTS, [row], information=meter.read(result.table_name, rows=result.row_count))
    failpoints.reach(failpoints.Seam.GATE_RECORDED)
    if result.gate_verdict == "errored":
        raise _errored(result)
    return result


def _seen(lake: Lake, slice_: Slice, demanded: "Mapping[str, ExpectationSuite]") -> _Seen:
    from pipelines.gate.validation import validate

    if not slice_.files:
        return _NOTHING
    with opened(lake, slice_) as connection:
        outcomes = validate(connection, {suites.COLUMNS: demanded[suites.COLUMNS]})
        if any(not outcome.held for outcome in outcomes):
            # Without its columns a row cannot be judged, nor be told from the rows of other slices.
            ((row_count,),) = connection.execute(f"select count(*) from {slice_.rows}").fetchall()  # noqa: S608 - SQL of ours
            return _Seen(row_count, outcomes, None, [], []) if row_count else _NOTHING
        row_count = lay_out(connection, lake, slice_)
        if not row_count:
            return _NOTHING
        of_observations = view.holds_observations(slice_.contract)
        asked = {name: suite for name, suite in demanded.items() if name != suites.COLUMNS}
        if of_observations:
            asked[suites.SLICE] = suites.about(asked[suites.SLICE], series.properties(connection))
        outcomes += validate(connection, asked)
        return _Seen(
            row_count,
            outcomes,
            _where(connection, slice_) if any(_holds(outcome) for outcome in outcomes) else [],
            series.field_days(connection) if of_observations else [],
            series.rows_by_day(connection) if of_observations else [],
        )


def _where(connection: "duckdb.DuckDBPyConnection", slice_: Slice) -> list[dict[str, Any]] | None:
    """Say which rows are held: of a slice judged again those that were, for what came since is judged for itself."""
    if slice_.held:
        return [asdict(bounds) for bounds in slice_.held.row_bounds]
    return row_bounds(connection, slice_.contract)


def _holds(outcome: "Outcome") -> bool:
    return outcome.decides and not outcome.held and not outcome.error


def _result(slice_: Slice, seen: _Seen, digest: str, decided_at: datetime) -> GateResult:
    not_held = [outcome for outcome in seen.outcomes if not outcome.held]
    is_errored = any(outcome.error for outcome in not_held)
    failed = [outcome for outcome in not_held if outcome.decides or outcome.error]
    return GateResult(
        table_name=slice_.contract.name,
        from_version=slice_.from_version,
        to_version=slice_.to_version,
        row_count=seen.row_count,
        expectation_count=len(seen.outcomes),
        failed_expectations=tuple(map(str, failed)),
        warnings=tuple(str(outcome) for outcome in not_held if outcome not in failed),
        note=None if seen.row_count else "no rows are new",
        gate_verdict="errored" if is_errored else "held" if failed else "admitted",
        suite_digest=digest,
        evidence=json.dumps([_plain(asdict(outcome)) for outcome in seen.outcomes], default=str),
        row_bounds=None if seen.row_bounds is None else tuple(seen.row_bounds),
        field_days=tuple(seen.field_days),
        rows_by_day=tuple(seen.rows_by_day),
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
