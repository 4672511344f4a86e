"""The operations on circuits, from a model's file to a contract that acted, and their text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import circuits as circuits_text
from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops import circuits, governing
from counterfoil.ports import Channel
from tests.acting import SCOPE, copy_acting
from tests.circuits import NAME, PLAN, ROW, compiler, model, put_circuit
from tests.statements import refused

PLAIN = Paint(io.StringIO())


def shown(lines: Iterable[str]) -> str:
    """Put lines together."""
    return "\n".join(lines)


def test_from_a_model_to_an_action(tmp_path: Path) -> None:
    """Added, approved, proven, submitted, listed; each says where it stands."""
    solc, folder = compiler(), copy_acting(tmp_path)
    assert "no circuit" in shown(circuits_text.listing(circuits.listing(ledger=folder), PLAIN))
    made = put_circuit(folder / "circuits")
    file, row, proof = (tmp_path / one for one in ("model.onnx", "row.json", "proof.json"))
    file.write_bytes(model())
    row.write_text(json.dumps(ROW))
    with open_ledger(folder) as ledger:
        said = {"name": "tiny", "format": "onnx", "digest": made.model, "size": len(model())}
        leaf = ledger.record_statement("model", said).leaf
    added = circuits.add(
        NAME,
        file,
        model=leaf,
        threshold=PLAN.threshold,
        from_=PLAN.outcome_from,
        below=PLAN.outcome_below,
        inputs="public",
        compiler=solc,
        ledger=folder,
    )
    told = shown(circuits_text.add(added, PLAIN))
    assert added.contract in told
    assert "can forge proofs" in told
    assert NAME in shown(circuits_text.listing(circuits.listing(ledger=folder), PLAIN))
    governing.approve(
        added.contract,
        model=made.digest,
        maker_kind="circuit",
        scope=SCOPE,
        evidence=str(added.index),
        cap="0",
        period_cap="0",
        period_count=10,
        valid=4_000_000_000,
        since=0,
        by_proof=True,
        ledger=folder,
    )
    channel = Channel(io.BytesIO(), io.BytesIO())
    proven = circuits.proving(NAME, row, out=proof, ledger=folder, channel=channel)
    assert (proven.score, proven.outcome) == ("0.75", PLAN.outcome_from)
    assert "proven turn on, score 0.75" in shown(circuits_text.proving(proven, PLAIN))
    asked: dict[str, Any] = {"contract": "example_switch", "function": "turn", "scope": SCOPE}
    acted = circuits.submit(
        str(proven.index),
        circuit=NAME,
        proof=proof,
        arg=("1", "true"),
        ledger=folder,
        **asked,
    )
    assert "acted: turn(1, True)" in shown(circuits_text.submit(acted, PLAIN))
    assert acted.to_json()["phase"] == "done"


def test_inputs_that_are_none(tmp_path: Path) -> None:
    """No list of numbers, or several rows where one is proven, is refused with an example."""
    folder = copy_acting(tmp_path)
    row = tmp_path / "row.json"
    channel = Channel(io.BytesIO(), io.BytesIO())
    for text in ("{}", "[]", "[true]", '["a"]', "[[1, 2], [3, 4]]", "7", '{"a": [1]}'):
        row.write_text(text)
        with refused("circuit.rows", InputError):
            circuits.proving(NAME, row, out=tmp_path / "p", ledger=folder, channel=channel)
    row.write_text("{}")
    with refused("circuit.proof-file", InputError):
        circuits.submit(
            *("0",), circuit=NAME, proof=row, contract="example_switch", function="turn",
            scope=SCOPE, ledger=folder,
        )  # fmt: skip
