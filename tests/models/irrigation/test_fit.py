import numpy as np
import pytest

from pipelines.contracts.models import model
from pipelines.models.irrigation.dataset import dataset
from pipelines.models.irrigation.fit import fit, inputs, predict
from tests.field_days import field_days

IRRIGATION = model("irrigation")
ROWS = dataset(field_days(120), IRRIGATION)


def test_the_same_rows_grow_the_same_trees() -> None:
    first, second = ([booster.model_to_string() for booster in fit(ROWS, IRRIGATION)] for _ in range(2))
    assert first == second
    assert len(set(first)) == 3


def test_inputs_stand_in_the_contracts_order() -> None:
    matrix = inputs(ROWS, IRRIGATION)
    assert matrix.dtype == np.float32
    for place, name in enumerate(IRRIGATION.input_names):
        np.testing.assert_array_equal(matrix[:, place], ROWS[name].to_numpy(dtype=np.float32))


def test_quantiles_hold_the_share_they_name_where_they_were_learned() -> None:
    quantiles = predict(fit(ROWS, IRRIGATION), inputs(ROWS, IRRIGATION))
    below = [(ROWS[IRRIGATION.target].to_numpy() <= quantiles[:, place]).mean() for place in range(3)]
    assert below == pytest.approx([0.1, 0.5, 0.9], abs=0.07)
    assert (np.diff(quantiles, axis=1) >= 0).all()
