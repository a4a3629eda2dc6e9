"""The forecast as one ONNX file, checked against the trees it was made from."""

import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.contracts.models import ModelContract
from pipelines.errors import DataRefused
from pipelines.models.irrigation.fit import predict
from pipelines.models.trees import regressor

if TYPE_CHECKING:
    from lightgbm import Booster
    from onnx import NodeProto

# Old enough for every runtime on a gateway.
OPSET, OPSET_ML, IR_VERSION = 17, 3, 8
LARGEST_DIFFERENCE = 1e-5


def to_onnx(boosters: "list[Booster]", contract: ModelContract, training_data_sha256: str) -> bytes:
    """Return the ONNX file; equal boosters give equal bytes.

    Shape: `features` float32[batch, inputs] -> `p10`, `p50`, `p90`, each float32[batch], never crossing.
    Units: m3/m3, change of soil moisture from the day to day + horizon_d.
    Source: schemas/models/irrigation.yaml, repeated in the file's metadata.
    """
    import onnx
    from onnx import TensorProto, helper

    raw = [f"{output.name}_raw" for output in contract.outputs]
    nodes = [regressor(booster, "features", name) for booster, name in zip(boosters, raw, strict=True)]
    graph = helper.make_graph(
        [*nodes, *_sorted(raw, list(contract.output_names))],
        contract.name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", len(contract.inputs)])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"]) for name in contract.output_names],
        initializer=[helper.make_tensor("column", TensorProto.INT64, [1], [1])],
    )
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="fieldstream")
    helper.set_model_props(model, _metadata(contract, training_data_sha256))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def largest_difference(model: bytes, boosters: "list[Booster]", matrix: NDArray[np.float32]) -> float:
    """Return how far the ONNX file is from the trees, at most, over the rows.

    Shape: float32[rows, inputs] -> one number.
    Units: as the target.
    Source: the boosters' own prediction.

    Raises:
        DataRefused: It is farther than rounding explains.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(model, options, providers=["CPUExecutionProvider"])
    difference = float(
        np.abs(np.column_stack(session.run(None, {"features": matrix})) - predict(boosters, matrix)).max()
    )
    if not difference <= LARGEST_DIFFERENCE:
        raise DataRefused(
            "The ONNX file does not compute what was trained",
            where=f"{len(matrix)} rows",
            expected=f"a difference of at most {LARGEST_DIFFERENCE}",
            got=f"{difference}",
            fix="Nothing was registered. Report this with the training data's digest.",
        )
    return difference


def _sorted(raw: list[str], named: list[str]) -> "list[NodeProto]":
    """Sort three columns inside the graph, and drop their second axis."""
    from onnx import helper

    first, second, third = raw
    low, middle, high = named
    steps = [
        ("Min", raw, "lowest"),
        ("Max", raw, "highest"),
        ("Min", [first, second], "lower_of_two"),
        ("Max", [first, second], "higher_of_two"),
        ("Min", ["higher_of_two", third], "below_third"),
        ("Max", ["lower_of_two", "below_third"], "middle"),
        ("Squeeze", ["lowest", "column"], low),
        ("Squeeze", ["middle", "column"], middle),
        ("Squeeze", ["highest", "column"], high),
    ]
    return [helper.make_node(op, list(sources), [into], name=into) for op, sources, into in steps]


def _metadata(contract: ModelContract, training_data_sha256: str) -> dict[str, str]:
    return {
        "model_name": contract.name,
        "inputs": json.dumps({entry.name: entry.unit for entry in contract.inputs}),
        "target": contract.target,
        "target_unit": contract.target_unit,
        "horizons_d": json.dumps(contract.horizons_d),
        "training_data_sha256": training_data_sha256,
    }
