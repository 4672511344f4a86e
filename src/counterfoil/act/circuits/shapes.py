"""Write small models as ONNX graphs that a circuit can hold: logistic, layers with ReLU, a tree.

A decision tree becomes three products with matrices: which tests does an input pass, which leaf has
exactly these answers, what does that leaf say. This module refuses shapes that do not fit.
Source: Nakandala et al., "A Tensor Compiler for Unified Machine Learning Prediction Serving"
(OSDI 2020), the GEMM strategy; ONNX operators, opset 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from counterfoil import extras
from counterfoil.errors import InputError

__all__ = ["layers", "logistic", "tree"]

_OPSET: Final = 13
_IR: Final = 8
_LEAF: Final = -1

Matrix = Sequence[Sequence[float]]


def logistic(weights: Sequence[float], bias: float) -> bytes:
    """Write a logistic regression: one input of shape [1, n], its probability of shape [1, 1].

    Raises Unavailable with code extra.missing, InputError with code circuit.shape.
    """
    return layers([([[one] for one in weights], [bias])])


def layers(parts: Sequence[tuple[Matrix, Sequence[float]]], *, sigmoid: bool = True) -> bytes:
    """Write a network: products with weights (inputs x outputs) and biases, ReLU in between.

    sigmoid: the last value becomes a probability; else it stays as it is. Errors as `logistic`.
    """
    if not parts or not parts[0][0]:
        raise _bad("a layer with weights", "none")
    nodes: list[Any] = []
    constants: dict[str, Any] = {}
    width, name = len(parts[0][0]), "x"
    for at, (weights, bias) in enumerate(parts):
        if len(weights) != width or any(len(row) != len(bias) for row in weights):
            raise _bad(f"weights of shape {width} x {len(bias)} in layer {at}", "others")
        constants |= {f"w{at}": weights, f"b{at}": bias}
        nodes.append(("Gemm", [name, f"w{at}", f"b{at}"], f"z{at}"))
        width, name = len(bias), f"z{at}"
        if at + 1 < len(parts):
            nodes.append(("Relu", [name], f"h{at}"))
            name = f"h{at}"
    if width != 1:
        raise _bad("one value from the last layer", str(width))
    nodes.append(("Sigmoid" if sigmoid else "Identity", [name], "score"))
    return _graph(len(parts[0][0]), nodes, constants)


def tree(
    features: int,
    feature: Sequence[int],
    threshold: Sequence[float],
    left: Sequence[int],
    right: Sequence[int],
    score: Sequence[float],
) -> bytes:
    """Write a decision tree in matrix form.

    features: how many inputs. The others have one entry for each node, node 0 the root: which
    input it tests, against what (it goes left where input <= threshold), its children (-1: a
    leaf), what a leaf says. Errors as `logistic`, where it is no tree.
    """
    tests = [node for node, child in enumerate(left) if child != _LEAF]
    if not tests:
        raise _bad("a tree that tests something", "a single leaf")
    paths = _paths(left, right)
    column = {node: at for at, node in enumerate(tests)}
    chosen = [[1.0 if feature[node] == at else 0.0 for node in tests] for at in range(features)]
    # A leaf wants 1 from tests passed on its way, counts against others: only its own sum is 0
    ways = [[0.0] * len(paths) for _ in tests]
    wanted = [0.0] * len(paths)
    for at, (_, steps) in enumerate(paths):
        for node, went_left in steps:
            ways[column[node]][at] = 1.0 if went_left else -1.0
            wanted[at] += 1.0 if went_left else 0.0
    constants = {
        "chosen": chosen,
        "limits": [[threshold[node] for node in tests]],
        "ways": ways,
        "wanted": [[one - 0.5 for one in wanted]],
        "says": [[score[leaf]] for leaf, _ in paths],
    }
    nodes = [
        ("MatMul", ["x", "chosen"], "tested"),
        ("LessOrEqual", ["tested", "limits"], "passes"),
        ("Cast", ["passes"], "passed"),
        ("MatMul", ["passed", "ways"], "sums"),
        ("Greater", ["sums", "wanted"], "reaches"),
        ("Cast", ["reaches"], "reached"),
        ("MatMul", ["reached", "says"], "score"),
    ]
    return _graph(features, nodes, constants)


def _paths(left: Sequence[int], right: Sequence[int]) -> list[tuple[int, list[tuple[int, bool]]]]:
    """List each leaf with the tests on its way, and whether it goes left there."""
    found: list[tuple[int, list[tuple[int, bool]]]] = []
    seen: set[int] = set()
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while waiting:
        node, steps = waiting.pop()
        if not 0 <= node < len(left) or node in seen:
            raise _bad("a tree", f"node {node}, which is missing or has two parents")
        seen.add(node)
        if left[node] == _LEAF:
            found.append((node, steps))
        else:
            waiting.append((left[node], [*steps, (node, True)]))
            waiting.append((right[node], [*steps, (node, False)]))
    return found


def _graph(
    inputs: int, nodes: Sequence[tuple[str, list[str], str]], constants: dict[str, Any]
) -> bytes:
    numpy: Any = extras.need("numpy", "zk")
    onnx: Any = extras.need("onnx", "zk")
    kind, helper = onnx.TensorProto.FLOAT, onnx.helper
    made = []
    for operator, given, gives in nodes:
        more = {"to": kind} if operator == "Cast" else {}
        made.append(helper.make_node(operator, given, [gives], **more))
    graph = helper.make_graph(
        made,
        "circuit",
        [helper.make_tensor_value_info("x", kind, [1, inputs])],
        [helper.make_tensor_value_info("score", kind, [1, 1])],
        [
            onnx.numpy_helper.from_array(numpy.asarray(held, numpy.float32), name)
            for name, held in constants.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR
    onnx.checker.check_model(model)
    found: bytes = model.SerializeToString()
    return found


def _bad(expected: str, found: str) -> InputError:
    return InputError(
        "circuit.shape",
        f"expected {expected}, found {found}",
        hint="Weights have one row for each input and one column for each output.",
    )
