"""The gate takes a proof in a signature's place, for what it shows and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth.exceptions import Revert
from eth_abi.abi import decode, encode

from counterfoil.act.circuits.circuit import load_verifier
from counterfoil.act.circuits.values import FIELD, nonce_of, score_text, signed, subject_of_inputs
from counterfoil.contracts import load_artifact
from counterfoil.formats import verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from counterfoil.proofs.deciders import score_parts
from tests.circuits import PLAN, small_circuit, small_proof
from tests.contracts.gate_rig import TERMS, GateRig
from tests.contracts.rig import Contract, refused
from tests.verdicts import address_of

VERIFY_ABI = [
    {
        "type": "function",
        "name": "verifyProof",
        "stateMutability": "nonpayable",
        "inputs": [{"name": "proof", "type": "bytes"}, {"name": "values", "type": "uint256[]"}],
        "outputs": [{"name": "", "type": "bool"}],
    }
]


class Rig:
    """A gate, and both verifiers of the smallest circuit, approved for one scope."""

    def __init__(self) -> None:
        folder, self.circuit = small_circuit()
        self.proof = small_proof()
        self.gates = GateRig()
        compiled = load_verifier(folder, self.circuit)
        self.generated = self.gates.world.deploy(VERIFY_ABI, compiled.bytecode)
        self.ours = self.deploy()
        self.claim = self.gates.claim(
            decider=address_of(self.ours.address),
            maker_kind=MakerKind.CIRCUIT,
            maker=bytes.fromhex(self.circuit.digest),
        )
        self.gates.approve(replace(TERMS, by_proof=True), self.claim)

    def deploy(self, **changes: Any) -> Contract:
        """Put a verifier of ours there, with changes of its arguments."""
        given = {
            "verifier": self.generated.address,
            "circuit": bytes.fromhex(self.circuit.digest),
            "inputs": self.circuit.inputs,
            "scale": self.circuit.scale,
            "threshold": self.circuit.units,
            "outcome_from": hash_text(PLAN.outcome_from),
            "outcome_below": hash_text(PLAN.outcome_below),
        } | changes
        artifact = load_artifact("circuit_verifier")
        types = ["address", "bytes32", "uint256", "uint256", "int256", "bytes32", "bytes32"]
        return self.gates.world.deploy(
            artifact.abi, artifact.bytecode, encode(types, list(given.values()))
        )

    def verdict(self, **changes: Any) -> Verdict:
        """Give the verdict that the proof is for, with changes."""
        values = self.proof.values
        shown: dict[str, Any] = {
            "maker_kind": MakerKind.CIRCUIT,
            "maker": bytes.fromhex(self.circuit.digest),
            "outcome": hash_text(self.circuit.outcome(values[-1])),
            "score": score_parts(score_text(values[-1], self.circuit.scale)),
            "subject": subject_of_inputs(values),
            "nonce": nonce_of(values),
            "signer": address_of(self.ours.address),
        }
        return self.gates.verdict(**(shown | changes))

    def prove(self, said: Verdict, proof: bytes | None = None) -> None:
        """Show the gate a proof for a verdict."""
        words = verdict.format_words(said)
        self.gates.gate("prove", words, self.proof.encoded() if proof is None else proof)
        self.gates.know(proven=self.gates.state.proven | {keccak256(words)})


@pytest.fixture(scope="module")
def made() -> Rig:
    return Rig()


@pytest.fixture
def rig(made: Rig) -> Any:
    with made.gates.undone():
        yield made


def entry(said: Verdict) -> bytes:
    return verdict.format(SignedVerdict(said, b""))


def test_a_proven_verdict_passes_once(rig: Rig) -> None:
    """Without a signature, by the proof alone, and the event says so; without the proof, not."""
    said = rig.verdict()
    packed = rig.gates.anchored(entry(said))
    assert rig.gates.both(rig.gates.ask(packed)) == "unproven"
    rig.prove(said)
    assert rig.gates.both(rig.gates.ask(packed), use=False) == ""
    assert rig.gates.both(rig.gates.ask(packed)) == ""
    ((name, told),) = rig.gates.gate.logs
    assert (name, told["established"]) == ("Consumed", "zk")
    assert rig.gates.both(rig.gates.ask(packed)) == "replayed"
    again = rig.verdict(decision=b"\7" * 32)
    rig.prove(again)
    assert rig.gates.both(rig.gates.ask(rig.gates.anchored(entry(again)))) == "replayed"


def test_the_same_gate_takes_signatures(rig: Rig) -> None:
    """Another approval's verdicts pass by signature, and their event says so."""
    rig.gates.approve()
    assert rig.gates.both(rig.gates.ask(rig.gates.ready())) == ""
    assert rig.gates.gate.logs[0][1]["established"] == "log-attested"


