"""What the suite sees of a row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.gate.view import IN_EARLIER_SLICE, PHENOMENON_AHEAD_S, view
from tests.lakes import observation

pytestmark = pytest.mark.spark

OBSERVATIONS = table("silver.observations")
Observations = Callable[[list[dict[str, Any]]], DataFrame]


def seen(rows: DataFrame, earlier: DataFrame | None = None) -> list[dict[str, Any]]:
    laid_out = view(rows, OBSERVATIONS, quantities().values(), earlier)
    return [row.asDict() for row in laid_out.orderBy("offset").collect()]


def test_each_rule_has_its_column_and_flagged_rows_are_no_surprise(observations: Observations) -> None:
    #      property           value  flag -> soil moisture, air temperature, flag with and without a value
    drawn = [
        ("soil_moisture", 0.3, 1, (0.3, None, 1, None)),
        ("air_temperature", 61.0, 3, (None, 61.0, 3, None)),
        ("soil_moisture", 0.9, 4, (None, None, 4, None)),
        ("soil_moisture", None, 9, (None, None, None, 9)),
    ]
    rows = [
        {**observation(number), "property": name, "value": value, "flag": flag}
        for number, (name, value, flag, _) in enumerate(drawn)
    ]
    columns = ("value_of_soil_moisture", "value_of_air_temperature", "flag_with_value", "flag_without_value")
    assert [tuple(row[column] for column in columns) for row in seen(observations(rows))] == [
        expected for *_, expected in drawn
    ]


def test_time_is_judged_by_the_year_and_against_the_intake(observations: Observations) -> None:
    intake = datetime(2026, 6, 1, tzinfo=UTC)
    row = {**observation(0), "phenomenon_time": intake + timedelta(days=2), "ingest_time": intake}
    (first, second) = seen(observations([row, {**row, "offset": 1, "flag": 4}]))
    assert (first["phenomenon_year"], first[PHENOMENON_AHEAD_S]) == (2026, 2 * 86400)
    assert (second["phenomenon_year"], second[PHENOMENON_AHEAD_S]) == (None, None)


def test_a_key_of_an_earlier_slice_is_known_again_where_its_parts_are_null(observations: Observations) -> None:
    rows = [observation(0), {**observation(1), "depth_cm": None, "channel": None}, observation(2)]
    earlier = [rows[1], rows[1], {**rows[0], "depth_cm": None}]
    assert [row[IN_EARLIER_SLICE] for row in seen(observations(rows), observations(earlier))] == [
        None,
        f"{1:032x} soil_moisture",
        None,
    ]
