"""Judge a verdict by our own code, from what the chain shows, before the gate is asked.

The rules are `proofs.gate`'s; this reads what they need of one verdict. Where the gate's own answer
differs, the node or the contract is not what it seems. This module refuses to be the last word: the
contract is.
"""

from __future__ import annotations

from typing import Final

from counterfoil.act.gate import GateContract
from counterfoil.act.registry import RegistryContract
from counterfoil.chain.anchor_contract import AnchorContract
from counterfoil.chain.quantities import checksum
from counterfoil.errors import Refused
from counterfoil.formats import packed_verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import WORDS_BYTES, Verdict
from counterfoil.proofs import gate as rules
from counterfoil.proofs.gate import Ask, GateState, Spent
from counterfoil.proofs.governance import Approval, Terms, approval_id, claim_of
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["BY_CLOCK", "check_here", "read_state"]

BY_CLOCK: Final = frozenset(
    {
        "gate.count",
        "gate.expired",
        "gate.halted",
        "gate.rate",
        "gate.too-early",
        "gate.unproven",
        "gate.window",
        "gate.young",
    }
)
"""What two clocks may see differently for a moment, or only the chain can see."""


def check_here(
    gate: GateContract,
    anchor: AnchorContract,
    verdict: Verdict,
    found: PackedVerdict,
    action_hash: bytes,
    amount: int,
) -> Refused | None:
    """Check a verdict as the gate would; gives what refuses it, None where nothing does.

    Raises what reading the chain raises.
    """
    state = read_state(gate, anchor, verdict, found)
    packed = packed_verdict.format(found)
    try:
        rules.check(state, Ask(verdict.scope, action_hash, amount, verdict.consumer, packed))
    except Refused as err:
        return err
    return None


def read_state(
    gate: GateContract, anchor: AnchorContract, verdict: Verdict, found: PackedVerdict
) -> GateState:
    """Read what a chain knows that the rules ask for about one verdict."""
    registry = RegistryContract(gate.chain, gate.registry())
    name, leaf = approval_id(claim_of(verdict)), leaf_hash(found.entry)
    root = anchor.anchored(verdict.log_id, found.size, found.time)
    stands = registry.approval(name)
    terms = Terms(
        since=stands.terms.since,
        until=stands.terms.until,
        cap=stands.terms.cap,
        period_cap=stands.terms.period_cap,
        period_count=stands.terms.period_count,
        period=stands.terms.period,
        min_age=stands.terms.min_age,
        veto_window=stands.terms.veto_window,
        ordered=stands.terms.ordered,
        as_signature=stands.terms.as_signature,
        by_proof=stands.terms.by_proof,
        consumer=bytes.fromhex(stands.terms.consumer[2:]),
    )
    given = Approval(claim_of(verdict), terms, stands.revoked_from, stands.halted_until)
    announced = gate.announced(leaf)
    order = (verdict.organisation, verdict.scope, verdict.consumer)
    consumer, signer = checksum(verdict.consumer), checksum(verdict.signer)
    used = gate.used(signer, verdict.nonce)
    return GateState(
        chain_id=gate.chain.chain_id,
        gate=bytes.fromhex(gate.address[2:]),
        now_s=gate.chain.head().time_s,
        anchored={} if root is None else {(verdict.log_id, found.size, found.time): root},
        approvals={name: given} if terms.until else {},
        used=frozenset({(verdict.signer, verdict.nonce)} if used else ()),
        last_seq={order: gate.next_seq(order[0], order[1], consumer) - 1},
        spent={name: Spent(*gate.spent(name))},
        usable_from={leaf: announced.usable_from} if announced.usable_from else {},
        vetoed=frozenset({leaf} if announced.vetoed else ()),
        proven=frozenset({keccak256(found.entry[:WORDS_BYTES])}),
    )
