"""Check what a gate contract checks, by the same rules in the same order, from what a chain knows.

For tests, which hold one against the other, and for whoever wants to know beforehand, or later and
without the chain, why an action passes. This module refuses to fetch: the state is an argument.
Source: `contracts/decision_gate.vy`, `deciders.vy`, `limits.vy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import packed_verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import (
    VERDICT_TYPE_WORD,
    WORDS_BYTES,
    SignedVerdict,
    Verdict,
    digest_of,
    parse,
)
from counterfoil.proofs.deciders import signs_alone, verify_decider
from counterfoil.proofs.gate_reasons import refusal
from counterfoil.proofs.governance import (
    NOBODY,
    Approval,
    Terms,
    approval_id,
    claim_of,
    refused_as,
)
from counterfoil.proofs.merkle import leaf_hash, verify_inclusion

__all__ = ["Ask", "GateState", "Passed", "Spent", "check", "check_signature", "consume"]

ContractSigner = Callable[[bytes, bytes], bool]
"""`isValidSignature(digest, signature)` of a contract: whether it answers 0x1626ba7e."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an approval was used for in its last period: its number, verdicts, sum of amounts."""

    period: int
    count: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """What a chain knows that a gate asks for.

    chain_id, gate: where. now_s: timestamp of the block. anchored: (log id, size, time) -> root.
    approvals: all that were given. halted_until: of all of them. used: (signer, nonce). last_seq:
    (organisation, scope, consumer) -> last number. spent: by approval. usable_from: leaf of an
    announced verdict -> second. vetoed: leaves. proven: Keccak-256 of the words of verdicts whose
    proof was shown. contracts: what stands at an address and signs.
    """

    chain_id: int
    gate: bytes
    now_s: int
    anchored: Mapping[tuple[bytes, int, int], bytes]
    approvals: Mapping[bytes, Approval]
    halted_until: int = 0
    used: Set[tuple[bytes, bytes]] = frozenset()
    last_seq: Mapping[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    spent: Mapping[bytes, Spent] = field(default_factory=dict)
    usable_from: Mapping[bytes, int] = field(default_factory=dict)
    vetoed: Set[bytes] = frozenset()
    proven: Set[bytes] = frozenset()
    contracts: Mapping[bytes, ContractSigner] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a contract asks. consumer: its address, 20 bytes. packed: what it was given."""

    scope: bytes
    action_hash: bytes
    amount: int
    consumer: bytes
    packed: bytes


@dataclass(frozen=True, slots=True)
class Passed:
    """What passed. established: `log-attested`, by the decider's signature, or `zk`, by a proof."""

    verdict: Verdict
    terms: Terms
    approval: bytes
    leaf: bytes

    @property
    def established(self) -> str:
        """Say what the verdict rests on."""
        return "zk" if self.terms.by_proof else "log-attested"


def check(state: GateState, ask: Ask) -> Passed:
    """Check whether a verdict lets this consumer do this now.

    Raises Refused with code gate.* for the first rule that it breaks.
    """
    passed = _authentic(state, ask.packed)
    said, terms = passed.verdict, passed.terms
    if said.consumer != ask.consumer:
        raise refusal("consumer", f"0x{ask.consumer.hex()}")
    if said.scope != ask.scope:
        raise refusal("scope", "another")
    if said.action_hash != ask.action_hash:
        raise refusal("action", "another")
    if ask.amount > said.amount_max:
        raise refusal("amount", str(ask.amount))
    if state.now_s < said.not_before:
        raise refusal("too early", str(state.now_s))
    if state.now_s > said.expiry:
        raise refusal("expired", str(state.now_s))
    if (said.signer, said.nonce) in state.used:
        raise refusal("replayed", "a used one")
    last = state.last_seq.get((said.organisation, said.scope, said.consumer), 0)
    if said.seq != last + 1 if said.seq else terms.ordered:
        raise refusal("order", str(said.seq))
    if ask.amount > terms.cap:
        raise refusal("cap", str(ask.amount))
    _counted(state, passed.approval, terms, ask.amount)
    if terms.veto_window:
        _require_window(state, passed.leaf)
    return passed


def consume(state: GateState, ask: Ask) -> tuple[GateState, Passed]:
    """Use a verdict up; gives what the chain knows afterwards. Raises as `check`."""
    passed = check(state, ask)
    said = passed.verdict
    spent = _counted(state, passed.approval, passed.terms, ask.amount)
    order = (said.organisation, said.scope, said.consumer)
    after = replace(
        state,
        used=state.used | {(said.signer, said.nonce)},
        spent={**state.spent, passed.approval: spent},
        last_seq={**state.last_seq, order: said.seq} if said.seq else state.last_seq,
    )
    return after, passed


def check_signature(state: GateState, consumer: bytes, action_hash: bytes, proof: bytes) -> Passed:
    """Check a verdict that a contract takes for its own signature (ERC-1271).

    proof: scope (32 bytes), amount (32 bytes), packed verdict. Raises as `check`, and Refused with
    code gate.as-signature.
    """
    if len(proof) < 64:
        raise refusal("form", f"{len(proof)} bytes")
    amount = int.from_bytes(proof[32:64], "big")
    passed = check(state, Ask(proof[:32], action_hash, amount, consumer, proof[64:]))
    if not passed.terms.as_signature:
        raise refusal("as signature", "one that does not")
    return passed


def _authentic(state: GateState, data: bytes) -> Passed:
    """Check that a verdict stands where it says, and that governance lets its signer say so."""
    packed, signed = _open(data)
    said, leaf = signed.verdict, leaf_hash(packed.entry)
    if said.chain_id != state.chain_id:
        raise refusal("chain", str(said.chain_id))
    if said.gate != state.gate:
        raise refusal("gate", f"0x{said.gate.hex()}")
    root = state.anchored.get((said.log_id, packed.size, packed.time))
    if root is None:
        raise refusal("inclusion", "no root of that size and time")
    try:
        verify_inclusion(leaf, packed.index, packed.size, packed.path, root)
    except CounterfoilError as err:
        raise refusal("inclusion", "another root") from err
    name = approval_id(claim_of(said))
    approval = state.approvals.get(name)
    if approval is None:
        raise refusal(refused_as(claim_of(said), state.approvals.values()), "none")
    _require_allowed(state, approval, said, packed.time)
    if approval.terms.by_proof:
        if signed.signature:
            raise refusal("signature", "one where a proof is asked for")
        if keccak256(packed.entry[:WORDS_BYTES]) not in state.proven:
            raise refusal("unproven", "none")
    else:
        _require_signed(state, signed)
    return Passed(said, approval.terms, name, leaf)


def _open(data: bytes) -> tuple[PackedVerdict, SignedVerdict]:
    try:
        packed = packed_verdict.parse(data)
        return packed, parse(packed.entry)
    except InputError as err:
        if err.code == "verdict.kind":
            raise refusal("kind", f"not {VERDICT_TYPE_WORD.hex()[:16]}...") from err
        raise refusal("form", err.message) from err


def _require_allowed(state: GateState, approval: Approval, said: Verdict, time: int) -> None:
    """Check dates. When it was decided is the signer's word; when it was anchored, the chain's."""
    terms = approval.terms
    if said.decided_at > time:
        raise refusal("postdated", f"{said.decided_at} after {time}")
    if said.decided_at < terms.since:
        raise refusal("before approval", f"{said.decided_at} before {terms.since}")
    if time > terms.until:
        raise refusal("after approval", f"{time} after {terms.until}")
    if terms.consumer not in (NOBODY, said.consumer):
        raise refusal("consumer unknown", f"0x{said.consumer.hex()}")
    if time >= approval.revoked_from:
        raise refusal("revoked", f"{time} from {approval.revoked_from} on")
    halted_until = max(approval.halted_until, state.halted_until)
    if state.now_s < halted_until:
        raise refusal("halted", f"a halt until {halted_until}")
    if state.now_s - time < terms.min_age:
        raise refusal("young", f"{state.now_s - time} seconds")


def _require_signed(state: GateState, signed: SignedVerdict) -> None:
    said = signed.verdict
    if signs_alone(signed):
        try:
            verify_decider(signed)
        except CounterfoilError as err:
            raise refusal("signature", err.message) from err
        return
    contract = state.contracts.get(said.signer)
    if contract is None or not contract(digest_of(said), signed.signature):
        raise refusal("signature", "none that its contract takes")


def _counted(state: GateState, approval: bytes, terms: Terms, amount: int) -> Spent:
    """Add an amount to what an approval was used for in the period that runs."""
    period, count, total = state.now_s // terms.period, 1, amount
    before = state.spent.get(approval)
    if before is not None and before.period == period:
        count, total = before.count + 1, before.total + amount
    if count > terms.period_count:
        raise refusal("count", str(count))
    if total > terms.period_cap:
        raise refusal("rate", str(total))
    return Spent(period, count, total)


def _require_window(state: GateState, leaf: bytes) -> None:
    usable_from = state.usable_from.get(leaf)
    if usable_from is None:
        raise refusal("unannounced", "one that was not")
    if leaf in state.vetoed:
        raise refusal("vetoed", "a veto")
    if state.now_s < usable_from:
        raise refusal("window", f"{state.now_s} before {usable_from}")
