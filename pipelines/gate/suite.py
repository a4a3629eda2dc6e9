"""The suites of a table: its contract and the quantities, said as expectations on relations of a slice.

Each expectation carries the rule it stands for as a sentence, which is what a person reads when it fails. Most decide:
one that fails holds the slice. A warning says what is no fault of the rows that came: that others are missing, or that
nobody has said where a device stands.
"""

import hashlib
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipelines.contracts.operations import operations
from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import GateRules, TableContract
from pipelines.gate import view

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite

COLUMNS, SLICE, DAYS, FIELDS = "columns", "slice", "days", "fields"
"""Those of `relations` that rules are about."""

_EARLIEST_YEAR, _EARLIEST_S = 2000, 946_684_800
_MOST_AHEAD_S = 86_400
_WARNING = {"severity": "warning"}


def suites(contract: TableContract, quantities: Iterable[Quantity]) -> "dict[str, ExpectationSuite]":
    """Return the expectations on a slice of the table, by the relation that they are about."""
    from great_expectations.core import ExpectationSuite

    rules = {COLUMNS: [*_of_columns(contract)], SLICE: [*_of_any_table(contract)]}
    if view.holds_observations(contract):
        rules[SLICE] += [*_of_observations(contract.gate), *_of_quantities(quantities)]
        rules |= {DAYS: [*_of_days(contract.gate)], FIELDS: [*_of_fields(contract.gate)]}
    if view.holds_operations(contract):
        rules[SLICE] += [*_of_flags(contract.gate, [1, 3, 4]), *_of_operations()]
    return {
        relation: ExpectationSuite(name=f"{contract.name} {relation}", expectations=expectations)
        for relation, expectations in rules.items()
    }


def about(suite: "ExpectationSuite", properties: Iterable[str]) -> "ExpectationSuite":
    """Return a suite without the ranges of properties that a slice has no row of: each would hold, at its price."""
    from great_expectations.core import ExpectationSuite

    ranges = {view.VALUE_OF + name for name in properties}
    kept = [each for each in suite.expectations if _is_about(each, ranges)]
    return ExpectationSuite(name=suite.name, expectations=kept)


def _is_about(expectation: Any, ranges: set[str]) -> bool:
    column = expectation.column
    return not column.startswith(view.VALUE_OF) or column in ranges


def digest(of: "Mapping[str, ExpectationSuite]") -> str:
    """Return the SHA-256 of what suites demand; the same on every machine."""
    demands = [expectation.configuration.to_json_dict() for suite in of.values() for expectation in suite.expectations]
    identifiers = {"id"}
    plain = [{key: value for key, value in demand.items() if key not in identifiers} for demand in demands]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def rule(sentence: str) -> dict[str, Any]:
    """Return what ties an expectation to the rule that it stands for."""
    return {"rule": sentence}


def _expectations() -> Any:
    # By name: it does not mark what it exports in the way that the type checker reads.
    return importlib.import_module("great_expectations.expectations")


def _of_columns(contract: TableContract) -> Iterator[Any]:
    typed = [f"{name} {type_}" for name, type_ in contract.duckdb_columns.items()]
    yield _expectations().ExpectColumnValuesToBeInSet(
        column="said", value_set=typed, meta=rule("each column of the files has the contract's type")
    )


def _of_any_table(contract: TableContract) -> Iterator[Any]:
    gx = _expectations()

    for column in sorted(contract.required):
        yield gx.ExpectColumnValuesToNotBeNull(column=column, meta=rule(f"{column} is never null"))
    named = ", ".join(contract.key)
    # Null is a value of the key here: two rows without a depth are the same row.
    yield gx.ExpectColumnValuesToBeUnique(column=view.ROW_KEY, meta=rule(f"no two rows have the same {named}"))
    yield gx.ExpectColumnValuesToBeNull(
        column=view.IN_EARLIER_SLICE, meta=rule(f"no row has the {named} of one in an earlier slice")
    )
    for column, referenced in contract.gate.references.items():
        yield gx.ExpectColumnValuesToBeNull(
            column=view.unknown_column(column), meta=rule(f"{column} is one of {referenced}"), **_WARNING
        )


