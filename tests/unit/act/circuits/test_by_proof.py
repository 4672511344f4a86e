"""A contract acts on a proven decision that no key signed, and the log says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor, Governor
from counterfoil.act.circuits import Circuit, Proof
from counterfoil.act.circuits.by_proof import (
    PROOF_MAX_BYTES,
    act_by_proof,
    prove_call,
    record_proven_decision,
    verdict_by_proof,
)
from counterfoil.act.circuits.registering import (
    RegisteredCircuit,
    circuits_folder,
    contract_of,
    register,
)
from counterfoil.chain import open_chain
from counterfoil.errors import CounterfoilError
from counterfoil.formats.verdict import format_words
from counterfoil.ledger import Ledger
from tests.acting import (
    LIMITS,
    SCOPE,
    acting_folder,
    copy_acting,
    is_on,
    pay_accounts,
    prepare,
    switch_at,
    turned,
    wanted,
)
from tests.anvil import running_anvil
from tests.circuits import model, put_circuit, small_proof
from tests.ledgers import set_setting


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger that is ready to act on its own chain."""
    with counterfoil.open(copy_acting(tmp_path)) as opened:
        yield opened


@pytest.fixture
def actor(ledger: Ledger) -> Iterator[Actor]:
    """Act for it."""
    with Actor(ledger) as opened:
        yield opened


@pytest.fixture
def circuit(ledger: Ledger) -> Circuit:
    """Put the smallest circuit into its folder."""
    return put_circuit(circuits_folder(ledger))


def registered(actor: Actor, circuit: Circuit, **fields: Any) -> RegisteredCircuit:
    said = {"name": "tiny", "format": "onnx", "digest": circuit.model, "size": len(model())}
    recorded = actor.ledger.record_statement("model", {**said, **fields})
    return register(actor.ledger, actor.chain, circuit, recorded.leaf)


def approve(actor: Actor, put: RegisteredCircuit) -> None:
    limits = replace(LIMITS, by_proof=True)
    Governor(actor).approve(
        *(put.contract, put.circuit.digest, SCOPE, put.index, limits), maker_kind="circuit"
    )


def test_a_switch_turns_by_proof(ledger: Ledger, actor: Actor, circuit: Circuit) -> None:
    """Registered, approved, proven, acted on once; a signed verdict passes the same gate."""
    put = registered(actor, circuit)
    approve(actor, put)
    proof = small_proof()
    decision = record_proven_decision(ledger, circuit, proof)
    asked = wanted(switch_at(actor), maker_kind="circuit")
    acted = act_by_proof(actor, circuit, proof, decision.index, asked)
    assert (acted.phase, acted.trouble) == ("done", None)
    assert is_on(actor)
    assert acted.action is not None
    said = ledger.get(acted.action).content
    assert said["evidence"]["established"] == "zk"
    assert act_by_proof(actor, circuit, proof, decision.index, asked) == acted
    assert turned(actor) == [1]
    with pytest.raises(CounterfoilError) as caught:  # one proof, one verdict
        other = wanted(switch_at(actor), 2, maker_kind="circuit")
        act_by_proof(actor, circuit, proof, decision.index, other)
    assert caught.value.code == "circuit.used"
    assert turned(actor) == [1]


def test_the_statement_is_the_evidence(ledger: Ledger, actor: Actor, circuit: Circuit) -> None:
    """It names model, circuit, key, scale, what is shown, what it rests on, and the contract."""
    put = registered(actor, circuit)
    view = ledger.get(put.index)
    assert view.kind == "circuit"
    said = view.content
    assert (said["digest"], said["model"]["digest"]) == (circuit.digest, circuit.model)
    assert said["verification_key"] == circuit.verification_key
    assert (said["scale"], said["visibility"], said["inputs"]) == (3, "public", 2)
    assert (said["srs_kind"], said["srs"]) == ("local", circuit.srs)
    assert said["contract"] == put.contract == contract_of(ledger, actor.chain, circuit)
    assert register(ledger, actor.chain, circuit, ledger.get(put.index - 1).leaf) == put


def test_what_is_refused(ledger: Ledger, actor: Actor, circuit: Circuit) -> None:
    """Another model's circuit, another score, another circuit's proof, and no approval."""
    with pytest.raises(CounterfoilError) as caught:
        contract_of(ledger, actor.chain, circuit)
    assert caught.value.code == "circuit.not-there"
    other = ledger.record_statement(
        "model", {"name": "other", "format": "onnx", "digest": "cd" * 32, "size": 1}
    )
    with pytest.raises(CounterfoilError) as caught:
        register(ledger, actor.chain, circuit, other.leaf)
    assert caught.value.code == "circuit.model-differs"
    put = registered(actor, circuit)
    proof, asked = small_proof(), wanted(switch_at(actor), maker_kind="circuit")
    fields = {"model": {"digest": circuit.digest}, "outcome": "turn on", "score": "0.91"}
    boasting = ledger.record_statement("decision", fields)
    with pytest.raises(CounterfoilError) as caught:
        act_by_proof(actor, circuit, proof, boasting.index, asked)
    assert caught.value.code == "circuit.proof"
    assert "score" in caught.value.message
    foreign = Proof("ab" * 32, proof.proof, proof.values)
    with pytest.raises(CounterfoilError) as caught:
        act_by_proof(actor, circuit, foreign, boasting.index, asked)
    assert caught.value.code == "circuit.other"
    long = replace(proof, proof=bytes(PROOF_MAX_BYTES + 1))
    with pytest.raises(CounterfoilError) as caught:
        act_by_proof(actor, circuit, long, boasting.index, asked)
    assert caught.value.code == "circuit.proof-size"
    decision = record_proven_decision(ledger, circuit, proof)
    with pytest.raises(CounterfoilError) as caught:
        act_by_proof(actor, circuit, proof, decision.index, asked)
    assert caught.value.code.startswith("gate.")
    approve(actor, put)
    assert act_by_proof(actor, circuit, proof, decision.index, asked).phase == "done"


@pytest.mark.campaign
def test_on_another_engine(tmp_path: Path) -> None:
    """A node that shares no code with ours takes the proof, but not for another chain."""
    folder = acting_folder(tmp_path, "embedded")
    with running_anvil() as anvil:
        set_setting(folder, "anchor_chains", f'["{anvil.url}"]')
        set_setting(folder, "anchor_confirmations", "1")
        anvil.rpc("evm_setIntervalMining", 1)
        with counterfoil.open(folder) as ledger:
            with closing(open_chain(anvil.url)) as chain:
                pay_accounts(ledger, chain, anvil.account)
            with Actor(ledger) as actor:
                prepare(actor, approved=False)
                circuit = put_circuit(circuits_folder(ledger))
                approve(actor, registered(actor, circuit))
                proof = small_proof()
                decision = record_proven_decision(ledger, circuit, proof)
                asked = wanted(switch_at(actor), maker_kind="circuit")
                acted = act_by_proof(actor, circuit, proof, decision.index, asked)
                assert acted.action is not None
                assert ledger.get(acted.action).content["evidence"]["established"] == "zk"
                assert is_on(actor)
                here = verdict_by_proof(actor, circuit, proof, decision.index, asked)
                words = format_words(replace(here, chain_id=here.chain_id + 1))
                with pytest.raises(CounterfoilError) as caught:
                    actor.chain.call(prove_call(actor.gate.address, words, proof))
                assert "'chain'" in caught.value.message
