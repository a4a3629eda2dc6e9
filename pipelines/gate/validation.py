"""Suites, run on the relations of a slice by Great Expectations, which asks DuckDB."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.gate.loading import load

if TYPE_CHECKING:
    import duckdb
    from great_expectations import ExpectationSuite

_MOST_EXAMPLES = 5
_YES_OR_NO = {"result_format": "BOOLEAN_ONLY"}
_BRIEFLY = {"slice": "brief"}
"""What stands for a relation; see `relations`."""
_OF_EXTREMES = frozenset({"expect_column_max_to_be_between"})
_IDENTITY = frozenset(
    {"device_id", "field_id", "property", "channel", "phenomenon_time", "topic", "partition", "offset", "file_name"}
)
"""What tells a person which row is meant, of those that a relation has."""


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation: it held, it failed (and what was seen), or it could not be evaluated."""

    rule: str
    relation: str
    expectation: str
    demands: dict[str, Any]
    severity: str
    held: bool
    error: str | None = None
    observed: str | None = None
    rows: int | None = None
    unexpected_rows: int | None = None
    examples: tuple[str, ...] = ()
    sample_rows: tuple[dict[str, Any], ...] = ()

    @property
    def decides(self) -> bool:
        """Say whether a slice is held where this fails."""
        return self.severity == "critical"

    def __str__(self) -> str:
        """Say it in a line."""
        if self.error:
            return f"{self.rule}: could not be evaluated, {self.error}"
        if self.held:
            return f"{self.rule}: held"
        if self.unexpected_rows is None:
            return f"{self.rule}: got {self.observed}"
        seen = f", such as {', '.join(self.examples)}" if self.examples else ""
        return f"{self.rule}: {self.unexpected_rows} rows are not so{seen}"


class _Quiet:
    """What a validator asks of a project: no bars of progress."""

    progress_bars: ClassVar = {"globally": False}


def validate(connection: "duckdb.DuckDBPyConnection", suites: "Mapping[str, ExpectationSuite]") -> list[Outcome]:
    """Evaluate every expectation on its relation.

    All are asked for yes or no first, and only what failed is looked at again for examples. What is asked of a slice is
    asked of all rows of the slice in brief before.
    """
    outcomes: list[Outcome] = []
    with _validators(connection) as validator_of, _written_once():
        for relation, suite in suites.items():
            asked = {_rule(each.configuration): each.configuration for each in suite.expectations}
            brief = _BRIEFLY.get(relation, relation)
            found = _answers(validator_of(brief), relation, asked, _YES_OR_NO, of_all=brief != relation)
            failed = {rule: asked[rule] for rule in asked if not found[rule].held and not found[rule].error}
            for looked_at, again in _closer_looks(relation, failed):
                closely, of_all = _closer(connection, looked_at), looked_at != relation
                found |= _answers(validator_of(looked_at), relation, again, closely, of_all=of_all)
            outcomes += found.values()
    return sorted(outcomes, key=lambda outcome: outcome.rule)


def _closer_looks(relation: str, failed: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where to look again at what: extremes are in brief as they are in the whole relation, which takes longer."""
    extremes = {rule: each for rule, each in failed.items() if each.type in _OF_EXTREMES}
    rest = {rule: each for rule, each in failed.items() if rule not in extremes}
    looks = ((_BRIEFLY.get(relation, relation), extremes), (relation, rest))
    yield from (look for look in looks if look[1])


def _answers(
    validator: Any, relation: str, asked: dict[str, Any], result_format: dict[str, Any], *, of_all: bool
) -> dict[str, Outcome]:
    configurations = [_of_all(each) if of_all else each for each in asked.values()]
    results = validator.graph_validate(configurations, runtime_configuration={"result_format": result_format})
    found = {_rule(result.expectation_config): result for result in results}
    return {rule: _outcome(relation, configuration, found[rule]) for rule, configuration in asked.items()}


def _of_all(configuration: Any) -> Any:
    """Return what is demanded of most rows as a demand on all."""
    demand = copy.deepcopy(configuration)
    demand.kwargs.pop("mostly", None)
    return demand


@contextmanager
def _validators(connection: "duckdb.DuckDBPyConnection") -> Iterator[Any]:
    """Give Great Expectations' validator of a relation, without the project that would keep its suites and results."""
    load()
    import sqlalchemy
    from great_expectations.core.batch_spec import SqlAlchemyDatasourceBatchSpec
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.validator.validator import Validator

    from pipelines.gate import duckdb_dialect

    quiet: Any = _Quiet()
    database = sqlalchemy.create_engine(duckdb_dialect.URL, creator=connection.cursor)

    def validator_of(relation: str) -> Validator:
        asked = SqlAlchemyExecutionEngine(engine=database, create_temp_table=False)
        named = SqlAlchemyDatasourceBatchSpec(table_name=sqlalchemy.quoted_name(relation, quote=True))
        data, _ = asked.get_batch_data_and_markers(named)
        asked.load_batch_data(relation, data)
        return Validator(asked, data_context=quiet)

    try:
        yield validator_of
    finally:
        database.dispose()


@contextmanager
def _written_once() -> Iterator[None]:
    """Let each expectation write its configuration down once.

    It does so anew for whatever it is asked, eighty times each: a quarter of what Great Expectations costs otherwise.
    """
    from great_expectations.expectations import expectation as of_gx

    kind: Any = of_gx.Expectation
    write = kind.configuration
    # The expectation beside what it wrote: as long as it is there, nothing else has its id.
    written: dict[int, tuple[Any, Any]] = {}

    def configuration(expectation: Any) -> Any:
        if id(expectation) not in written:
            written[id(expectation)] = (expectation, write.fget(expectation))
        return written[id(expectation)][1]

    kind.configuration = property(configuration)
    try:
        yield
    finally:
        kind.configuration = write


def _closer(connection: "duckdb.DuckDBPyConnection", relation: str) -> dict[str, Any]:
    columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
    identity = [name for name in columns if name in _IDENTITY]
    told = {"unexpected_index_column_names": identity} if identity else {}
    return {"result_format": "SUMMARY", "partial_unexpected_count": _MOST_EXAMPLES, **told}


def _rule(configuration: Any) -> str:
    return str(configuration.meta["rule"])


def _outcome(relation: str, configuration: Any, result: Any) -> Outcome:
    seen = result.result
    demands = {key: value for key, value in configuration.kwargs.items() if key != "batch_id"}
    observed = seen.get("observed_value")
    return Outcome(
        rule=_rule(configuration),
        relation=relation,
        expectation=configuration.type,
        demands=demands,
        severity=str(getattr(configuration.severity, "value", configuration.severity)),
        held=bool(result.success),
        error=_error(result.exception_info),
        observed=None if observed is None else str(observed),
        rows=seen.get("element_count"),
        unexpected_rows=seen.get("unexpected_count"),
        examples=tuple(dict.fromkeys(map(str, seen.get("partial_unexpected_list", ()))))[:3],
        sample_rows=tuple(seen.get("partial_unexpected_index_list") or ()),
    )


def _error(exception_info: dict[str, Any]) -> str | None:
    """Find the message of an exception: told directly, or per metric that raised it."""
    for told in (exception_info, *exception_info.values()):
        if isinstance(told, dict) and told.get("raised_exception"):
            return str(told.get("exception_message")).strip().splitlines()[0]
    return None
