"""One violation of every rule, planted in one slice: each is found, counted and named, and nothing else is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from great_expectations import ExpectationSuite
from great_expectations import expectations as gx
from pyspark.sql import DataFrame

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.gate.suite import suite
from pipelines.gate.validation import validate
from pipelines.gate.view import view
from tests.lakes import START, observation

pytestmark = pytest.mark.spark

OBSERVATIONS = table("silver.observations")
KEY = "event_key, property, channel, depth_cm"
Observations = Callable[[list[dict[str, Any]]], DataFrame]

# rule -> the rows that break it, as changes to a clean row
PLANTED: dict[str, list[dict[str, Any]]] = {
    **{f"{column} is never null": [{column: None}] for column in OBSERVATIONS.required - {"property", "unit"}},
    **{
        f"{name} is within {low:g} and {high:g} {quantity.unit} unless flagged": [
            {"property": name, "unit": quantity.unit, "value": high + 0.001},
            {"property": name, "unit": quantity.unit, "value": low - 0.001},
        ]
        for name, quantity in quantities().items()
        for low, high in [quantity.fail]
    },
    "property is known and in its canonical unit": [
        {"unit": "%"},
        {"property": "soil_wetness"},
    ],
    f"no two rows have the same {KEY}": [
        {"event_key": "twice", "depth_cm": None},
        {"event_key": "twice", "depth_cm": None},
    ],
    "flag is one of QARTOD's": [{"flag": 5}],
    "a value is missing only where flag is 9": [{"value": None}],
    "flag is 9 only where the value is missing": [{"flag": 9}],
    "phenomenon_time is not before 2000": [{"phenomenon_time": datetime(1970, 1, 1, tzinfo=UTC)}],
    "phenomenon_time is at most a day ahead of ingest_time": [{"phenomenon_time": START + timedelta(hours=25)}],
}
CLEAN = {"value": 0.3, "phenomenon_time": START}


def rows(planted: list[dict[str, Any]], clean: int) -> Iterator[dict[str, Any]]:
    for number in range(clean):
        yield {**observation(number), **CLEAN}
    for number, changes in enumerate(planted, start=clean):
        yield {**observation(number), **CLEAN, **changes}


def failures(slice_: DataFrame, earlier: DataFrame | None = None) -> dict[str, int | None]:
    laid_out = view(slice_, OBSERVATIONS, quantities().values(), earlier)
    outcomes = validate(laid_out, suite(OBSERVATIONS, quantities().values()))
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return {outcome.rule: outcome.unexpected_rows for outcome in outcomes if not outcome.held}


def test_every_planted_violation_is_found_and_nothing_else(observations: Observations) -> None:
    planted = [changes for several in PLANTED.values() for changes in several]
    expected = {rule: len(several) for rule, several in PLANTED.items()}
    assert failures(observations([*rows(planted, clean=1)])) == expected


def test_rules_on_absent_names_count_as_unknown_too(observations: Observations) -> None:
    assert failures(observations([*rows([{"property": None}, {"unit": None}], clean=1)])) == {
        "property is never null": 1,
        "unit is never null": 1,
        "property is known and in its canonical unit": 1 + 1,
    }


@pytest.mark.parametrize(
    ("failed", "good", "expected"),
    [(5, 95, {}), (6, 94, {"at most 5% of rows are flagged 4": 6})],
)
def test_five_per_cent_may_fail_and_no_more(
    observations: Observations, failed: int, good: int, expected: dict[str, int]
) -> None:
    assert failures(observations([*rows([{"value": 0.9, "flag": 4}] * failed, clean=good)])) == expected


def test_a_row_that_was_admitted_before_is_found(observations: Observations) -> None:
    again = observations([*rows([], clean=3)])
    assert failures(again, earlier=observations([*rows([], clean=1)])) == {
        f"no row has the {KEY} of one admitted before": 1
    }


def test_a_failure_says_what_was_seen(observations: Observations) -> None:
    laid_out = view(observations([*rows([{"value": 0.9}], clean=3)]), OBSERVATIONS, quantities().values(), None)
    not_held = [
        outcome for outcome in validate(laid_out, suite(OBSERVATIONS, quantities().values())) if not outcome.held
    ]
    assert list(map(str, not_held)) == [
        "soil_moisture is within 0 and 0.7 m3/m3 unless flagged: 1 rows are not so, such as 0.9"
    ]


def test_an_expectation_that_cannot_be_evaluated_is_an_error_and_no_failure(observations: Observations) -> None:
    absent = gx.ExpectColumnValuesToNotBeNull(column="salinity", meta={"rule": "salinity is never null"})
    present = gx.ExpectColumnValuesToNotBeNull(column="flag", meta={"rule": "flag is never null"})
    errored, held = validate(
        observations([*rows([], clean=1)]), ExpectationSuite(name="both", expectations=[present, absent])
    )[::-1]
    assert (held.held, held.error) == (True, None)
    assert not errored.held
    assert errored.error is not None
    assert "salinity" in errored.error
