"""A circuit computes what its model does, within what its scale can hold; no proof is needed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from counterfoil.act.circuits.making import Plan, _job
from counterfoil.act.circuits.runs import run
from counterfoil.act.circuits.shapes import layers, logistic, tree
from counterfoil.act.circuits.values import score_text
from counterfoil.errors import CounterfoilError
from tests.circuits import require_ezkl

SCALE = 10
UNIT = 2.0**-SCALE
LEAVES = (0.125, 0.875, 0.5)


def of_three() -> bytes:
    """Write a tree: x1 <= 0.25 ? 0.125 : x0 <= -0.5 ? 0.875 : 0.5."""
    return tree(
        2, [1, 0, 0, 0, 0], [0.25, 0, -0.5, 0, 0], [1, -1, 3, -1, -1], [2, -1, 4, -1, -1],
        [0, LEAVES[0], 0, LEAVES[1], LEAVES[2]],
    )  # fmt: skip


def by_hand(row: list[float]) -> float:
    if row[1] <= 0.25:
        return LEAVES[0]
    return LEAVES[1] if row[0] <= -0.5 else LEAVES[2]


MODELS: dict[str, Callable[[], bytes]] = {
    "logistic": lambda: logistic([0.8, -0.5], 0.1),
    "layers": lambda: layers(
        [([[0.6, -1.2, 0.3], [0.4, 0.9, -0.7]], [0.1, 0.0, -0.2]), ([[0.9], [-0.4], [1.1]], [0.05])]
    ),
    "tree": of_three,
}


def rows(count: int) -> list[list[float]]:
    """Draw rows on the circuit's own grid, off the tree's limits by half a unit at least."""
    drawn = random.Random(7)
    return [[drawn.randint(-2000, 2000) * UNIT for _ in range(2)] for _ in range(count)]


def by_onnx(model: bytes, given: list[list[float]]) -> list[float]:
    session: Any = onnxruntime.InferenceSession(model)
    return [float(session.run(None, {"x": [row]})[0][0][0]) for row in given]


def by_circuit(place: Path, model: bytes, given: list[list[float]]) -> list[float]:
    (place / "model.onnx").write_bytes(model)
    plan = Plan(
        threshold="0.5", outcome_from="a", outcome_below="b", visibility="private", scale=SCALE
    )
    made = run(place, "make", _job(plan, []))
    job = {"circuit": str(place / "circuit.ezkl"), "rows": given}
    (scale,) = made["scales"]
    return [
        float(score_text(int.from_bytes(bytes.fromhex(one), "little"), scale))
        for one in run(place, "score", job)["outputs"]
    ]


@pytest.mark.parametrize("name", MODELS)
def test_circuit_and_model_agree(tmp_path: Path, name: str) -> None:
    """On every row, the circuit's score is the model's within a few units of its scale."""
    require_ezkl()
    model, given = MODELS[name](), rows(24)
    wanted = by_onnx(model, given)
    found = by_circuit(tmp_path, model, given)
    assert max(abs(one - two) for one, two in zip(wanted, found, strict=True)) <= 4 * UNIT
    assert len(set(found)) > 2
    assert all(one * 2**SCALE == int(one * 2**SCALE) for one in found)


def test_a_tree_says_what_its_leaves_say() -> None:
    """In matrix form, a tree is the same function, also exactly at its limits."""
    require_ezkl()
    given = [*rows(200), [-0.5, 0.25], [-0.5, 0.5], [0.0, 0.25], [-0.4990234375, 0.5]]
    assert by_onnx(of_three(), given) == [by_hand(row) for row in given]


@pytest.mark.parametrize(
    "write",
    [
        lambda: layers([]),
        lambda: layers([([[1.0], [1.0]], [0.0]), ([[1.0], [1.0]], [0.0])]),
        lambda: layers([([[1.0, 2.0]], [0.0, 0.0])]),
        lambda: tree(1, [0], [0.0], [-1], [-1], [1.0]),
        lambda: tree(1, [0, 0, 0], [0.0] * 3, [1, -1, -1], [1, -1, -1], [1.0] * 3),
        lambda: tree(1, [0, 0], [0.0] * 2, [1, -1], [9, -1], [1.0] * 2),
    ],
    ids=["nothing", "no fit", "two values", "no tree", "two parents", "no child"],
)
def test_shapes_that_are_none(write: Callable[[], bytes]) -> None:
    """What is no network or no tree is refused with words, before a circuit is made of it."""
    with pytest.raises(CounterfoilError) as caught:
        write()
    assert caught.value.code == "circuit.shape"
