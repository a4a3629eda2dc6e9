"""Suites, run on the relations of a slice by Great Expectations, which asks DuckDB."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    from great_expectations import ExpectationSuite

_MOST_EXAMPLES = 5
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


def load() -> None:
    """Import Great Expectations without what it would import whole and we never ask it for.

    Spark, only to know that it is there; SciPy and Altair, for tests of distributions and their charts.
    """
    with _in_place_of("pyspark", None), _in_place_of("altair", ModuleType("altair")):
        scipy = ModuleType("scipy")
        scipy.stats = None  # type: ignore[attr-defined]  # what is imported from it
        with _in_place_of("scipy", scipy):
            import great_expectations
            import great_expectations.expectations  # noqa: F401


@contextmanager
def _in_place_of(name: str, substitute: ModuleType | None) -> Iterator[None]:
    """Give whoever imports a module the substitute; nothing where it is loaded already. None says that it is absent."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = substitute  # type: ignore[assignment]  # None is how the import system itself marks absence
    try:
        yield
    finally:
        del sys.modules[name]


def validate(connection: "duckdb.DuckDBPyConnection", suites: "Mapping[str, ExpectationSuite]") -> list[Outcome]:
    """Evaluate every expectation on its relation.

    All are asked for yes or no first, which takes one scan; only what failed is looked at again for examples.
    """
    outcomes: list[Outcome] = []
    with _batches(connection) as batch_of:
        for relation, suite in suites.items():
            outcomes += _validated(batch_of(relation), relation, suite, _closer(connection, relation))
    return sorted(outcomes, key=lambda outcome: outcome.rule)


def _validated(batch: Any, relation: str, suite: "ExpectationSuite", closer: dict[str, Any]) -> list[Outcome]:
    outcomes = [_outcome(relation, result) for result in batch.validate(suite, result_format="BOOLEAN_ONLY").results]
    failed = {outcome.rule for outcome in outcomes if not outcome.held and not outcome.error}
    if failed:
        results = batch.validate(_only(suite, failed), result_format=closer).results
        seen = [_outcome(relation, result) for result in results]
        outcomes = [outcome for outcome in outcomes if outcome.rule not in failed] + seen
    return outcomes


@contextmanager
def _batches(connection: "duckdb.DuckDBPyConnection") -> Iterator[Any]:
    load()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from pipelines.gate import duckdb_dialect

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    add_sql: Any = context.data_sources.add_sql  # its stub does not know what goes on to SQLAlchemy
    source = add_sql(
        "lake", connection_string=duckdb_dialect.URL, kwargs={"creator": connection.cursor}, create_temp_table=False
    )

    def batch_of(relation: str) -> Any:
        asset = source.add_table_asset(relation, table_name=relation)
        return asset.add_batch_definition_whole_table("whole").get_batch()

    try:
        yield batch_of
    finally:
        source.get_engine().dispose()


def _closer(connection: "duckdb.DuckDBPyConnection", relation: str) -> dict[str, Any]:
    columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
    identity = [name for name in columns if name in _IDENTITY]
    told = {"unexpected_index_column_names": identity} if identity else {}
    return {"result_format": "SUMMARY", "partial_unexpected_count": _MOST_EXAMPLES, **told}


def _only(suite: "ExpectationSuite", rules: Iterable[str]) -> "ExpectationSuite":
    from great_expectations import ExpectationSuite

    chosen = [expectation for expectation in suite.expectations if _rule(expectation) in rules]
    return ExpectationSuite(name=f"{suite.name}, failed", expectations=chosen)


def _rule(expectation: Any) -> str:
    return str(expectation.meta["rule"])


def _outcome(relation: str, result: Any) -> Outcome:
    configuration, seen = result.expectation_config, result.result
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
