"""Write a LightGBM model and its calibration as one ONNX graph.

LightGBM compares 64-bit numbers, the served graph 32-bit ones: each threshold is rounded down to
the next 32-bit number, so that every feature of 32 bits goes the same way in both. This module
refuses trees that split on categories: the features have none.
Source: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from counterfoil.apps.finance.fraud.calibration import Calibration
from counterfoil.extras import need
from counterfoil.provenance.models.onnx_graph import name_features

__all__ = ["OUTCOMES", "write_onnx"]

OUTCOMES: Final = ("genuine", "fraud")
"""What the model can say."""

_EXTRA: Final = "finance"
_LARGEST: Final = 3.4e38  # features are cut off below it


def write_onnx(booster: Any, calibration: Calibration, features: Sequence[str]) -> bytes:
    """Write the graph: a row of features -> probabilities of genuine and fraud, 32-bit floats."""
    onnx = need("onnx", _EXTRA)
    helper = onnx.helper
    said = booster.dump_model()
    trees = _Trees()
    trees.add_missing()
    for tree in said["tree_info"]:
        trees.add(tree["tree_structure"])
    float_type = onnx.TensorProto.FLOAT
    given = helper.make_tensor_value_info("features", float_type, [None, len(features)])
    answer = helper.make_tensor_value_info("probabilities", float_type, [None, 2])
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor",
            ["features"],
            ["margin"],
            domain="ai.onnx.ml",
            **trees.written(),
        ),
        helper.make_node("Neg", ["margin"], ["minus"]),
        helper.make_node("Softplus", ["minus"], ["from_fraud"]),
        helper.make_node("Softplus", ["margin"], ["from_genuine"]),
        helper.make_node("Mul", ["from_fraud", "a"], ["first"]),
        helper.make_node("Mul", ["from_genuine", "b"], ["second"]),
        helper.make_node("Sub", ["second", "first"], ["difference"]),
        helper.make_node("Add", ["difference", "c"], ["calibrated"]),
        helper.make_node("Neg", ["calibrated"], ["turned"]),
        helper.make_node("Sigmoid", ["calibrated"], ["fraud"]),
        helper.make_node("Sigmoid", ["turned"], ["genuine"]),
        helper.make_node("Concat", ["genuine", "fraud"], ["probabilities"], axis=1),
    ]
    figures = {"a": calibration.a, "b": calibration.b, "c": calibration.c}
    constants = [helper.make_tensor(n, float_type, [1], [value]) for n, value in figures.items()]
    graph = helper.make_graph(nodes, "fraud", [given], [answer], constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return name_features(model.SerializeToString(), features, OUTCOMES)


class _Trees:
    """Trees as lists of nodes, the way ONNX has them."""

    def __init__(self) -> None:
        self._np = need("numpy", _EXTRA)
        self._count = 0
        self._nodes: list[tuple[int, int, int, str, float, int, int, int]] = []
        self._leaves: list[tuple[int, int, float]] = []

    def add_missing(self) -> None:
        """Add a tree that changes nothing, and says that missing values have a meaning."""
        self.add(
            {
                "split_feature": 0,
                "threshold": 0.0,
                "default_left": True,
                "missing_type": "NaN",
                "decision_type": "<=",
                "left_child": {"leaf_value": 0.0},
                "right_child": {"leaf_value": 0.0},
            }
        )

    def add(self, root: dict[str, Any]) -> None:
        """Add a tree as LightGBM dumps it."""
        tree, self._count = self._count, self._count + 1
        numbered: list[dict[str, Any]] = [root]
        at = 0
        while at < len(numbered):
            node = numbered[at]
            if "split_feature" not in node:
                self._nodes.append((tree, at, 0, "LEAF", 0.0, 0, 0, 0))
                self._leaves.append((tree, at, float(node["leaf_value"])))
            else:
                left = len(numbered)
                numbered += [node["left_child"], node["right_child"]]
                threshold = float(node["threshold"])
                missing = node["default_left"]
                if node["missing_type"] == "None":  # LightGBM then takes a missing value for 0
                    missing = threshold >= 0
                split = (tree, at, int(node["split_feature"]), "BRANCH_LEQ", self._below(threshold))
                self._nodes.append((*split, left, left + 1, int(missing)))
            at += 1

    def written(self) -> dict[str, Any]:
        """Give the attributes of the operator."""
        columns = [list(column) for column in zip(*self._nodes, strict=True)]
        leaves = [list(column) for column in zip(*self._leaves, strict=True)]
        return {
            "nodes_treeids": columns[0],
            "nodes_nodeids": columns[1],
            "nodes_featureids": columns[2],
            "nodes_modes": columns[3],
            "nodes_values": columns[4],
            "nodes_truenodeids": columns[5],
            "nodes_falsenodeids": columns[6],
            "nodes_missing_value_tracks_true": columns[7],
            "target_treeids": leaves[0],
            "target_nodeids": leaves[1],
            "target_ids": [0] * len(leaves[0]),
            "target_weights": leaves[2],
            "n_targets": 1,
        }

    def _below(self, threshold: float) -> float:
        np = self._np
        near = np.float32(min(max(threshold, -_LARGEST), _LARGEST))
        if float(near) > threshold:
            near = np.nextafter(near, np.float32(-np.inf))
        return float(near)
