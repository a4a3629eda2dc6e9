"""Trees as ONNX nodes, where a converter would be wrong by a hair."""

import lightgbm
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from pipelines.models.trees import regressor

Matrix = "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"


def grown(matrix: Matrix, target: list[float], **parameters: object) -> lightgbm.Booster:
    settings = {
        "objective": "regression",
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "verbosity": -1,
        "num_threads": 1,
    }
    return lightgbm.train(settings | parameters, lightgbm.Dataset(matrix, np.asarray(target)), num_boost_round=3)


def run(booster: lightgbm.Booster, matrix: Matrix) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    graph = helper.make_graph(
        [regressor(booster, "x", "y")],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", matrix.shape[1]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    found = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": matrix})[0][:, 0]
    assert isinstance(found, np.ndarray)
    return found


def test_neighbours_in_single_precision_stay_on_their_sides() -> None:
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    matrix = np.array([[low], [high]] * 20, dtype=np.float32)
    booster = grown(matrix, [0.0, 1.0] * 20)
    native = booster.predict(matrix)
    assert native[0] != native[1]  # the split lies between two neighbours, where float32 has no number
    np.testing.assert_allclose(run(booster, matrix), native, atol=1e-6)


@pytest.mark.parametrize("missing_in_training", [True, False])
def test_a_missing_value_goes_where_the_trees_send_it(*, missing_in_training: bool) -> None:
    values = np.linspace(-1, 1, 40, dtype=np.float32)
    target = np.where(values > -0.3, 1.0, 0.0)
    if missing_in_training:
        values[::5] = np.nan
        target[::5] = 1.0
    booster = grown(values[:, None], list(target))
    probe = np.array([[np.nan], [-0.9], [0.9]], dtype=np.float32)
    np.testing.assert_allclose(run(booster, probe), booster.predict(probe), atol=1e-6)


def test_a_split_by_category_is_refused() -> None:
    codes = np.array([[0], [1], [2], [3]] * 20, dtype=np.float32)
    booster = grown(codes, [0.0, 1.0, 0.0, 1.0] * 20, categorical_feature=[0], min_data_per_group=1, cat_smooth=0)
    with pytest.raises(ValueError, match="cannot write a split =="):
        regressor(booster, "x", "y")
