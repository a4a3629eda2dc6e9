"""Boosted trees as nodes of an ONNX graph, exact in single precision.

Written by hand rather than converted: a converter rounds a threshold to the nearest float32, which can move a value
to the other branch; and it follows the learned branch for a missing value that LightGBM, never having seen one
missing in training, would have read as zero.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lightgbm import Booster
    from onnx import NodeProto


def regressor(booster: "Booster", source: str, into: str) -> "NodeProto":
    """Return a node that computes what the booster predicts.

    Shape: `source` float32[batch, inputs] -> `into` float32[batch, 1].
    Units: as the booster's target.
    Source: ai.onnx.ml TreeEnsembleRegressor 3; LightGBM's dump_model.

    Raises:
        ValueError: The booster splits by category or treats zero as missing, which are not implemented.
    """
    from onnx import helper

    nodes = [node for tree in booster.dump_model()["tree_info"] for node in _numbered(tree)]
    leaves = [node for node in nodes if "leaf_value" in node["is"]]
    return helper.make_node(
        "TreeEnsembleRegressor",
        [source],
        [into],
        name=f"trees_{into}",
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_treeids=[node["tree"] for node in nodes],
        nodes_nodeids=[node["id"] for node in nodes],
        nodes_modes=["LEAF" if "leaf_value" in node["is"] else "BRANCH_LEQ" for node in nodes],
        nodes_featureids=[node["is"].get("split_feature", 0) for node in nodes],
        nodes_values=[_threshold(node["is"]) for node in nodes],
        nodes_truenodeids=[node.get("left", 0) for node in nodes],
        nodes_falsenodeids=[node.get("right", 0) for node in nodes],
        nodes_missing_value_tracks_true=[_missing_goes_left(node["is"]) for node in nodes],
        target_treeids=[leaf["tree"] for leaf in leaves],
        target_nodeids=[leaf["id"] for leaf in leaves],
        target_ids=[0] * len(leaves),
        target_weights=[float(leaf["is"]["leaf_value"]) for leaf in leaves],
    )


def _numbered(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tree's nodes from the root, each with its number and its children's."""
    waiting, taken = [(0, tree["tree_structure"])], 1
    while waiting:
        number, node = waiting.pop(0)
        if "leaf_value" in node:
            yield {"tree": tree["tree_index"], "id": number, "is": node}
            continue
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            raise ValueError(f"cannot write a split {node['decision_type']} with missing type {node['missing_type']}")
        yield {"tree": tree["tree_index"], "id": number, "is": node, "left": taken, "right": taken + 1}
        waiting += [(taken, node["left_child"]), (taken + 1, node["right_child"])]
        taken += 2


def _threshold(node: dict[str, Any]) -> float:
    """Round the threshold down: for every float32 x, x <= rounded exactly where x <= threshold."""
    threshold = np.float64(node.get("threshold", 0.0))
    with np.errstate(over="ignore"):  # LightGBM writes "any value that is there" as 1e300
        nearest = np.float32(threshold)
    return float(nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf)))


def _missing_goes_left(node: dict[str, Any]) -> int:
    """LightGBM sends a missing value down the learned branch, or reads it as 0 where training had none missing."""
    if "leaf_value" in node:
        return 0
    return int(node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0)
