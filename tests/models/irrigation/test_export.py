import json

import numpy as np
import onnx
import onnxruntime
import pytest

from pipelines.contracts.models import model
from pipelines.errors import DataRefused
from pipelines.models.irrigation.dataset import dataset
from pipelines.models.irrigation.export import largest_difference, to_onnx
from pipelines.models.irrigation.fit import fit, inputs
from tests.field_days import field_days

IRRIGATION = model("irrigation")
ROWS = dataset(field_days(120), IRRIGATION)
BOOSTERS = fit(ROWS, IRRIGATION)
CONTENT = to_onnx(BOOSTERS, IRRIGATION, "d1")
COUNT = len(IRRIGATION.inputs)


def wild(rows: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Inputs far outside anything learned from, a fifth of them missing."""
    chance = np.random.default_rng(7)
    matrix = chance.normal(0, 20, (rows, COUNT)).astype(np.float32)
    matrix[chance.random(matrix.shape) < 0.2] = np.nan
    return matrix


def test_it_computes_what_the_trees_do() -> None:
    assert largest_difference(CONTENT, BOOSTERS, inputs(ROWS, IRRIGATION)) <= 1e-6
    assert largest_difference(CONTENT, BOOSTERS, wild(2000)) <= 1e-6


def test_another_models_file_is_caught() -> None:
    with pytest.raises(DataRefused, match="does not compute what was trained"):
        largest_difference(CONTENT, fit(ROWS.iloc[: len(ROWS) // 2], IRRIGATION), inputs(ROWS, IRRIGATION))


def test_quantiles_never_cross() -> None:
    p10, p50, p90 = onnxruntime.InferenceSession(CONTENT).run(["p10", "p50", "p90"], {"features": wild(2000)})
    assert ((p10 <= p50) & (p50 <= p90)).all()
    assert (p10 < p90).any()


def test_it_is_the_same_file_every_time() -> None:
    assert to_onnx(fit(ROWS, IRRIGATION), IRRIGATION, "d1") == CONTENT
    assert to_onnx(BOOSTERS, IRRIGATION, "d2") != CONTENT


def test_its_form_suits_old_runtimes() -> None:
    read = onnx.load_from_string(CONTENT)
    assert [(entry.domain, entry.version) for entry in read.opset_import] == [("", 17), ("ai.onnx.ml", 3)]
    assert read.ir_version == 8
    session = onnxruntime.InferenceSession(CONTENT)
    shapes = [(tensor.name, tensor.type, tensor.shape) for tensor in [*session.get_inputs(), *session.get_outputs()]]
    assert shapes == [
        ("features", "tensor(float)", ["batch", 16]),
        ("p10", "tensor(float)", ["batch"]),
        ("p50", "tensor(float)", ["batch"]),
        ("p90", "tensor(float)", ["batch"]),
    ]


def test_it_says_what_it_is() -> None:
    said = {entry.key: entry.value for entry in onnx.load_from_string(CONTENT).metadata_props}
    assert said["training_data_sha256"] == "d1"
    assert said["target_unit"] == "m3/m3"
    assert list(json.loads(said["inputs"])) == list(IRRIGATION.input_names)
