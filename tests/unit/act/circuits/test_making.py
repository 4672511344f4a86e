"""Circuits are made whole or not at all, from what can become one, and stay what they are."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from counterfoil.act.circuits import (
    Plan,
    compute_scores,
    list_circuits,
    load_circuit,
    make_circuit,
    parse_proof,
    prove,
)
from counterfoil.act.circuits.shapes import logistic
from counterfoil.act.circuits.solidity import CODE_MAX_BYTES, compile_verifier
from counterfoil.act.circuits.values import FIELD, score_text, threshold_units
from counterfoil.errors import CounterfoilError, Unavailable
from tests.circuits import (
    NAME,
    PLAN,
    ROW,
    compiler,
    model,
    put_circuit,
    require_ezkl,
    small_circuit,
    small_proof,
)


def code_of(caught: pytest.ExceptionInfo[CounterfoilError]) -> str:
    return caught.value.code


def test_the_smallest_circuit() -> None:
    """Its proof shows inputs and score; its verifier fits a chain; no inputs are left lying."""
    folder, circuit = small_circuit()
    proof = small_proof()
    assert circuit.code_bytes <= CODE_MAX_BYTES
    assert (circuit.scale, circuit.inputs, circuit.srs_kind) == (3, 2, "local")
    assert proof.values[:2] == (8, FIELD - 8)  # 1 and -1 in eighths
    assert [circuit.score(proof.values[-1])] == compute_scores(folder, circuit, [ROW])
    assert circuit.outcome(proof.values[-1]) == PLAN.outcome_from
    assert parse_proof(json.loads(json.dumps(proof.to_json()))) == proof
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert list(list_circuits(folder)) == [circuit]
    assert make_circuit(folder, NAME, model(), PLAN, compiler()) == circuit


def test_another_of_that_name(tmp_path: Path) -> None:
    """What governance approved is never replaced, and a changed file is noticed."""
    circuit = put_circuit(tmp_path)
    with pytest.raises(CounterfoilError) as caught:
        make_circuit(tmp_path, NAME, logistic([1.0, 2.0], 0.0), PLAN, compiler())
    assert code_of(caught) == "circuit.exists"
    (tmp_path / NAME / "proving.key").write_bytes(b"another")
    with pytest.raises(CounterfoilError) as caught:
        load_circuit(tmp_path, NAME)
    assert code_of(caught) == "circuit.differs"
    (tmp_path / NAME / "proving.key").unlink()
    with pytest.raises(CounterfoilError) as caught:
        load_circuit(tmp_path, circuit.name)
    assert code_of(caught) == "circuit.unknown"


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "threshold": ("circuit.threshold", {"threshold": "much"}),
    "endless threshold": ("circuit.threshold", {"threshold": "Infinity"}),
    "scale": ("circuit.plan", {"scale": 0}),
    "rows": ("circuit.plan", {"logrows": 40}),
    "outcomes": ("circuit.plan", {"outcome_below": PLAN.outcome_from}),
    "visibility": ("circuit.plan", {"visibility": "secret"}),
    "samples": ("circuit.plan", {"samples": [[1.0, 2.0, 3.0]]}),
}


@pytest.mark.parametrize("name", WRONG)
def test_plans_that_make_no_sense(tmp_path: Path, name: str) -> None:
    """They are refused before anything is made."""
    code, changes = WRONG[name]
    with pytest.raises(CounterfoilError) as caught:
        make_circuit(tmp_path, "other", model(), replace(PLAN, **changes), tmp_path)
    assert code_of(caught) == code
    assert list(tmp_path.iterdir()) == []


def test_models_that_no_circuit_holds(tmp_path: Path) -> None:
    """No ONNX, operators of ONNX-ML, or more than one row are refused with what to do."""
    require_ezkl()
    onnx: Any = import_module("onnx")
    made = onnx.load_model_from_string(model())
    made.graph.node[0].domain = "ai.onnx.ml"
    made.graph.node[0].op_type = "TreeEnsembleRegressor"
    wide = onnx.load_model_from_string(model())
    wide.graph.input.append(onnx.helper.make_tensor_value_info("y", 1, [1, 2]))
    for content, code in (
        (b"no model", "circuit.model"),
        (made.SerializeToString(), "circuit.operator"),
        (wide.SerializeToString(), "circuit.model"),
    ):
        with pytest.raises(CounterfoilError) as caught:
            make_circuit(tmp_path, "other", content, PLAN, tmp_path)
        assert code_of(caught) == code
    with pytest.raises(CounterfoilError) as caught:
        make_circuit(tmp_path, "../other", model(), PLAN, tmp_path)
    assert code_of(caught) == "circuit.name"


def test_rows_that_do_not_fit() -> None:
    """Too few inputs, or none that are numbers, are refused; so is what the circuit cannot hold."""
    folder, circuit = small_circuit()
    for row in ((1.0,), (1.0, float("nan"))):
        with pytest.raises(CounterfoilError) as caught:
            prove(folder, circuit, row)
        assert code_of(caught) == "circuit.row"
    with pytest.raises(CounterfoilError) as caught:
        compute_scores(folder, circuit, [(1e9, 1e9)])
    assert code_of(caught) == "circuit.refused"
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_without_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node.js, without its file, or with another file, the error says what to get."""
    solc = compiler()
    with pytest.raises(CounterfoilError) as caught:
        compile_verifier("it", b"contract Halo2Verifier {}", tmp_path / "soljson.js")
    assert code_of(caught) == "circuit.compiler"
    with pytest.raises(CounterfoilError) as caught:
        compile_verifier("it", b"no contract", solc)
    assert code_of(caught) == "circuit.compile"
    (tmp_path / "soljson.js").write_text("throw new Error('no compiler')")
    with pytest.raises(CounterfoilError) as caught:
        compile_verifier("it", b"contract Halo2Verifier {}", tmp_path / "soljson.js")
    assert code_of(caught) == "circuit.compile"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CounterfoilError) as caught:
        compile_verifier("it", b"contract Halo2Verifier {}", solc)
    assert code_of(caught) == "circuit.node"


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where EZKL is not installed, the error names the extra that brings it."""
    content = model()
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "counterfoil.extras.find_spec", lambda name: None if name == "ezkl" else found(name)
    )
    with pytest.raises(Unavailable) as caught:
        make_circuit(tmp_path, "other", content, PLAN, tmp_path)
    assert caught.value.code == "extra.missing"
    assert "zk" in (caught.value.hint or "")
    assert list(tmp_path.iterdir()) == []


def test_thresholds_and_scores_are_exact() -> None:
    """A threshold is the first score that reaches it; a score is all of its binary digits."""
    assert threshold_units("0.5", 3) == 4
    assert threshold_units("0.51", 3) == 5
    assert threshold_units("-0.51", 3) == -4
    assert score_text(3, 3) == "0.375"
    assert score_text(8, 3) == "1"
    assert score_text(0, 3) == "0"
    assert score_text(80, 3) == "10"
    assert score_text(FIELD - 1, 10) == "-0.0009765625"


def test_what_is_no_proof() -> None:
    """A file that says something else is refused."""
    others: list[dict[str, Any]] = [
        {},
        {"values": []},
        {"circuit": "ab", "proof": "0xzz", "values": ["0x1"]},
        {"circuit": "ab", "proof": "0x00", "values": [hex(FIELD)]},
    ]
    for said in others:
        with pytest.raises(CounterfoilError) as caught:
            parse_proof(said)
        assert code_of(caught) == "circuit.proof-file"


@pytest.mark.campaign
@pytest.mark.parametrize("shown", ["hashed", "private"])
def test_hidden_inputs(tmp_path: Path, shown: Any) -> None:
    """A proof that hides its inputs shows their hash or nothing, and its verifier fits a chain."""
    solc = compiler()
    samples = [[0.5, -1.0], [2.0, 2.0], [-2.0, -2.0]]
    plan = Plan(
        threshold="0.5", outcome_from="a", outcome_below="b", visibility=shown, samples=samples
    )
    circuit = make_circuit(tmp_path, "hidden", model(), plan, solc)
    first, second = (prove(tmp_path, circuit, row) for row in samples[:2])
    assert circuit.code_bytes <= CODE_MAX_BYTES
    assert len(first.values) == circuit.inputs + 1 == (2 if shown == "hashed" else 1)
    assert first.values[:-1] != second.values[:-1] or shown == "private"
