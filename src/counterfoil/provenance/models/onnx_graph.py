"""Look into an ONNX file without running it: its metadata, its operators, their attributes.

The names of a matrix input's columns stand in `metadata_props` under `FEATURES_KEY`, and what a
model can say under `OUTCOMES_KEY`, each a JSON list of text: ONNX has no place for them. This
module refuses to judge whether a graph runs; onnxruntime does.
Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.provenance.models.wire import field_bytes, fields, floats, integers

__all__ = [
    "FEATURES_KEY",
    "OUTCOMES_KEY",
    "Node",
    "OnnxGraph",
    "is_onnx",
    "name_features",
    "read_graph",
]

FEATURES_KEY: Final = "counterfoil.features"
OUTCOMES_KEY: Final = "counterfoil.outcomes"

_IR_VERSION, _GRAPH, _OPSETS, _METADATA = 1, 7, 8, 14  # of ModelProto
_NODE, _INITIALIZER = 1, 5  # of GraphProto
_EXTERNAL: Final = 13  # external_data of TensorProto
_LEGAL: Final = frozenset(range(1, 32))  # fields of ModelProto, with room for those to come

Attribute = tuple[float, ...] | tuple[int, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: its type, inputs and outputs by name, and the attributes that are lists."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """What an ONNX file says of itself.

    metadata: its `metadata_props`. nodes: its operators in order. external: it keeps weights in
    other files.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    external: frozenset[str] = frozenset()

    def named(self, key: str) -> tuple[str, ...]:
        """Read a list of names from the metadata; empty where there is none.

        Raises InputError with code model.onnx-metadata.
        """
        text = self.metadata.get(key)
        if text is None:
            return ()
        try:
            return msgspec.json.decode(text, type=tuple[str, ...])
        except (msgspec.MsgspecError, UnicodeEncodeError) as err:
            raise InputError(
                "model.onnx-metadata", f"expected a JSON list of text as {key}, but: {err}"
            ) from err


def is_onnx(data: bytes) -> bool:
    """Tell whether bytes begin as an ONNX model does: a small version, then another known field.

    A file that is cut short still begins so.
    """
    return len(data) > 2 and data[0] == _IR_VERSION << 3 and 0 < data[1] < 32 and data[2] in _NEXT


_NEXT: Final = frozenset(
    [number << 3 | 2 for number in (2, 3, 4, 6, 7, 8, 14, 20)] + [5 << 3]
)  # one-byte keys of what may follow the version; those above 15 take two bytes


def read_graph(data: bytes) -> OnnxGraph:
    """Read an ONNX model to its last byte.

    Raises InputError with code model.onnx, or model.protobuf where it is cut short.
    """
    graph: memoryview | None = None
    metadata: dict[str, str] = {}
    found: set[int] = set()
    for number, value in fields(memoryview(data)):
        found.add(number)
        if number == _GRAPH and isinstance(value, memoryview):
            graph = value
        elif number == _METADATA and isinstance(value, memoryview):
            entry = {key: _text(said) for key, said in fields(value)}
            metadata[entry.get(1, "")] = entry.get(2, "")
    if graph is None or not {_IR_VERSION, _OPSETS} <= found or not found <= _LEGAL:
        raise InputError(
            "model.onnx",
            "expected an ONNX model with a graph and its operator sets, found another message",
            hint="Convert the model with skl2onnx, onnxmltools or torch.onnx.export.",
        )
    nodes: list[Node] = []
    external: set[str] = set()
    for number, value in fields(graph):
        if number == _NODE and isinstance(value, memoryview):
            nodes.append(_node(value))
        elif number == _INITIALIZER and isinstance(value, memoryview):
            external |= _locations(value)
    return OnnxGraph(metadata, tuple(nodes), frozenset(external))


def name_features(
    data: bytes, features: Sequence[str], outcomes: Sequence[str] | None = None
) -> bytes:
    """Write the names of a matrix input's columns, and of the outcomes, into an ONNX file.

    data: the model. The result is another artefact with another digest.
    """
    named = {FEATURES_KEY: features} | ({} if outcomes is None else {OUTCOMES_KEY: outcomes})
    for key, names in named.items():
        text = msgspec.json.encode(list(names))
        data += field_bytes(_METADATA, field_bytes(1, key.encode()) + field_bytes(2, text))
    return data


def _locations(tensor: memoryview) -> set[str]:
    found: set[str] = set()
    for number, value in fields(tensor):
        if number == _EXTERNAL and isinstance(value, memoryview):
            entry = {key: _text(said) for key, said in fields(value)}
            if entry.get(1) == "location":
                found.add(entry.get(2, ""))
    return found


def _node(data: memoryview) -> Node:
    inputs, outputs, op = [], [], ""
    attributes: dict[str, Attribute] = {}
    for number, value in fields(data):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            op = _text(value)
        elif number == 5 and isinstance(value, memoryview):
            name, said = _attribute(value)
            attributes[name] = said
    return Node(op, tuple(inputs), tuple(outputs), attributes)


def _attribute(data: memoryview) -> tuple[str, Attribute]:
    name = ""
    numbers: list[float] = []
    wholes: list[int] = []
    texts: list[str] = []
    for number, value in fields(data):
        if number == 1:
            name = _text(value)
        elif number in (2, 7):
            numbers += floats(value)
        elif number in (3, 8):
            wholes += integers(value)
        elif number in (4, 9):
            texts.append(_text(value))
    return name, tuple(numbers) or tuple(wholes) or tuple(texts)


def _text(value: int | memoryview) -> str:
    return str(value) if isinstance(value, int) else bytes(value).decode("utf-8", "replace")
