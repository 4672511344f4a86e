# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Registry: which keys may speak for which model, rule or circuit, and how far
@license Apache-2.0
@notice The owner, an account or a DAO, approves deciders for an organisation's log, a maker and a
        scope, with limits and with the leaf of the evidence. A guardian can halt, for a week at
        most and not twice in a row, and can never approve.
@dev What this contract refuses to do:
     - to bring back what was revoked: a key that leaked leaks on. A new key is approved anew.
     - to judge verdicts, or to hold funds. A gate asks it.
     - to change hands by one call: the new owner has to accept.
"""

import approvals
from . import IModelRegistry

implements: IModelRegistry


event Approved:
    approval_id: indexed(bytes32)
    decider: indexed(address)
    scope: indexed(bytes32)
    claim: IModelRegistry.Claim
    terms: IModelRegistry.Terms


event Revoked:
    approval_id: indexed(bytes32)
    revoked_from: uint64


event Halted:
    approval_id: indexed(bytes32)  # zero: all approvals
    by: indexed(address)
    until: uint64


event Resumed:
    approval_id: indexed(bytes32)  # zero: all approvals


event GuardianChanged:
    guardian: indexed(address)


event OwnerProposed:
    owner: indexed(address)


event OwnerChanged:
    owner: indexed(address)


NEVER: constant(uint64) = max_value(uint64)

# Long enough for the owner to meet and revoke; then the guardian has to rest as long.
MAX_HALT: public(constant(uint64)) = 7 * 24 * 60 * 60

owner: public(address)
proposed_owner: public(address)
guardian: public(address)
_terms: HashMap[bytes32, uint256[5]]
_fates: HashMap[bytes32, uint256]  # under zero: of all approvals
_named: HashMap[bytes32, bool]  # what any approval ever named, hashed with its field's name


@deploy
def __init__(owner: address, guardian: address):
    """
    @notice Make a registry.
    @param owner Who approves and revokes.
    @param guardian Who may halt; zero for nobody.
    """
    assert owner != empty(address), "zero owner"
    self.owner = owner
    self.guardian = guardian
    log OwnerChanged(owner=owner)
    log GuardianChanged(guardian=guardian)


@external
def approve(claim: IModelRegistry.Claim, terms: IModelRegistry.Terms) -> bytes32:
    """
    @notice Let a decider speak, or change on which terms it does; owner only.
    @dev Reverts: "not the owner", "zero decider", "maker kind", "dates" if it never holds,
         "period" without one, "vetoer" for a window without one or one without a window,
         "proof" for a proof of what is no circuit, "revoked" for what was revoked.
    @param claim Who, from which log, for which maker and scope.
    @param terms How long, and how far.
    @return The approval's id.
    """
    assert msg.sender == self.owner, "not the owner"
    assert claim.decider != empty(address), "zero decider"
    assert claim.maker_kind >= 1 and claim.maker_kind <= 3, "maker kind"
    assert terms.until != 0 and terms.since <= terms.until, "dates"
    assert terms.period != 0, "period"
    assert (terms.veto_window == 0) == (terms.vetoer == empty(address)), "vetoer"
    assert not terms.by_proof or claim.maker_kind == 3, "proof"
    approval_id: bytes32 = self._id(claim)
    fate: approvals.Fate = approvals._unpack_fate(self._fates[approval_id])
    assert fate.revoked_from == 0, "revoked"
    self._terms[approval_id] = approvals._pack(terms)
    names: bytes32[5] = self._names(claim)
    for name: bytes32 in names:
        self._named[name] = True
    log Approved(
        approval_id=approval_id,
        decider=claim.decider,
        scope=claim.scope,
        claim=claim,
        terms=terms,
    )
    return approval_id


@external
def revoke(approval_id: bytes32, revoked_from: uint64):
    """
    @notice End an approval: what is anchored from a moment on does not count; owner only.
    @dev The moment may have passed, since a theft is found out late; what was anchored before
         it stays good. It can be moved to earlier, never to later. Reverts: "not the owner",
         "not approved", "later".
    @param approval_id The approval.
    @param revoked_from POSIX seconds, not zero; may lie ahead.
    """
    assert msg.sender == self.owner, "not the owner"
    assert approvals._is_given(self._terms[approval_id]), "not approved"
    fate: approvals.Fate = approvals._unpack_fate(self._fates[approval_id])
    known: uint64 = fate.revoked_from
    assert revoked_from != 0 and (known == 0 or revoked_from < known), "later"
    fate.revoked_from = revoked_from
    self._fates[approval_id] = approvals._pack_fate(fate)
    log Revoked(approval_id=approval_id, revoked_from=revoked_from)


@external
def halt(approval_id: bytes32, seconds: uint64):
    """
    @notice Let nothing through for a while, of one approval or, by the zero id, of all.
    @dev By the guardian or the owner. Reverts: "not the guardian", "too long" above `MAX_HALT`,
         "rest" until a week has passed since its last halt ended, and since the last of all did.
         So one approval is halted for two weeks in three at most, whatever the guardian does.
    @param approval_id The approval, or zero.
    @param seconds For how long.
    """
    assert msg.sender == self.guardian or msg.sender == self.owner, "not the guardian"
    assert seconds <= MAX_HALT, "too long"
    now: uint64 = convert(block.timestamp, uint64)
    fate: approvals.Fate = approvals._unpack_fate(self._fates[approval_id])
    of_all: approvals.Fate = approvals._unpack_fate(self._fates[empty(bytes32)])
    assert now >= max(fate.rests_until, of_all.rests_until), "rest"
    fate.halted_until = now + seconds
    fate.rests_until = now + seconds + MAX_HALT
    self._fates[approval_id] = approvals._pack_fate(fate)
    log Halted(approval_id=approval_id, by=msg.sender, until=now + seconds)


@external
def resume(approval_id: bytes32):
    """
    @notice End a halt early; owner only. The guardian's rest goes on.
    @param approval_id The approval, or zero for the halt of all.
    """
    assert msg.sender == self.owner, "not the owner"
    fate: approvals.Fate = approvals._unpack_fate(self._fates[approval_id])
    fate.halted_until = 0
    self._fates[approval_id] = approvals._pack_fate(fate)
    log Resumed(approval_id=approval_id)


@external
def set_guardian(guardian: address):
    """
    @notice Name another guardian, or by zero nobody; owner only.
    @param guardian The account.
    """
    assert msg.sender == self.owner, "not the owner"
    self.guardian = guardian
    log GuardianChanged(guardian=guardian)


@external
def propose_owner(owner: address):
    """
    @notice Offer the registry to another account, such as a DAO; by zero take an offer back.
    @param owner The account; it has to accept.
    """
    assert msg.sender == self.owner, "not the owner"
    self.proposed_owner = owner
    log OwnerProposed(owner=owner)


@external
def accept_ownership():
    """
    @notice Take the registry over, as the account that it was offered to.
    """
    assert msg.sender == self.proposed_owner and msg.sender != empty(address), "not proposed"
    self.owner = msg.sender
    self.proposed_owner = empty(address)
    log OwnerChanged(owner=msg.sender)


@external
@view
def approval_id(claim: IModelRegistry.Claim) -> bytes32:
    """
    @notice The id of the approval of a claim, given or not.
    @param claim Who, from which log, for which maker and scope.
    @return keccak256(abi.encode(...)) of the claim's words.
    """
    return self._id(claim)


@external
@view
def approval_of(approval_id: bytes32) -> IModelRegistry.Approval:
    """
    @notice What stands of an approval now; `until` is zero where none was given.
    @param approval_id The approval.
    """
    fate: approvals.Fate = approvals._unpack_fate(self._fates[approval_id])
    of_all: approvals.Fate = approvals._unpack_fate(self._fates[empty(bytes32)])
    if fate.revoked_from == 0:
        fate.revoked_from = NEVER
    return IModelRegistry.Approval(
        terms=approvals._unpack(self._terms[approval_id]),
        revoked_from=fate.revoked_from,
        halted_until=max(fate.halted_until, of_all.halted_until),
    )


@external
@view
def refusal_of(claim: IModelRegistry.Claim) -> String[16]:
    """
    @notice Why a claim has no approval; see `IModelRegistry`.
    @param claim Who, from which log, for which maker and scope.
    """
    names: bytes32[5] = self._names(claim)
    if not self._named[names[0]]:
        return "log"
    if not self._named[names[1]]:
        return "organisation"
    if not self._named[names[2]]:
        return "signer"
    if not self._named[names[3]]:
        return "maker"
    if not self._named[names[4]]:
        return "scope unknown"
    return "not approved"


@internal
@pure
def _id(claim: IModelRegistry.Claim) -> bytes32:
    return keccak256(abi_encode(claim))


@internal
@pure
def _names(claim: IModelRegistry.Claim) -> bytes32[5]:
    return [
        keccak256(concat(b"log", claim.log_id)),
        keccak256(concat(b"organisation", claim.organisation)),
        keccak256(concat(b"signer", convert(claim.decider, bytes32))),
        keccak256(concat(b"maker", convert(claim.maker_kind, bytes32), claim.maker)),
        keccak256(concat(b"scope", claim.scope)),
    ]
