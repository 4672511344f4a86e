# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Quorums: which organisations have to cosign what a log anchors
@license Apache-2.0
@notice A log's first quorum counts at once. Every change is public for a week before it counts,
        so that an owner cannot drop the witnesses in the moment they are needed.
@dev Who owns a log is the importing contract's to say.
"""

import eip712
import organisations

uses: organisations


event QuorumProposed:
    log_id: indexed(bytes32)
    organisations: DynArray[address, MAX_ORGANISATIONS]
    threshold: uint256
    not_before: uint256


event QuorumChanged:
    log_id: indexed(bytes32)
    organisations: DynArray[address, MAX_ORGANISATIONS]
    threshold: uint256


struct Quorum:
    members: DynArray[address, MAX_ORGANISATIONS]  # ascending
    threshold: uint256  # how many of them it takes; 0: there is no quorum
    time: uint256  # since when; of a proposal: not before


MAX_ORGANISATIONS: constant(uint256) = 16

# Readers get a week to notice that a quorum is about to change; and a proposal dies a week after
# that, lest an owner keep one ready for years and use it in the moment it hurts.
QUORUM_DELAY: public(constant(uint256)) = 7 * 24 * 60 * 60
QUORUM_GRACE: public(constant(uint256)) = 7 * 24 * 60 * 60

COSIGNATURE_TYPE: constant(bytes32) = keccak256(
    "Cosignature(bytes32 log_id,uint64 size,bytes32 root)"
)

_quorums: HashMap[bytes32, Quorum]
_proposals: HashMap[bytes32, Quorum]


@external
@view
def quorum_of(log_id: bytes32) -> (DynArray[address, MAX_ORGANISATIONS], uint256, uint256):
    """
    @notice The quorum that is in force: organisations, threshold, and since when.
    @param log_id The log.
    """
    quorum: Quorum = self._quorums[log_id]
    return quorum.members, quorum.threshold, quorum.time


@external
@view
def proposed_quorum_of(
    log_id: bytes32,
) -> (DynArray[address, MAX_ORGANISATIONS], uint256, uint256):
    """
    @notice The quorum that was proposed: organisations, threshold, and the first second at which
            it can be put in force, 0 if there is none. It can be until `QUORUM_GRACE` later.
    @param log_id The log.
    """
    proposal: Quorum = self._proposals[log_id]
    return proposal.members, proposal.threshold, proposal.time


@internal
def _set(
    log_id: bytes32,
    members: DynArray[address, MAX_ORGANISATIONS],
    threshold: uint256,
    owner: address,
    anchor_key: address,
) -> bool:
    """
    @dev Puts a first quorum in force and returns True, or proposes a change and returns False.
    """
    changes: bool = self._quorums[log_id].threshold != 0
    # a quorum of nobody, or that nobody can meet, is none; to need none is a change like any
    assert threshold <= len(members), "threshold"
    assert threshold != 0 or (changes and len(members) == 0), "threshold"
    last: uint256 = 0
    for member: address in members:
        assert convert(member, uint256) > last, "order"
        last = convert(member, uint256)
        assert member != owner and member != anchor_key, "own organisation"
        assert organisations.witness_key_of[member] != empty(address), "inactive"
    if not changes:
        self._put_in_force(log_id, members, threshold)
        return True
    not_before: uint256 = block.timestamp + QUORUM_DELAY
    self._proposals[log_id] = Quorum(members=members, threshold=threshold, time=not_before)
    log QuorumProposed(
        log_id=log_id, organisations=members, threshold=threshold, not_before=not_before
    )
    return False


@internal
def _apply(log_id: bytes32) -> bool:
    """
    @dev Puts a ripe proposal in force; returns whether the log has a quorum now.
    """
    proposal: Quorum = self._proposals[log_id]
    assert proposal.time != 0, "no proposal"
    assert block.timestamp >= proposal.time, "too early"
    assert block.timestamp < proposal.time + QUORUM_GRACE, "expired"
    self._proposals[log_id] = empty(Quorum)
    self._put_in_force(log_id, proposal.members, proposal.threshold)
    return proposal.threshold != 0


@internal
def _put_in_force(
    log_id: bytes32, members: DynArray[address, MAX_ORGANISATIONS], threshold: uint256
):
    self._quorums[log_id] = Quorum(members=members, threshold=threshold, time=block.timestamp)
    log QuorumChanged(log_id=log_id, organisations=members, threshold=threshold)


@internal
@view
def _require(
    log_id: bytes32,
    size: uint64,
    root: bytes32,
    owner: address,
    anchor_key: address,
    cosignatures: DynArray[Bytes[65], MAX_ORGANISATIONS],
):
    """
    @dev A cosignature holds no deadline: that this log had this root at this size stays true.
         Whether its key is the log's own is asked here, not on enrolling: keys rotate.
    """
    statement: bytes32 = keccak256(abi_encode(COSIGNATURE_TYPE, log_id, size, root))
    quorum: Quorum = self._quorums[log_id]
    voices: uint256 = 0  # a bit for each member
    for cosignature: Bytes[65] in cosignatures:
        signer: address = eip712._signer(statement, cosignature)
        organisation: address = organisations._organisation_of(signer)
        assert organisation != empty(address), "inactive"
        assert signer != anchor_key and signer != owner, "own key"
        assert organisation != anchor_key and organisation != owner, "own key"
        voice: uint256 = 1
        for member: address in quorum.members:
            if member == organisation:
                break
            voice <<= 1
        assert voice >> len(quorum.members) == 0, "not a member"
        assert voices & voice == 0, "second voice"
        voices |= voice
    # none was refused and none counted twice, so each is a voice
    assert len(cosignatures) >= quorum.threshold, "quorum"
