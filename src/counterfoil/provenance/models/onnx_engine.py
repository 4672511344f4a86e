"""Run an ONNX model by onnxruntime, in one thread, and read the linear ones.

Knows the conventions of skl2onnx and onnxmltools: one matrix input or one input a feature; a label
beside probabilities, as a tensor, as a list of dictionaries (ZipMap) or as an output a class; one
number for a regression. This module refuses models of several answers a row that are none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models.engine import Contributions, Linear, runtime_of
from counterfoil.provenance.models.extra import need
from counterfoil.provenance.models.inputs import Columns, Kind, check_names
from counterfoil.provenance.models.onnx_graph import (
    FEATURES_KEY,
    OUTCOMES_KEY,
    OnnxGraph,
    read_graph,
)
from counterfoil.provenance.models.onnx_linear import read_linear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["OnnxEngine"]

_TYPES: Final[dict[str, tuple[str, Kind, float]]] = {
    "tensor(float)": ("float32", "number", 3.4028234663852886e38),
    "tensor(double)": ("float64", "number", 1.7976931348623157e308),
    "tensor(int64)": ("int64", "whole", 2**53 - 1),
    "tensor(int32)": ("int32", "whole", 2**31 - 1),
    "tensor(bool)": ("bool", "whole", 1),
    "tensor(string)": ("object", "text", 0),
}
"""ONNX type -> (NumPy dtype, what a feature takes, largest magnitude)."""

_FATAL_ONLY: Final = 4


class OnnxEngine:
    """An inference session on the CPU; see `Engine`."""

    def __init__(
        self, data: bytes, features: Sequence[str] | None, outcomes: Sequence[str] | None
    ) -> None:
        self._graph = read_graph(data)
        if self._graph.external:
            raise InputError(
                "model.not-scorable",
                "expected an ONNX model in one file, found weights in others: "
                + ", ".join(sorted(self._graph.external))[:200],
                hint="Save it with onnx.save(model, path, save_as_external_data=False).",
            )
        self._numpy: Any = need("numpy")
        self._session = _session(data)
        self._inputs = self._session.get_inputs()
        self.columns = self._columns(features or self._graph.named(FEATURES_KEY))
        self._answer = _answer_of(self._session.get_outputs())
        self.outcomes = self._named(outcomes or self._graph.named(OUTCOMES_KEY))
        self.unit = "probability" if self.outcomes else "score"
        self.runtime = runtime_of("onnxruntime")

    def values(self, rows: Sequence[Sequence[Any]]) -> Floats:
        """Compute probabilities, or the number that a regression predicts."""
        return self._tabulate(self._run(rows), len(rows))

    def contributions(self, row: Sequence[Any], target: int) -> Contributions | None:  # noqa: ARG002  # the protocol's
        """ONNX has no operator that explains."""
        return None

    def linear(self, target: int) -> Linear | None:
        """Read the coefficients of a scaler and linear operator."""
        return read_linear(self._graph, len(self.columns.names), target)

    # Inputs ------------------------------------------------------------------------------------

    def _columns(self, named: Sequence[str]) -> Columns:
        kinds: list[Kind] = []
        limits: list[float] = []
        for one in self._inputs:
            if one.type not in _TYPES:
                raise InputError(
                    "model.onnx-input",
                    f"expected inputs of {', '.join(_TYPES)}, found {one.type} as {one.name!a}",
                    hint="Record it without scoring, or export it with numbers or text as inputs.",
                )
            _, kind, limit = _TYPES[one.type]
            kinds.append(kind)
            limits.append(limit)
        shape = self._inputs[0].shape
        if len(self._inputs) == 1 and (len(shape) > 2 or (len(shape) == 2 and shape[1] != 1)):
            width = shape[1] if len(shape) == 2 and isinstance(shape[1], int) else len(named)
            if len(shape) != 2 or not width:
                raise InputError(
                    "model.features",
                    f"expected a matrix input of known width, found the shape {shape}",
                    hint="Give features=[...] in the order in which the model was trained.",
                )
            found = tuple(named) or tuple(f"f{at}" for at in range(width))
            names, kinds = check_names(found, (), width), kinds * width
        else:
            own = [one.name for one in self._inputs]
            names = check_names(named or own, own, len(own))
        return Columns(names, tuple(kinds), missing=_takes_nan(self._graph), limit=max(limits))

    def _feed(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        np = self._numpy
        if (len(self._inputs) == 1 and len(self.columns.names) > 1) or self._is_matrix():
            dtype = _TYPES[self._inputs[0].type][0]
            return {self._inputs[0].name: np.asarray(rows, dtype)}
        feed = {}
        for at, one in enumerate(self._inputs):
            column = np.asarray([row[at] for row in rows], _TYPES[one.type][0])
            feed[one.name] = column.reshape(-1, 1) if len(one.shape) == 2 else column
        return feed

    def _is_matrix(self) -> bool:
        return len(self._inputs) == 1 and len(self._inputs[0].shape) == 2

    # Outputs -----------------------------------------------------------------------------------

    def _run(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        try:
            found: list[Any] = self._session.run(self._answer, self._feed(rows))
        except Exception as err:  # onnxruntime raises classes of its own, none of them public
            raise InputError(
                "model.onnx-run",
                f"expected the model to score, but: {str(err)[:300]!a}",
                hint="Check the model with onnx.checker.check_model, and the inputs' values.",
            ) from err
        return found

    def _tabulate(self, found: list[Any], count: int) -> Floats:
        np = self._numpy
        table: Floats
        if len(found) > 1:  # an output a class
            table = np.column_stack([np.asarray(one, np.float64).reshape(-1) for one in found])
        elif isinstance(found[0], list):  # ZipMap
            table = np.asarray([list(row.values()) for row in found[0]], np.float64)
        else:
            table = np.asarray(found[0], np.float64).reshape(count, -1)
        return table

    def _named(self, given: Sequence[str]) -> tuple[str, ...]:
        """Name the outcomes: given names, the graph's labels, else the columns' numbers."""
        probe = ["" if kind == "text" else 0 for kind in self.columns.kinds]
        found = self._run([probe])
        width = self._tabulate(found, 1).shape[1]
        if width == 1 and not given:
            return ()
        if isinstance(found[0], list):
            labels = list(map(str, found[0][0]))
        else:
            labels = next(
                (
                    list(map(str, said))
                    for node in self._graph.nodes
                    for key, said in node.attributes.items()
                    if key.startswith("classlabels_") and len(said) == width
                ),
                list(map(str, range(width))),
            )
        names = tuple(given) or tuple(labels)
        if len(names) != width or len(set(names)) != width:
            raise InputError(
                "model.outcomes",
                f"expected {width} different outcomes, found {len(names)}",
                hint="Name them in the order of the model's outputs.",
            )
        return names


def _session(data: bytes) -> Any:
    onnxruntime: Any = need("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as err:  # onnxruntime raises classes of its own, none of them public
        raise InputError(
            "model.onnx",
            f"expected a model that onnxruntime can run, but: {str(err)[:300]!a}",
            hint="Check it with onnx.checker.check_model, or export it for an older opset.",
        ) from err


def _answer_of(outputs: Sequence[Any]) -> list[str]:
    """Choose the outputs that hold the values: not the label beside them."""
    maps = [one.name for one in outputs if one.type.startswith("seq(map(")]
    tensors = [one.name for one in outputs if one.type in ("tensor(float)", "tensor(double)")]
    if len(maps) == 1:
        return maps
    if len(tensors) == 1 or (tensors and len(tensors) == len(outputs) - 1):
        return tensors
    listed = ", ".join(f"{one.name} {one.type}" for one in outputs)
    raise InputError(
        "model.onnx-output",
        f"expected a label with probabilities, or one number, as outputs, found {listed[:300]!a}",
        hint="Export a classifier or regressor with skl2onnx or onnxmltools.",
    )


def _takes_nan(graph: OnnxGraph) -> bool:
    """Tell whether NaN has a meaning: trees that say where it goes, or an imputer before all."""
    return any(
        node.op == "Imputer" or any(node.attributes.get("nodes_missing_value_tracks_true", ()))
        for node in graph.nodes
    )
