"""Have a contract act on a decision that a proof stands for, in the place of a decider's signature.

The verdict names the circuit's verifier as its signer and has no signature; its nonce and subject
are made of the proof's public values. The proof goes to the gate first, in a transaction of its
own, after a trial that costs nothing. This module refuses a decision that says another score or
outcome than the proof, and a proof of another circuit, or one that was used.
Source: `contracts/decision_gate.vy` (`prove`), `contracts/circuit_verifier.vy`.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from counterfoil.act.acted import Acted
from counterfoil.act.book_tables import ActJob
from counterfoil.act.circuits.circuit import Circuit
from counterfoil.act.circuits.proving import Proof
from counterfoil.act.circuits.registering import contract_of
from counterfoil.act.gate import GateContract, reason_of, refused_by_gate
from counterfoil.act.verdicts import Wanted, make_verdict
from counterfoil.chain import ContractAbi, prepare, read_deployments, wait_receipt
from counterfoil.chain.quantities import checksum
from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.formats import verdict as verdicts
from counterfoil.formats.verdict import WORDS_BYTES, SignedVerdict, Verdict
from counterfoil.ports import ChainCall
from counterfoil.proofs.merkle import leaf_hash

if TYPE_CHECKING:
    from counterfoil.act.actor import Actor
    from counterfoil.ledger import Ledger, Recorded

__all__ = [
    "PROOF_MAX_BYTES",
    "act_by_proof",
    "prove_call",
    "record_proven_decision",
    "verdict_by_proof",
]

PROOF_MAX_BYTES: Final = 30_560
"""Longest proof that a verifier contract takes, without its public values."""

_EMBEDDED_GAS: Final = 10_000_000

_VERIFIER: Final = frozenset(
    {"form", "signer", "maker", "values", "score", "outcome", "subject", "proof"}
)


def record_proven_decision(ledger: Ledger, circuit: Circuit, proof: Proof) -> Recorded:
    """Record the decision that a proof shows: its score exactly, and the outcome by the threshold.

    Raises as `Ledger.record_statement`.
    """
    fields = {
        "model": {"digest": circuit.digest, "name": circuit.name},
        "outcome": circuit.outcome(proof.values[-1]),
        "score": circuit.score(proof.values[-1]),
        "threshold": circuit.threshold,
    }
    return ledger.record_statement("decision", fields)


def act_by_proof(
    actor: Actor,
    circuit: Circuit,
    proof: Proof,
    decision: int | str,
    wanted: Wanted,
    *,
    wait_s: float = 60.0,
) -> Acted:
    """Have a contract act on a proven decision, and wait until its action is recorded.

    wanted: its decider is of no account. One proof is good for one verdict. Cut off anywhere, the
    same call goes on. Raises Refused with code circuit.proof, circuit.other, circuit.used
    or circuit.proof-size, NotFound with code circuit.not-there, and as `Actor.settle`.
    """
    if proof.circuit != circuit.digest:
        raise Refused(
            "circuit.other",
            f"expected a proof of the circuit {circuit.digest}, found one of {proof.circuit[:64]}",
            hint="Name the circuit that the proof was made with.",
        )
    if len(proof.proof) > PROOF_MAX_BYTES:
        raise Refused(
            "circuit.proof-size",
            f"expected a proof of at most {PROOF_MAX_BYTES} bytes, found {len(proof.proof)}",
            hint="Make the circuit with more rows or a smaller --base: it has fewer columns then.",
        )
    job = _plan(actor, circuit, proof, decision, wanted)
    _show(actor, job, proof)
    return actor.settle(job.number, wait_s=wait_s)


def verdict_by_proof(
    actor: Actor, circuit: Circuit, proof: Proof, decision: int | str, wanted: Wanted
) -> Verdict:
    """Make the verdict of a proven decision. Errors as `make_verdict` and `contract_of`."""
    contract = contract_of(actor.ledger, actor.chain, circuit)
    place = (actor.chain.chain_id, actor.gate.address, actor.note.log_id)
    own = actor.chain.kind == "embedded"
    made = make_verdict(
        actor.ledger,
        actor.ledger.decisions.get(decision),
        replace(wanted, maker_kind="circuit"),
        place,
        contract,
        actor.now_ms() // 1000,
        None if own else actor.chain.head().time_s,
    )
    shown = proof.subject if circuit.inputs else made.subject
    return replace(made, nonce=proof.nonce, subject=shown)


def prove_call(gate: str, words: bytes, proof: Proof) -> ChainCall:
    """Make the call by which a gate checks a proof for a verdict's words."""
    abi = ContractAbi(load_artifact("decision_gate").abi)
    return ChainCall(gate, abi.encode("prove", words, proof.encoded()))