def _flipped(proof: bytes, at: int) -> bytes:
    return proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]


OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "another score": ("score", {"score": score_parts("0.875")}),
    "no score": ("score", {"score": 0}),
    "a score beyond all": ("score", {"score": 2**255 - 1}),
    "a score below all": ("score", {"score": -(2**255)}),
    "another outcome": ("outcome", {"outcome": hash_text(PLAN.outcome_below)}),
    "another subject": ("subject", {"subject": b"\5" * 32}),
    "another circuit": ("maker", {"maker": b"\5" * 32}),
    "a model": ("maker", {"maker_kind": MakerKind.MODEL}),
    "another nonce": ("proof", {"nonce": b"\5" * 32}),
    "another chain": ("chain", {"chain_id": 5}),
    "another gate": ("gate", {"gate": b"\5" * 20}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_verdict_that_says_otherwise(rig: Rig, name: str) -> None:
    """A proof is good for no verdict that says another word than its public values do."""
    reason, changes = OTHERS[name]
    with refused(reason):
        rig.prove(rig.verdict(**changes))


@pytest.mark.parametrize("at", [0, 1000, -1])
def test_an_altered_proof(rig: Rig, at: int) -> None:
    """One bit of a proof, and it proves nothing."""
    shown = rig.proof.proof
    altered = replace(rig.proof, proof=_flipped(shown, at % len(shown)))
    with refused("proof"):
        rig.prove(rig.verdict(), altered.encoded())


@pytest.mark.parametrize("place", [1, 2])
def test_other_public_values(rig: Rig, place: int) -> None:
    """A proof does not hold for other inputs or another score, even if the verdict goes along."""
    values = list(rig.proof.values)
    values[place] = 7
    other = replace(rig.proof, values=tuple(values))
    said = rig.verdict(
        score=score_parts(score_text(values[-1], rig.circuit.scale)),
        outcome=hash_text(rig.circuit.outcome(values[-1])),
        subject=other.subject,
        nonce=other.nonce,
    )
    with refused("proof"):
        rig.prove(said, other.encoded())


def test_values_have_one_spelling(rig: Rig) -> None:
    """A value plus the field's order is the same to a proof, and would be a second nonce."""
    values = (*rig.proof.values[:-1], rig.proof.values[-1] + FIELD)
    with refused("values"):
        rig.prove(rig.verdict(nonce=nonce_of(values)), replace(rig.proof, values=values).encoded())
    with refused("values"):
        rig.prove(rig.verdict(), replace(rig.proof, values=rig.proof.values[1:]).encoded())


def test_scores_count_within_half_a_unit(rig: Rig) -> None:
    """A score that rounds to the proof's passes; the next part in 10^18 does not."""
    unit = 10**18 >> rig.circuit.scale
    exact = rig.verdict().score
    rig.prove(rig.verdict(score=exact + unit // 2))
    rig.prove(rig.verdict(score=exact - unit // 2))
    for score in (exact + unit // 2 + 1, exact - unit // 2 - 1):
        with refused("score"):
            rig.prove(rig.verdict(score=score))


def test_negative_scores(rig: Rig) -> None:
    """The upper half of the field stands for negative numbers, here as in Python."""
    assert signed(FIELD - 5) == -5
    assert score_text(FIELD - 5, 3) == "-0.625"
    ours = rig.deploy(threshold=-4, verifier=rig.gates.gate.address)
    values = (*rig.proof.values[:-1], FIELD - 5)
    said = rig.verdict(
        score=score_parts("-0.625"), outcome=hash_text(PLAN.outcome_below), nonce=nonce_of(values)
    )
    said = replace(said, signer=address_of(ours.address))
    proof = replace(rig.proof, values=values).encoded()
    with refused("proof"):  # all else fits; a gate is no verifier
        rig.prove(said, proof)
    with refused("outcome"):
        rig.prove(replace(said, outcome=hash_text(PLAN.outcome_from)), proof)


ARGUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no verifier": ("no contract", {"verifier": "0x" + "77" * 20}),
    "too many inputs": ("inputs", {"inputs": 65}),
    "too fine": ("scale", {"scale": 65}),
    "one outcome": ("outcomes", {"outcome_from": bytes(32), "outcome_below": bytes(32)}),
    "far threshold": ("threshold", {"threshold": -(2**200)}),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_cannot_be_made(rig: Rig, name: str) -> None:
    """A verifier that could never judge, or would judge wrongly, is not made."""
    reason, changes = ARGUMENTS[name]
    with pytest.raises(Revert) as caught:
        rig.deploy(**changes)
    assert decode(["string"], caught.value.args[0][4:]) == (reason,)