def _of_observations(rules: GateRules) -> Iterator[Any]:
    gx = _expectations()

    def in_set(column: str, flags: list[int], sentence: str) -> Any:
        return gx.ExpectColumnValuesToBeInSet(column=column, value_set=flags, meta=rule(sentence))

    yield in_set(view.FLAG_WITHOUT_VALUE, [9], "a value is missing only where flag is 9")
    yield in_set(view.FLAG_WITH_VALUE, [1, 2, 3, 4], "flag is 9 only where the value is missing")
    yield from _of_flags(rules, [1, 2, 3, 4, 9])


def _of_flags(rules: GateRules, flags: list[int]) -> Iterator[Any]:
    gx = _expectations()

    def in_set(column: str, flags: list[int], sentence: str) -> Any:
        return gx.ExpectColumnValuesToBeInSet(column=column, value_set=flags, meta=rule(sentence))

    yield in_set("flag", flags, "flag is one of QARTOD's")
    yield in_set(view.FLAG_WITHOUT_REASONS, [1, 2], "flag is 3, 4 or 9 only with a reason")
    yield in_set(view.FLAG_WITH_REASONS, [3, 4, 9], "a reason is given only where flag is 3, 4 or 9")
    yield gx.ExpectColumnValuesToNotBeInSet(
        column=view.FLAG_OF_DATED,
        value_set=[4],
        mostly=1 - rules.most_failed,
        meta=rule(f"at most {rules.most_failed:.0%} of rows are flagged 4, those with an impossible date left out"),
    )
    yield from _of_times(rules)


def _of_times(rules: GateRules) -> Iterator[Any]:
    gx = _expectations()

    yield gx.ExpectColumnValuesToBeBetween(
        column=view.PHENOMENON_EPOCH_S,
        min_value=_EARLIEST_S,
        meta=rule(f"phenomenon_time is not before {_EARLIEST_YEAR}"),
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column=view.PHENOMENON_AHEAD_S,
        max_value=_MOST_AHEAD_S,
        meta=rule("phenomenon_time is at most a day ahead of ingest_time"),
    )
    yield gx.ExpectColumnMaxToBeBetween(
        column=view.PHENOMENON_AHEAD_S,
        min_value=-rules.newest_within_s,
        meta=rule(f"the newest reading is at most {rules.newest_within_s:,} s old when it is taken in"),
        **_WARNING,
    )


def _of_days(rules: GateRules) -> Iterator[Any]:
    least, most = rules.share_of_usual_day
    yield _expectations().ExpectColumnValuesToBeBetween(
        column="share_of_usual",
        min_value=least,
        max_value=most,
        meta=rule(f"a day has {least:g} to {most:g} times the rows of the same weekday in the four weeks before"),
        **_WARNING,
    )


def _of_fields(rules: GateRules) -> Iterator[Any]:
    yield _expectations().ExpectColumnValuesToBeBetween(
        column="completeness",
        min_value=rules.least_completeness,
        meta=rule(f"of each property a field has {rules.least_completeness:.0%} of its readings, first to last"),
        **_WARNING,
    )


def _of_operations() -> Iterator[Any]:
    gx = _expectations()

    kinds = operations()
    yield gx.ExpectColumnValuesToBeInSet(
        column="operation", value_set=sorted(kinds), meta=rule("operation is one of schemas/operations.yaml")
    )
    for column, detail in view.details(kinds.values()).items():
        low, high = detail.fail
        yield gx.ExpectColumnValuesToBeBetween(
            column=view.VALUE_OF + column,
            min_value=low,
            max_value=high,
            meta=rule(f"{column} is within {low:g} and {high:g} {detail.column.unit} unless flagged"),
        )


def _of_quantities(quantities: Iterable[Quantity]) -> Iterator[Any]:
    gx = _expectations()

    known = sorted(quantities, key=lambda quantity: quantity.name)
    yield gx.ExpectColumnValuesToBeInSet(
        column=view.PROPERTY_IN_UNIT,
        value_set=[f"{quantity.name} in {quantity.unit}" for quantity in known],
        meta=rule("property is known and in its canonical unit"),
    )
    for quantity in known:
        low, high = quantity.fail
        yield gx.ExpectColumnValuesToBeBetween(
            column=view.value_column(quantity),
            min_value=low,
            max_value=high,
            meta=rule(f"{quantity.name} is within {low:g} and {high:g} {quantity.unit} unless flagged"),
        )
