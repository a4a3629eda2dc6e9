"""What a value's flag is, in the order in which reasons count."""

import math

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.quantities import quantities
from pipelines.kernel.flags import REASONS, Said, flagged, lack_codes, reason_lists
from pipelines.kernel.meanings import MEANING_SCHEMA, Meaning


def judged(amount, *, prop="soil_moisture", scale=0.01, missing=(), limit=None, misdated=False, lack=None):
    meaning = Meaning(None, quantities()[prop], scale, 0.0, missing=missing, contradicts_up_to=limit)
    said = Said(np.array([0]), np.array([amount]), lack_codes(pa.array([lack], pa.string())), np.array([misdated]))
    found = flagged(said, pa.Table.from_pylist([meaning.row(0)], schema=MEANING_SCHEMA))
    value = found.values[0]
    return None if math.isnan(value) else round(value, 9), int(found.flags[0]), reason_lists(found.codes).to_pylist()[0]


@pytest.mark.parametrize(
    ("amount", "how", "expected"),
    [
        # soil moisture: fail outside 0 to 0.70, suspect outside 0.02 to 0.60
        (30.0, {}, (0.3, 1, [])),
        (2.0, {}, (0.02, 1, [])),
        (1.9, {}, (0.019, 3, ["below_suspect_range"])),
        (60.1, {}, (0.601, 3, ["above_suspect_range"])),
        (70.1, {}, (0.701, 4, ["above_gross_range"])),
        (-0.1, {}, (-0.001, 4, ["below_gross_range"])),
        (math.nan, {}, (None, 9, ["not_finite"])),
        (math.inf, {}, (None, 9, ["not_finite"])),
        (1e308, {"scale": 1e10}, (None, 9, ["not_finite"])),
        (math.nan, {"lack": "missing_value"}, (None, 9, ["missing_value"])),
        (math.nan, {"lack": "not_a_number"}, (None, 9, ["not_a_number"])),
        (30.0, {"missing": (30.0, 655.35)}, (None, 9, ["missing_value"])),
        (30.0, {"misdated": True}, (0.3, 4, ["impossible_date"])),
        (71.0, {"misdated": True}, (0.71, 4, ["impossible_date"])),
        (0.3, {"limit": 1.0}, (0.003, 4, ["unit_contradicts_value"])),
        (1.0, {"limit": 1.0}, (0.01, 4, ["unit_contradicts_value"])),
        (0.0, {"limit": 1.0}, (0.0, 3, ["below_suspect_range"])),
        (30.0, {"limit": 1.0}, (0.3, 1, [])),
    ],
)
def test_a_value_is_flagged(amount, how, expected):
    assert judged(amount, **how) == expected


def test_reasons_are_lists_of_at_most_one():
    codes = np.array([0, 6, 0, 1], np.int8)
    assert reason_lists(codes).to_pylist() == [[], [REASONS[6][0]], [], ["missing_value"]]