def _plan(
    actor: Actor, circuit: Circuit, proof: Proof, decision: int | str, wanted: Wanted
) -> ActJob:
    """Write down the job of a proof; one that never can pass is made anew."""
    for run in range(wanted.run, wanted.run + 1000):
        said = verdict_by_proof(actor, circuit, proof, decision, wanted)
        own = (said.signer, said.nonce, said.decision, said.action_hash, said.gate)
        key = sha256(b"zk" + b"".join(own) + run.to_bytes(8, "big")).digest()
        known = actor.book.find(key)
        if known is not None and known.phase != "dropped":
            return known
        if known is None:
            job = ActJob(
                *(0, key, actor.chain.chain_id, "verdict", actor.account("actor").address),
                {
                    "call": wanted.call.to_json(),
                    "scope": wanted.scope,
                    "amount": str(wanted.amount),
                    "decider": f"0x{said.signer.hex()}",
                    "decision": actor.ledger.decisions.get(decision).index,
                },
                verdicts.format(SignedVerdict(said, b"")),
                actor.now_ms(),
                "planned",
            )
            return actor.book.plan(job)
    raise AssertionError("a thousand verdicts were dropped")


def _show(actor: Actor, job: ActJob, proof: Proof) -> None:
    """Have the gate check the proof, unless it did."""
    said, gate = verdicts.parse(job.entry).verdict, actor.gate
    known = read_deployments(actor.ledger.layout.deployments, actor.chain).contracts
    begin, head = known["decision_gate"].block, actor.chain.head().number
    if gate.used(checksum(said.signer), said.nonce):
        _require_same(gate, said, begin, head)
        return
    words = job.entry[:WORDS_BYTES]
    topics = [ContractAbi(load_artifact("decision_gate").abi).topic("Proven"), leaf_hash(words)]
    if any(True for _ in actor.chain.logs(gate.address, begin, head, topics)):
        return
    call = prove_call(gate.address, words, proof)
    try:
        actor.chain.call(call)
    except Refused as err:
        raise _explained(err) from err
    # pairings take our own chain's EVM seconds, and an estimate would do them several times
    gas = _EMBEDDED_GAS if actor.chain.kind == "embedded" else None
    prepared = prepare(actor.chain, actor.account("actor"), call, gas=gas)
    actor.chain.send_raw(prepared.raw)
    wait_receipt(actor.chain, prepared.hash)


def _require_same(gate: GateContract, said: Verdict, begin: int, head: int) -> None:
    """Refuse a proof that was used up for another call."""
    for event in gate.consumed(begin, head):
        if event.nonce == said.nonce and event.action_hash == said.action_hash:
            return
    raise Refused(
        "circuit.used",
        "expected a proof that no verdict used, found that one did, for another call",
        hint="One set of public values is good for one verdict: inputs that are not shown need "
        "something in them that differs from case to case.",
    )


def _explained(err: Refused) -> CounterfoilError:
    """Name what the gate, or the circuit's verifier, refused."""
    reason = reason_of(err)
    told = refused_by_gate(err)
    if reason not in _VERIFIER:
        return told
    return Refused(
        "circuit.proof",
        f"expected the circuit's verifier to take the proof for this verdict, but: {reason}",
        hint="The decision has to say the score and outcome that the proof shows: record it with "
        "`counterfoil circuit prove`.",
    )
