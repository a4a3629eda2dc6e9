"""A suite, run on a slice by Great Expectations on Spark."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation: it held, it failed (and what was seen), or it could not be evaluated."""

    rule: str
    expectation: str
    demands: dict[str, Any]
    held: bool
    error: str | None = None
    unexpected_rows: int | None = None
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a line."""
        if self.error:
            return f"{self.rule}: could not be evaluated, {self.error}"
        if self.held:
            return f"{self.rule}: held"
        seen = f", such as {', '.join(self.examples)}" if self.examples else ""
        return f"{self.rule}: {self.unexpected_rows} rows are not so{seen}"


def validate(slice_view: "DataFrame", suite: "ExpectationSuite") -> list[Outcome]:
    """Evaluate every expectation of the suite on the view of a slice.

    All are asked for yes or no first, which takes few passes; only what failed is looked at again for examples.
    """
    batch = _batch(slice_view)
    outcomes = [_outcome(result) for result in batch.validate(suite, result_format="BOOLEAN_ONLY").results]
    failed = {outcome.rule for outcome in outcomes if not outcome.held and not outcome.error}
    if failed:
        closer = _only(suite, failed)
        seen = [_outcome(result) for result in batch.validate(closer, result_format="SUMMARY").results]
        outcomes = [outcome for outcome in outcomes if outcome.rule not in failed] + seen
    return sorted(outcomes, key=lambda outcome: outcome.rule)


def _batch(slice_view: "DataFrame") -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # A pass reads few columns; a copy of all of them in memory costs more than all passes.
    source = context.data_sources.add_spark("lake", persist=False)
    definition = source.add_dataframe_asset("slice").add_batch_definition_whole_dataframe("whole")
    return definition.get_batch({"dataframe": slice_view})


def _only(suite: "ExpectationSuite", rules: Iterable[str]) -> "ExpectationSuite":
    from great_expectations import ExpectationSuite

    chosen = [expectation for expectation in suite.expectations if _rule(expectation) in rules]
    return ExpectationSuite(name=f"{suite.name}, failed", expectations=chosen)


def _rule(expectation: Any) -> str:
    return str(expectation.meta["rule"])


def _outcome(result: Any) -> Outcome:
    configuration = result.expectation_config
    demands = {key: value for key, value in configuration.kwargs.items() if key != "batch_id"}
    return Outcome(
        rule=_rule(configuration),
        expectation=configuration.type,
        demands=demands,
        held=bool(result.success),
        error=_error(result.exception_info),
        unexpected_rows=result.result.get("unexpected_count"),
        examples=tuple(dict.fromkeys(map(str, result.result.get("partial_unexpected_list", ()))))[:3],
    )


def _error(exception_info: dict[str, Any]) -> str | None:
    """Find the message of an exception: told directly, or per metric that raised it."""
    for told in (exception_info, *exception_info.values()):
        if isinstance(told, dict) and told.get("raised_exception"):
            return str(told.get("exception_message")).strip().splitlines()[0]
    return None
