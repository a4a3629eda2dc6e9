"""One violation of every rule, planted in one slice: each is found, counted and named, and nothing else is."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from great_expectations import ExpectationSuite
from great_expectations import expectations as gx

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.gate.suite import DAYS, FIELDS, suites
from pipelines.gate.validation import validate
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch
from pipelines.kernel.steps import steps
from tests.gate.conftest import OBSERVATIONS, LaidOut
from tests.lakes import START, observation
from tests.uplinks import INGEST_TIME, records

KEY = "event_key, device_id, property, channel, depth_cm, phenomenon_time"

# rule -> the rows that break it, as changes to a clean row
PLANTED: dict[str, list[dict[str, Any]]] = {
    **{
        f"{column} is never null": [{column: None}]
        for column in OBSERVATIONS.required - {"property", "unit", "device_id"}
    },
    **{
        f"{name} is within {low:g} and {high:g} {quantity.unit} unless flagged": [
            {"property": name, "unit": quantity.unit, "value": high + 0.001},
            {"property": name, "unit": quantity.unit, "value": low - 0.001},
        ]
        for name, quantity in quantities().items()
        for low, high in [quantity.fail]
    },
    "property is known and in its canonical unit": [{"unit": "%"}, {"property": "soil_wetness"}],
    f"no two rows have the same {KEY}": [
        {"event_key": "twice", "depth_cm": None},
        {"event_key": "twice", "depth_cm": None},
    ],
    "flag is one of QARTOD's": [{"flag": 5, "reasons": []}],
    "a value is missing only where flag is 9": [{"value": None}],
    "flag is 9 only where the value is missing": [{"flag": 9, "reasons": ["missing_value"]}],
    "flag is 3, 4 or 9 only with a reason": [{"flag": 3}],
    "a reason is given only where flag is 3, 4 or 9": [{"reasons": ["below_suspect_range"]}],
    "phenomenon_time is not before 2000": [{"phenomenon_time": datetime(1970, 1, 1, tzinfo=UTC)}],
    "phenomenon_time is at most a day ahead of ingest_time": [{"phenomenon_time": START + timedelta(hours=25)}],
    "device_id is one of reference.devices": [{"device_id": "stranger"}],
}
# What breaks one rule in this way breaks these too.
ALSO = {
    "flag is one of QARTOD's": ("flag is 9 only where the value is missing", "flag is 3, 4 or 9 only with a reason")
}
CLEAN = {"value": 0.3, "phenomenon_time": START, "device_id": "probe-0"}


def rows(planted: list[dict[str, Any]], clean: int) -> Iterator[dict[str, Any]]:
    for number in range(clean):
        yield {**observation(number), **CLEAN}
    for number, changes in enumerate(planted, start=clean):
        yield {**observation(number), **CLEAN, **changes}


def registered(*devices: str) -> pa.Table:
    rows = [
        {"device_id": each, "field_id": "north", "valid_from": datetime(2020, 1, 1, tzinfo=UTC)} for each in devices
    ]
    return pa.Table.from_pylist(rows, schema=table("reference.devices").arrow_schema)


def unexpected(connection: duckdb.DuckDBPyConnection, relation: str) -> int | None:
    """Rows of a relation that are not as its one rule has them."""
    suite = suites(OBSERVATIONS, quantities().values())[relation]
    (outcome,) = validate(connection, {relation: suite})
    assert not outcome.decides
    return outcome.unexpected_rows


def failures(connection: duckdb.DuckDBPyConnection) -> dict[str, int | None]:
    outcomes = validate(connection, suites(OBSERVATIONS, quantities().values()))
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return {outcome.rule: outcome.unexpected_rows for outcome in outcomes if not outcome.held}


def test_every_planted_violation_is_found_and_nothing_else(laid_out: LaidOut) -> None:
    planted = [changes for several in PLANTED.values() for changes in several]
    expected = {rule: len(several) for rule, several in PLANTED.items()}
    for rule, others in ALSO.items():
        for other in others:
            expected[other] += len(PLANTED[rule])
    assert failures(laid_out([*rows(planted, clean=1)], devices=registered("probe-0"))) == expected


def test_what_breaks_the_gate_s_range_is_what_the_kernel_flags_4(laid_out: LaidOut) -> None:
    """The same values, once through the kernel, once past it: both count the same violations of each property."""
    said = [
        {"property": name, "value": value, "unit": quantity.unit}
        for name, quantity in quantities().items()
        for low, high in [quantity.fail]
        for value in (low, low - 0.001, high, high + 0.001)
    ]
    messages = [
        json.dumps({"device_id": "probe-0", "time": "2026-06-01T12:00:00Z", "sequence": n, "observations": [each]})
        for n, each in enumerate(said)
    ]
    message_rows = records([each.encode() for each in messages])
    with Batch(steps(), message_rows, tenant_id="acme", ingest_time=INGEST_TIME) as batch:
        judged = batch.judge(KNOWN_KEYS_SCHEMA.empty_table()).silver.to_pylist()
    assert len(judged) == len(said)
    flagged = {name: sum(row["flag"] == 4 for row in judged if row["property"] == name) for name in quantities()}
    unflagged = [row | {"flag": 1, "reasons": []} for row in judged]
    found = failures(laid_out(unflagged, devices=registered("probe-0")))
    assert {rule.split(" is within ")[0]: count for rule, count in found.items()} == flagged
    assert set(flagged.values()) == {2}


def test_rules_on_absent_names_count_as_unknown_too(laid_out: LaidOut) -> None:
    planted = [{"property": None}, {"unit": None}]
    assert failures(laid_out([*rows(planted, clean=1)], devices=registered("probe-0"))) == {
        "property is never null": 1,
        "unit is never null": 1,
        "property is known and in its canonical unit": 1 + 1,
    }


TOO_MANY = "at most 5% of rows are flagged 4, those with an impossible date left out"


@pytest.mark.parametrize(
    ("reason", "failed", "good", "expected"),
    [
        ("above_gross_range", 5, 95, {}),
        ("above_gross_range", 6, 94, {TOO_MANY: 6}),
        # A device whose clock is wrong says nothing of how good the other rows are.
        ("impossible_date", 60, 40, {}),
    ],
)
def test_five_per_cent_may_fail_and_no_more(
    laid_out: LaidOut, reason: str, failed: int, good: int, expected: dict[str, int]
) -> None:
    bad = {"value": 0.9, "flag": 4, "reasons": [reason]}
    assert failures(laid_out([*rows([bad] * failed, clean=good)], devices=registered("probe-0"))) == expected


def test_a_row_of_an_earlier_slice_is_found(laid_out: LaidOut) -> None:
    found = failures(laid_out([*rows([], clean=3)], earlier=[*rows([], clean=1)], devices=registered("probe-0")))
    assert found == {f"no row has the {KEY} of one in an earlier slice": 1}


def test_a_failure_says_what_was_seen_and_where_it_is(laid_out: LaidOut) -> None:
    connection = laid_out([*rows([{"value": 0.9}], clean=3)], devices=registered("probe-0"))
    (failed,) = (
        outcome
        for outcome in validate(connection, suites(OBSERVATIONS, quantities().values()))
        if not outcome.held and outcome.decides
    )
    assert str(failed) == "soil_moisture is within 0 and 0.7 m3/m3 unless flagged: 1 rows are not so, such as 0.9"
    (row,) = failed.sample_rows
    assert (row["device_id"], row["offset"], row["value_of_soil_moisture"]) == ("probe-0", 3, 0.9)


MONDAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        # Four rows on a Monday that a row of Tuesday closes.
        ({}, None),
        ({date(2026, 5, 25): 4}, None),
        ({date(2026, 5, 25): 8, date(2026, 5, 18): 8}, None),
        ({date(2026, 5, 25): 10, date(2026, 5, 18): 8}, 1),
        ({date(2026, 5, 25): 1}, 1),
        # Another weekday, and a Monday five weeks ago, are no measure.
        ({date(2026, 5, 26): 100, date(2026, 4, 27): 100}, None),
        # Half of the Monday came in the slice before.
        ({date(2026, 5, 25): 14, MONDAY: 4}, None),
    ],
)
def test_a_day_is_measured_by_its_weekday(laid_out: LaidOut, before: dict[date, int], expected: int | None) -> None:
    tuesday = {"phenomenon_time": START + timedelta(days=1)}
    assert unexpected(laid_out([*rows([tuesday], clean=4)], rows_by_day=before), DAYS) == expected


@pytest.mark.parametrize(("missing", "expected"), [(1, None), (2, 1)])
def test_a_field_s_readings_are_counted_against_its_sensors_interval(
    laid_out: LaidOut, missing: int, expected: int | None
) -> None:
    """Eleven half-hours from first to last: 10/11 is over 90 %, 9/11 is not."""
    halves = [{"phenomenon_time": START + timedelta(minutes=30 * n)} for n in range(11) if not 1 <= n <= missing]
    every = pa.table({"sensor_model": ["tower_soil_probe"], "averaging_interval_s": pa.array([1800], pa.int64())})
    connection = laid_out([*rows(halves, clean=0)], devices=registered("probe-0"), intervals=every)
    assert unexpected(connection, FIELDS) == expected


def test_old_news_is_a_warning(laid_out: LaidOut) -> None:
    old = {"phenomenon_time": START - timedelta(days=8)}
    outcomes = validate(
        laid_out([*rows([old], clean=0)], devices=registered("probe-0")), suites(OBSERVATIONS, quantities().values())
    )
    (failed,) = (outcome for outcome in outcomes if not outcome.held)
    assert not failed.decides
    assert str(failed) == "the newest reading is at most 604,800 s old when it is taken in: got -691200.0"


def test_an_expectation_that_cannot_be_evaluated_is_an_error_and_no_failure(laid_out: LaidOut) -> None:
    absent = gx.ExpectColumnValuesToNotBeNull(column="salinity", meta={"rule": "salinity is never null"})
    present = gx.ExpectColumnValuesToNotBeNull(column="flag", meta={"rule": "flag is never null"})
    both = ExpectationSuite(name="both", expectations=[present, absent])
    held, errored = validate(laid_out([*rows([], clean=1)]), {"slice": both})
    assert (held.held, held.error) == (True, None)
    assert not errored.held
    assert errored.error is not None
    assert "salinity" in errored.error
