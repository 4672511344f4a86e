# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Gate: an action passes only on a decision that was recorded before, and for it alone
@license Apache-2.0
@notice A verdict passes if it stands in an anchored log, is signed by a key that governance allows
        to speak for its maker and scope, names this caller and this very action, is valid now,
        within its limits, in order, and was never used.
@dev What this contract refuses to do:
     - to trust an inclusion alone: it authenticates nobody. The decider's signature counts.
     - to let a stranger use a verdict up: only its consumer can.
     - to have an owner, to hold funds, or to change what it asks: anchor and registry are fixed.
     It calls anchor, registry and signers, and each of them by view only, so nothing re-enters.
"""

import deciders
import limits
import rfc9162
import verdicts
from . import IAnchor
from . import IDecisionGate
from . import IModelRegistry
from . import IVerdictVerifier

implements: IDecisionGate
initializes: limits

exports: (deciders.eip712Domain, limits.spent)


event Consumed:
    leaf: indexed(bytes32)
    consumer: indexed(address)
    approval_id: indexed(bytes32)
    signer: address
    nonce: bytes32
    decision: bytes32
    outcome: bytes32
    action_hash: bytes32
    amount: uint256
    seq: uint64
    established: String[12]  # "log-attested": by the decider's signature; "zk": by a proof


event Announced:
    leaf: indexed(bytes32)
    consumer: indexed(address)
    approval_id: indexed(bytes32)
    verdict: IDecisionGate.Verdict
    usable_from: uint256


event Vetoed:
    leaf: indexed(bytes32)
    by: indexed(address)


event Proven:
    leaf: indexed(bytes32)
    verifier: indexed(address)


struct Judged:
    verdict: IDecisionGate.Verdict
    terms: IModelRegistry.Terms
    approval_id: bytes32
    leaf: bytes32


MAX_PROOF: constant(uint256) = 32768

ANCHOR: public(immutable(IAnchor))
REGISTRY: public(immutable(IModelRegistry))

used: public(HashMap[address, HashMap[bytes32, bool]])
_last_seq: HashMap[bytes32, uint64]
_usable_from: HashMap[bytes32, uint256]  # by leaf; zero: not announced
_vetoed: HashMap[bytes32, bool]
_approval_of: HashMap[bytes32, bytes32]  # of an announced leaf
_proven: HashMap[bytes32, bool]


@deploy
def __init__(anchor: IAnchor, registry: IModelRegistry):
    """
    @notice Make a gate for the logs of an anchor, under a registry's governance.
    @param anchor The anchor contract.
    @param registry The registry contract.
    """
    assert anchor.address.is_contract and registry.address.is_contract, "no contract"
    ANCHOR = anchor
    REGISTRY = registry


@external
def consume(
    scope: bytes32, action_hash: bytes32, amount: uint256, packed: Bytes[4096]
) -> IDecisionGate.Verdict:
    """
    @notice Use a verdict up; only its consumer can.
    @dev Reverts with the first reason of those in docs/reference/contracts.md that applies.
    @param scope keccak256 of the scope's name that the caller acts in.
    @param action_hash Hash of exactly what the caller is about to do.
    @param amount What that moves, in the units of the verdict's `amount_max`.
    @param packed The verdict's entry, and where it stands.
    @return The verdict.
    """
    judged: Judged = self._judge(scope, action_hash, amount, msg.sender, packed)
    verdict: IDecisionGate.Verdict = judged.verdict
    self.used[verdict.signer][verdict.nonce] = True
    if verdict.seq != 0:
        self._last_seq[self._order(verdict.organisation, scope, msg.sender)] = verdict.seq
    limits._count(judged.approval_id, judged.terms, amount)
    established: String[12] = "log-attested"
    if judged.terms.by_proof:
        established = "zk"
    log Consumed(
        leaf=judged.leaf,
        consumer=msg.sender,
        approval_id=judged.approval_id,
        signer=verdict.signer,
        nonce=verdict.nonce,
        decision=verdict.decision,
        outcome=verdict.outcome,
        action_hash=action_hash,
        amount=amount,
        seq=verdict.seq,
        established=established,
    )
    return verdict


@external
@view
def check(
    scope: bytes32, action_hash: bytes32, amount: uint256, consumer: address, packed: Bytes[4096]
) -> IDecisionGate.Verdict:
    """
    @notice Check what `consume` would, if `consumer` called it now; nothing is used up.
    @param scope keccak256 of the scope's name.
    @param action_hash Hash of the action.
    @param amount What that moves.
    @param consumer Who would act.
    @param packed The verdict's entry, and where it stands.
    @return The verdict.
    """
    return self._judge(scope, action_hash, amount, consumer, packed).verdict


@external
@view
def isValidSignature(hash: bytes32, proof: Bytes[4096]) -> bytes4:
    """
    @notice Take a verdict as the caller's signature over an action hash (ERC-1271).
    @dev No period counts it and no nonce is used up, so the approval has to allow it; reverts
         with "as signature" otherwise. The caller sees to it that a signature counts once.
    @param hash The action's hash.
    @param proof Scope (32 bytes), amount (32 bytes), and the packed verdict.
    @return 0x1626ba7e.
    """
    assert len(proof) >= 64, "form"
    judged: Judged = self._judge(
        extract32(proof, 0),
        hash,
        extract32(proof, 32, output_type=uint256),
        msg.sender,
        slice(proof, 64, len(proof) - 64),
    )
    assert judged.terms.as_signature, "as signature"
    return deciders.IS_VALID


@external
@view
def next_seq(organisation: bytes32, scope: bytes32, consumer: address) -> uint64:
    """
    @notice The number that the next verdict of an ordered scope must have; 1 for the first.
    @param organisation keccak256 of the organisation's URI.
    @param scope keccak256 of the scope's name.
    @param consumer The contract that acts.
    """
    return self._last_seq[self._order(organisation, scope, consumer)] + 1


@external
def announce(packed: Bytes[4096]) -> bytes32:
    """
    @notice Make a verdict public whose approval has a veto window, which begins now.
    @dev Anybody may. Reverts as `consume` for what does not depend on the call, and: "no window",
         "announced".
    @param packed The verdict's entry, and where it stands.
    @return The verdict's leaf, by which it can be vetoed.
    """
    judged: Judged = self._authentic(packed)
    assert judged.terms.veto_window != 0, "no window"
    assert self._usable_from[judged.leaf] == 0, "announced"
    usable_from: uint256 = block.timestamp + convert(judged.terms.veto_window, uint256)
    self._usable_from[judged.leaf] = usable_from
    self._approval_of[judged.leaf] = judged.approval_id
    log Announced(
        leaf=judged.leaf,
        consumer=judged.verdict.consumer,
        approval_id=judged.approval_id,
        verdict=judged.verdict,
        usable_from=usable_from,
    )
    return judged.leaf


@external
def veto(leaf: bytes32):
    """
    @notice Never let an announced verdict through; its approval's vetoer only.
    @dev Reverts: "unannounced", "not the vetoer".
    @param leaf The verdict's leaf.
    """
    assert self._usable_from[leaf] != 0, "unannounced"
    approval: IModelRegistry.Approval = staticcall REGISTRY.approval_of(self._approval_of[leaf])
    assert msg.sender == approval.terms.vetoer, "not the vetoer"
    self._vetoed[leaf] = True
    log Vetoed(leaf=leaf, by=msg.sender)


@external
def prove(words: Bytes[672], proof: Bytes[MAX_PROOF]):
    """
    @notice Have a verifier contract check a proof for a verdict that names it as its signer.
    @dev Anybody may; that governance approves the verifier is asked when the verdict is used.
         Reverts: "form", "kind", "chain", "gate", "proof" for another nonce than the proof's, and
         as the verifier does.
    @param words The verdict's 21 words.
    @param proof The proof and its public values, in the verifier's own form.
    """
    assert len(words) == verdicts.WORDS, "form"
    verdict: IDecisionGate.Verdict = verdicts._parse(words)
    self._require_ours(verdict)
    nonce: bytes32 = staticcall IVerdictVerifier(verdict.signer).nonce_of(words, proof)
    assert nonce == verdict.nonce, "proof"
    self._proven[keccak256(words)] = True
    log Proven(leaf=sha256(concat(0x00, words)), verifier=verdict.signer)


@external
@view
def announced(leaf: bytes32) -> (uint256, bool):
    """
    @notice Since when an announced verdict can be used, 0 if it was not announced; and whether it
            was vetoed.
    @param leaf The verdict's leaf.
    """
    return self._usable_from[leaf], self._vetoed[leaf]


@internal
@view
def _judge(
    scope: bytes32,
    action_hash: bytes32,
    amount: uint256,
    consumer: address,
    packed: Bytes[4096],
) -> Judged:
    """
    @dev Whether a verdict lets this caller do this now.
    """
    judged: Judged = self._authentic(packed)
    verdict: IDecisionGate.Verdict = judged.verdict
    assert verdict.consumer == consumer, "consumer"
    assert verdict.scope == scope, "scope"
    assert verdict.action_hash == action_hash, "action"
    assert amount <= verdict.amount_max, "amount"
    assert block.timestamp >= convert(verdict.not_before, uint256), "too early"
    assert block.timestamp <= convert(verdict.expiry, uint256), "expired"
    assert not self.used[verdict.signer][verdict.nonce], "replayed"
    if verdict.seq != 0:
        last: uint64 = self._last_seq[self._order(verdict.organisation, scope, consumer)]
        assert verdict.seq - 1 == last, "order"
    else:
        assert not judged.terms.ordered, "order"
    limits._require(judged.approval_id, judged.terms, amount)
    if judged.terms.veto_window != 0:
        usable_from: uint256 = self._usable_from[judged.leaf]
        assert usable_from != 0, "unannounced"
        assert not self._vetoed[judged.leaf], "vetoed"
        assert block.timestamp >= usable_from, "window"
    return judged


@internal
@view
def _authentic(packed: Bytes[4096]) -> Judged:
    """
    @dev Whether a verdict stands where it says, and governance lets its signer say so.
    """
    place: verdicts.Place = empty(verdicts.Place)
    entry: Bytes[4096] = b""
    place, entry = verdicts._unpack(packed)
    verdict: IDecisionGate.Verdict = verdicts._parse(entry)
    self._require_ours(verdict)
    leaf: bytes32 = sha256(concat(0x00, entry))
    root: bytes32 = staticcall ANCHOR.anchored(verdict.log_id, place.size, place.time)
    assert root != empty(bytes32), "inclusion"
    computed: bytes32 = rfc9162._root_from_inclusion(place.size, place.index, leaf, place.path)
    assert computed == root, "inclusion"
    claim: IModelRegistry.Claim = IModelRegistry.Claim(
        decider=verdict.signer,
        organisation=verdict.organisation,
        log_id=verdict.log_id,
        maker_kind=verdict.maker_kind,
        maker=verdict.maker,
        scope=verdict.scope,
    )
    approval_id: bytes32 = keccak256(abi_encode(claim))
    terms: IModelRegistry.Terms = self._allowed(claim, approval_id, verdict, place.time)
    words: Bytes[672] = slice(entry, 0, verdicts.WORDS)
    signature: Bytes[4096] = slice(entry, verdicts.WORDS, len(entry) - verdicts.WORDS)
    if terms.by_proof:
        assert len(signature) == 0, "signature"
        assert self._proven[keccak256(words)], "unproven"
    else:
        deciders._require_signed(verdict.signer, words, signature)
    return Judged(verdict=verdict, terms=terms, approval_id=approval_id, leaf=leaf)


@internal
@view
def _require_ours(verdict: IDecisionGate.Verdict):
    assert verdict.chain_id == chain.id, "chain"
    assert verdict.gate == self, "gate"


@internal
@view
def _allowed(
    claim: IModelRegistry.Claim,
    approval_id: bytes32,
    verdict: IDecisionGate.Verdict,
    time: uint64,
) -> IModelRegistry.Terms:
    """
    @dev When a verdict was decided is its signer's word. When it was anchored is the chain's, so
         that is what a revocation is held against: a stolen key cannot go back before it.
    """
    approval: IModelRegistry.Approval = staticcall REGISTRY.approval_of(approval_id)
    terms: IModelRegistry.Terms = approval.terms
    if terms.until == 0:
        raise staticcall REGISTRY.refusal_of(claim)
    assert verdict.decided_at <= time, "postdated"
    assert verdict.decided_at >= terms.since, "before approval"
    assert time <= terms.until, "after approval"
    if terms.consumer != empty(address):
        assert verdict.consumer == terms.consumer, "consumer unknown"
    assert time < approval.revoked_from, "revoked"
    assert block.timestamp >= convert(approval.halted_until, uint256), "halted"
    assert block.timestamp - convert(time, uint256) >= convert(terms.min_age, uint256), "young"
    return terms


@internal
@pure
def _order(organisation: bytes32, scope: bytes32, consumer: address) -> bytes32:
    """
    @dev Who decides may change, and so may the log; the order goes on.
    """
    return keccak256(abi_encode(organisation, scope, consumer))
