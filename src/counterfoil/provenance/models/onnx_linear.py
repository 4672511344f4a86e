"""Read the coefficients out of an ONNX graph: an optional scaler, then one linear operator.

This module refuses to guess: a graph with any other operator before it is not called linear.
Source: ai.onnx.ml operators Scaler, LinearRegressor, LinearClassifier.
"""

from __future__ import annotations

from typing import Final

from counterfoil.provenance.models.engine import Linear
from counterfoil.provenance.models.onnx_graph import Node, OnnxGraph

__all__ = ["read_linear"]

_NEUTRAL: Final = frozenset(["Cast", "Identity"])
_AFTER: Final = _NEUTRAL | {"ZipMap", "Normalizer", "ArgMax", "ArrayFeatureExtractor", "Reshape"}


def read_linear(graph: OnnxGraph, width: int, target: int) -> Linear | None:
    """Read raw = intercept + coefficients . values for an outcome; None where it is not linear.

    width: number of features.
    """
    nodes = list(graph.nodes)
    while nodes and nodes[0].op in _NEUTRAL:
        nodes.pop(0)
    scaler = nodes.pop(0) if nodes and nodes[0].op == "Scaler" else None
    while nodes and nodes[0].op in _NEUTRAL:
        nodes.pop(0)
    if not nodes or not {node.op for node in nodes[1:]} <= _AFTER:
        return None
    found = _operator(nodes[0], width, target)
    if found is None:
        return None
    weights, intercept, unit = found
    if scaler is None:
        return Linear(weights, intercept, unit)
    offset = _numbers(scaler, "offset", width)
    scale = _numbers(scaler, "scale", width)
    if offset is None or scale is None:
        return None
    weights = [weight * by for weight, by in zip(weights, scale, strict=True)]
    intercept -= sum(weight * at for weight, at in zip(weights, offset, strict=True))
    return Linear(weights, intercept, unit, offset, "the scaler's mean")


def _operator(node: Node, width: int, target: int) -> tuple[list[float], float, str] | None:
    coefficients = list(map(float, node.attributes.get("coefficients", ())))
    intercepts = list(map(float, node.attributes.get("intercepts", ())))
    after = "".join(map(str, node.attributes.get("post_transform", ()))) or "NONE"
    if node.op == "LinearRegressor" and after == "NONE" and len(coefficients) == width:
        return coefficients, sum(intercepts), "score"
    if node.op != "LinearClassifier" or len(coefficients) % width or not intercepts:
        return None
    blocks = [coefficients[at : at + width] for at in range(0, len(coefficients), width)]
    if len(blocks) != len(intercepts) or target >= len(blocks):
        return None
    if len(blocks) == 2 and after == "LOGISTIC":
        return blocks[target], intercepts[target], "log-odds"
    if len(blocks) == 2 and after == "SOFTMAX":
        other = 1 - target
        weights = [own - of for own, of in zip(blocks[target], blocks[other], strict=True)]
        return weights, intercepts[target] - intercepts[other], "log-odds"
    return blocks[target], intercepts[target], "logit" if after != "NONE" else "score"


def _numbers(node: Node, name: str, width: int) -> list[float] | None:
    found = list(map(float, node.attributes.get(name, ())))
    if len(found) == 1:
        found *= width
    return found if len(found) == width else None
