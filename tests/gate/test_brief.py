"""A slice in brief is judged as the slice is, whatever its rows are and however many."""

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from great_expectations import ExpectationSuite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contracts.quantities import quantities
from pipelines.gate import brief, validation
from pipelines.gate.suite import SLICE, suites
from tests.gate.conftest import OBSERVATIONS, LaidOut
from tests.gate.test_validation import registered, rows
from tests.lakes import START

# A rule about most rows is no rule about each.
OF_ALL = ExpectationSuite(
    name="of all",
    expectations=[
        each
        for each in suites(OBSERVATIONS, quantities().values())[SLICE].expectations
        if "mostly" not in each.configuration.kwargs
    ],
)
# What rules tell apart, each with what is right and what is not.
DRAWN: dict[str, list[Any]] = {
    "device_id": ["probe-0", "probe-1", "stranger"],
    "property": ["soil_moisture", "air_temperature", "soil_wetness", None],
    "unit": ["m3/m3", "Cel", None],
    "value": [0.3, 0.9, -0.1, float("nan"), float("inf"), None],
    "flag": [1, 3, 4, 5, 9, None],
    "reasons": [[], ["impossible_date"], ["above_gross_range", "impossible_date"], None],
    "phenomenon_time": [START, START + timedelta(days=3), datetime(1970, 1, 1, tzinfo=UTC), None],
    "ingest_time": [START, START + timedelta(days=9), None],
    "event_key": ["twice", None],
    "tenant_id": ["demo", None],
}
CHANGES = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in DRAWN.items()})


def not_held(connection: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {outcome.rule for outcome in validation.validate(connection, {relation: OF_ALL}) if not outcome.held}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=6), clean=st.integers(0, 30))
def test_what_is_found_in_brief_is_what_is_found_in_full(
    laid_out: LaidOut, monkeypatch: pytest.MonkeyPatch, changes: list[dict[str, Any]], clean: int
) -> None:
    monkeypatch.setattr(validation, "_BRIEFLY", {})
    monkeypatch.setattr(validation, "_closer_looks", lambda *_: ())
    with duckdb.connect() as connection:
        laid_out([*rows(changes, clean)], into=connection, devices=registered("probe-0", "probe-1"))
        in_brief, in_full = not_held(connection, "brief"), not_held(connection, SLICE)
    # That something is null is told in brief; what, only in full.
    assert {rule for rule in in_brief ^ in_full if not rule.endswith(" is never null")} == set()
    assert in_brief >= in_full


def test_an_extreme_is_told_from_what_is_brief_as_from_the_slice(
    laid_out: LaidOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[tuple[str | None, int | None]]:
        outcomes = validation.validate(connection, {SLICE: OF_ALL})
        return [(each.observed, each.rows) for each in outcomes if each.rule.startswith("the newest reading is")]

    late = [{"ingest_time": START + timedelta(days=days)} for days in (9, 30)]
    connection = laid_out(rows(late, clean=0))
    in_brief = told()
    monkeypatch.setattr(validation, "_BRIEFLY", {})
    assert in_brief == told() == [("-777600.0", None)]


def test_thousands_of_rows_are_two_for_each_of_their_kinds(laid_out: LaidOut) -> None:
    many = [{"device_id": f"probe-{n % 7}", "value": n / 10_000} for n in range(3_000)]
    failed = [{"value": 0.9, "flag": 4, "reasons": ["above_gross_range"]}] * 9
    connection = laid_out([*rows([*many, *failed], clean=0)], devices=registered(*(f"probe-{n}" for n in range(7))))
    seen = connection.sql("select flag, value_of_soil_moisture, flag_of_dated from brief order by all").fetchall()
    assert seen == [(1, 0.0, 1), (1, 0.2999, 1), (4, None, 4), (4, None, 4)]


@pytest.mark.parametrize("most_keys", [1, 3, 2**25])
def test_a_key_that_comes_twice_is_found_in_whatever_part_it_falls(
    laid_out: LaidOut, monkeypatch: pytest.MonkeyPatch, most_keys: int
) -> None:
    monkeypatch.setattr(brief, "MOST_KEYS", most_keys)
    twice = [{"event_key": f"{n // 2:x}"} for n in range(10)]
    connection = laid_out([*rows(twice, clean=5)])
    assert connection.table("brief").aggregate("count(*), count(distinct row_key)").fetchall() == [(12, 5)]


LONG_AGO = datetime(1969, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ({}, {}, 2),
        ({}, {"flag": 9, "value": None, "reasons": ["missing_value"]}, 2),  # judged unlike, they are still the same
        ({"device_id": None}, {"device_id": None}, 2),
        ({"phenomenon_time": None}, {"phenomenon_time": None}, 2),
        ({"phenomenon_time": LONG_AGO}, {"phenomenon_time": LONG_AGO}, 2),
        ({}, {"phenomenon_time": START + timedelta(seconds=1)}, 0),
        ({}, {"phenomenon_time": START + timedelta(minutes=1)}, 0),
        ({}, {"phenomenon_time": START + timedelta(days=1)}, 0),
        ({}, {"event_key": "another"}, 0),
        ({}, {"depth_cm": 40.0}, 0),
    ],
)
def test_rows_close_in_time_are_the_same_if_all_of_their_key_is(
    laid_out: LaidOut, first: dict[str, Any], second: dict[str, Any], alike: int
) -> None:
    same = {"event_key": "twice", "depth_cm": 10.0}
    connection = laid_out([*rows([same | first, same | second], clean=3)])
    assert connection.table("brief").filter("row_key is not null").count("*").fetchall() == [(alike,)]


def test_keys_are_compared_of_devices_only_that_sent_twice_within_minutes(laid_out: LaidOut) -> None:
    often = [{"device_id": "probe-1", "phenomenon_time": START + timedelta(seconds=s)} for s in (0, 20, 300)]
    steady = [{"device_id": "probe-0", "phenomenon_time": START + timedelta(minutes=3 * n)} for n in range(500)]
    connection = laid_out([*rows([*often, *steady], clean=0)])
    assert connection.table("close").fetchall() == [("probe-1", 3)]


def test_a_key_of_an_observation_says_where_and_when() -> None:
    # Or two in different parts of a day might have the same.
    assert {"device_id", "property", "channel", "depth_cm", "phenomenon_time"} <= set(OBSERVATIONS.key)
