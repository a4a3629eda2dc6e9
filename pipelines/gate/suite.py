"""The suite of a table: its contract and the quantities, said as expectations.

Each expectation carries the rule it stands for as a sentence, which is what a person reads when it fails.
"""

import hashlib
import importlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pipelines.contracts.quantities import Quantity
from pipelines.contracts.tables import TableContract
from pipelines.gate import view

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

MOST_FAILED = 0.05
_EARLIEST_YEAR = 2000
_MOST_AHEAD_S = 86_400


def suite(contract: TableContract, quantities: Iterable[Quantity]) -> "ExpectationSuite":
    """Return the expectations on a slice of the table, as `view.view` lays it out."""
    from great_expectations import ExpectationSuite

    rules = [*_of_any_table(contract)]
    if view.holds_observations(contract):
        rules += [*_of_observations(), *_of_quantities(quantities)]
    return ExpectationSuite(name=contract.name, expectations=rules)


def digest(of: "ExpectationSuite") -> str:
    """Return the SHA-256 of what a suite demands; the same on every machine."""
    demands = [expectation.configuration.to_json_dict() for expectation in of.expectations]
    identifiers = {"id"}
    plain = [{key: value for key, value in demand.items() if key not in identifiers} for demand in demands]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def rule(sentence: str) -> dict[str, Any]:
    """Return what ties an expectation to the rule that it stands for."""
    return {"rule": sentence}


def _expectations() -> Any:
    # By name: it does not mark what it exports in the way that the type checker reads.
    return importlib.import_module("great_expectations.expectations")


def _of_any_table(contract: TableContract) -> Iterator[Any]:
    gx = _expectations()

    for column in sorted(contract.required):
        yield gx.ExpectColumnValuesToNotBeNull(column=column, meta=rule(f"{column} is never null"))
    key = list(contract.key)
    named, apart = ", ".join(key), rule(f"no two rows have the same {', '.join(key)}")
    if len(key) == 1:
        yield gx.ExpectColumnValuesToBeUnique(column=key[0], meta=apart)
    else:
        # Null is a value of the key here: two rows without a depth are the same row.
        yield gx.ExpectCompoundColumnsToBeUnique(column_list=key, ignore_row_if="never", meta=apart)
    yield gx.ExpectColumnValuesToBeNull(
        column=view.IN_EARLIER_SLICE, meta=rule(f"no row has the {named} of one admitted before")
    )


def _of_observations() -> Iterator[Any]:
    gx = _expectations()

    yield gx.ExpectColumnValuesToBeInSet(column="flag", value_set=[1, 2, 3, 4, 9], meta=rule("flag is one of QARTOD's"))
    yield gx.ExpectColumnValuesToNotBeInSet(
        column="flag",
        value_set=[4],
        mostly=1 - MOST_FAILED,
        meta=rule(f"at most {MOST_FAILED:.0%} of rows are flagged 4"),
    )
    yield gx.ExpectColumnValuesToBeInSet(
        column=view.FLAG_WITHOUT_VALUE, value_set=[9], meta=rule("a value is missing only where flag is 9")
    )
    yield gx.ExpectColumnValuesToNotBeInSet(
        column=view.FLAG_WITH_VALUE, value_set=[9], meta=rule("flag is 9 only where the value is missing")
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column=view.PHENOMENON_YEAR,
        min_value=_EARLIEST_YEAR,
        meta=rule(f"phenomenon_time is not before {_EARLIEST_YEAR}"),
    )
    yield gx.ExpectColumnValuesToBeBetween(
        column=view.PHENOMENON_AHEAD_S,
        max_value=_MOST_AHEAD_S,
        meta=rule("phenomenon_time is at most a day ahead of ingest_time"),
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
