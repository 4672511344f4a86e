"""Look at an ONNX file before it becomes a circuit: one row in, one value out, known operators.

This module refuses operators of ONNX-ML, for which EZKL has no circuit, and does not run a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterfoil import extras
from counterfoil.errors import InputError

__all__ = ["Shape", "shape_of_model"]


@dataclass(frozen=True, slots=True)
class Shape:
    """features: how many inputs a row has. variables: names of the number of rows, which is 1."""

    features: int
    variables: tuple[str, ...]


def shape_of_model(model: bytes) -> Shape:
    """Read a model's shape.

    Raises Unavailable with code extra.missing, InputError with code circuit.model or
    circuit.operator.
    """
    onnx: Any = extras.need("onnx", "zk")
    try:
        graph = onnx.load_model_from_string(model).graph
    except Exception as err:  # protobuf's own, which has no home in onnx
        raise _bad("an ONNX model", str(err)[:100]) from err
    foreign = sorted({node.op_type for node in graph.node if node.domain not in ("", "ai.onnx")})
    if foreign:
        raise InputError(
            "circuit.operator",
            f"expected operators of ONNX alone, found {', '.join(foreign)[:200]}",
            hint="A tree has to be in matrix form: see counterfoil.act.circuits.shapes.tree.",
        )
    constants = {one.name for one in graph.initializer}
    given = [one for one in graph.input if one.name not in constants]
    if len(given) != 1 or len(graph.output) != 1:
        raise _bad("one input and one output", f"{len(given)} and {len(graph.output)}")
    sizes = given[0].type.tensor_type.shape.dim
    gives = graph.output[0].type.tensor_type.shape.dim
    if len(sizes) != 2 or not sizes[1].dim_value or sizes[0].dim_value not in (0, 1):
        raise _bad("an input of shape [1, n]", str([one.dim_value for one in sizes]))
    if any(one.dim_value not in (0, 1) for one in gives):
        raise _bad("one value", str([one.dim_value for one in gives]))
    names = {one.dim_param for one in (*sizes, *gives) if one.dim_param}
    return Shape(sizes[1].dim_value, tuple(sorted(names)))


def _bad(expected: str, found: str) -> InputError:
    return InputError(
        "circuit.model",
        f"expected {expected}, found {found}",
        hint="A circuit computes the score of one row of numbers.",
    )
