# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Anchor: where a log's roots are kept out of its operator's reach
@license Apache-2.0
@notice A log registers once; then its anchor key brings (size, root) from time to time, each with
        a proof that the new tree extends the last one. What was anchored can be read for ever,
        and nobody can change it or take it back.
@dev What this contract refuses to do:
     - to let a stranger anchor. A consistency proof needs no secret: anyone could extend a log by
       a forged leaf. Only the log's anchor key counts, sent or signed (EIP-712).
     - to tell logs apart by a name that can be taken first. A log's id holds chain, contract,
       owner, origin and log key; who registers our origin gets an id of their own.
     - to judge what a leaf means, or who signed it. That is a gate's task.

     Storage is what an anchor costs, so a log's state is one word, and each anchored size adds
     one: its root, found under (size, time). The time is the timestamp of the block that
     anchored it; who holds a receipt knows it, and naming it proves it.

     Trees are those of RFC 9162 (SHA-256; leaf prefix 0x00, node prefix 0x01).
"""

import authority
import eip712
import organisations
import quorums
import rfc9162
import words
from . import IAnchor

implements: IAnchor
initializes: organisations
initializes: quorums[organisations := organisations]

exports: (
    organisations.enrol,
    organisations.leave,
    organisations.witness_key_of,
    organisations.organisation_of,
    quorums.quorum_of,
    quorums.proposed_quorum_of,
    quorums.QUORUM_DELAY,
    quorums.QUORUM_GRACE,
    rfc9162.check_consistency,
    eip712.eip712Domain,
)


event Registered:
    log_id: indexed(bytes32)
    owner: indexed(address)
    origin_hash: indexed(bytes32)
    log_key_hash: bytes32
    anchor_key: address


event Anchored:
    log_id: indexed(bytes32)
    size: indexed(uint64)
    root: bytes32
    time: uint64


event AnchorKeyRotated:
    log_id: indexed(bytes32)
    anchor_key: indexed(address)


# Who registered a log. Zero: nobody did.
owner_of: public(HashMap[bytes32, address])
_words: HashMap[bytes32, uint256]
_roots: HashMap[bytes32, HashMap[uint256, bytes32]]


@external
def register(origin_hash: bytes32, log_key_hash: bytes32, anchor_key: address) -> bytes32:
    """
    @notice Register the sender's log; it starts at size 0 with the empty root.
    @dev The owner is part of the id, so nobody can register a log in another's stead or before
         them. Reverts: "registered", "zero key".
    @param origin_hash keccak256 of the log's origin line, UTF-8.
    @param log_key_hash keccak256 of the log's verifier keys, joined by newlines, UTF-8.
    @param anchor_key The account that may anchor.
    @return The log's id.
    """
    log_id: bytes32 = authority._log_id(msg.sender, origin_hash, log_key_hash)
    assert self.owner_of[log_id] == empty(address), "registered"
    assert anchor_key != empty(address), "zero key"
    self.owner_of[log_id] = msg.sender
    time: uint64 = convert(block.timestamp, uint64)
    self._roots[log_id][words._place(0, time)] = rfc9162.EMPTY_ROOT
    self._words[log_id] = words._with_standing(words._with_anchor_key(0, anchor_key), 0, time)
    log Registered(
        log_id=log_id,
        owner=msg.sender,
        origin_hash=origin_hash,
        log_key_hash=log_key_hash,
        anchor_key=anchor_key,
    )
    return log_id


@external
def rotate_anchor_key(log_id: bytes32, anchor_key: address):
    """
    @notice Let another account anchor from now on; the zero address freezes the log until the
            owner names an account again.
    @dev Whatever the former key signed and nobody relayed is void. Reverts: "not the owner".
    @param log_id The log.
    @param anchor_key The account that may anchor.
    """
    assert msg.sender == self.owner_of[log_id], "not the owner"
    self._words[log_id] = words._with_anchor_key(self._words[log_id], anchor_key)
    log AnchorKeyRotated(log_id=log_id, anchor_key=anchor_key)


@external
def anchor(
    log_id: bytes32,
    old_size: uint64,
    new_size: uint64,
    new_root: bytes32,
    proof: DynArray[bytes32, rfc9162.MAX_PROOF],
) -> uint64:
    """
    @notice Anchor a larger tree; only the log's anchor key may send this.
    @dev The size and root that are anchored last do nothing once more: a repeated transaction is
         harmless. Reverts: "not the anchor key", "quorum" if the log's quorum has to cosign,
         "stale" if `old_size` is not the last, "fork" for another root at the last size,
         "shrinks", "size", "zero root", "proof length", "old root", "new root".
    @param log_id The log.
    @param old_size The size that is anchored last.
    @param new_size Leaves of the new tree; below 2^63.
    @param new_root Its root.
    @param proof The consistency proof between both (RFC 9162, 2.1.4.1); empty for old size 0.
    @return The time under which (size, root) is now anchored.
    """
    word: uint256 = self._words[log_id]
    assert words._anchor_key(word) == msg.sender, "not the anchor key"
    assert word & words.QUORUM == 0, "quorum"
    return self._extend(log_id, word, old_size, new_size, new_root, proof)


@external
def anchor_by_signature(
    log_id: bytes32,
    old_size: uint64,
    new_size: uint64,
    new_root: bytes32,
    proof: DynArray[bytes32, rfc9162.MAX_PROOF],
    deadline: uint256,
    signature: Bytes[65],
) -> uint64:
    """
    @notice Anchor a larger tree by the anchor key's signature; anybody may relay it.
    @dev The signature names old and new size, so it can work once only. Reverts like `anchor`,
         and: "deadline", "signature".
    @param log_id The log.
    @param old_size The size that is anchored last.
    @param new_size Leaves of the new tree; below 2^63.
    @param new_root Its root.
    @param proof The consistency proof between both; not signed, for there is only one.
    @param deadline The last second at which the signature counts.
    @param signature r, s and v (27 or 28) over EIP-712 `Anchor`.
    @return The time under which (size, root) is now anchored.
    """
    word: uint256 = self._words[log_id]
    authority._require_signed(
        words._anchor_key(word), log_id, old_size, new_size, new_root, deadline, signature
    )
    assert word & words.QUORUM == 0, "quorum"
    return self._extend(log_id, word, old_size, new_size, new_root, proof)


@external
def anchor_with_quorum(
    log_id: bytes32,
    old_size: uint64,
    new_size: uint64,
    new_root: bytes32,
    proof: DynArray[bytes32, rfc9162.MAX_PROOF],
    deadline: uint256,
    signature: Bytes[65],
    cosignatures: DynArray[Bytes[65], quorums.MAX_ORGANISATIONS],
) -> uint64:
    """
    @notice Anchor a larger tree of a log that has a quorum.
    @dev One cosignature that does not count refuses them all, so that what was sent is what was
         judged. Reverts like `anchor_by_signature`, and: "no quorum", "own key", "inactive",
         "not a member", "second voice", "quorum" for too few.
    @param log_id The log.
    @param old_size The size that is anchored last.
    @param new_size Leaves of the new tree; below 2^63.
    @param new_root Its root.
    @param proof The consistency proof between both.
    @param deadline The last second at which the signature counts; ignored without one.
    @param signature The anchor key's; empty if the anchor key is the sender.
    @param cosignatures EIP-712 `Cosignature`, by the witness keys of distinct organisations.
    @return The time under which (size, root) is now anchored.
    """
    word: uint256 = self._words[log_id]
    if len(signature) == 0:
        assert words._anchor_key(word) == msg.sender, "not the anchor key"
    else:
        authority._require_signed(
            words._anchor_key(word), log_id, old_size, new_size, new_root, deadline, signature
        )
    assert word & words.QUORUM != 0, "no quorum"
    anchor_key: address = words._anchor_key(word)
    owner: address = self.owner_of[log_id]
    quorums._require(log_id, new_size, new_root, owner, anchor_key, cosignatures)
    return self._extend(log_id, word, old_size, new_size, new_root, proof)


@external
def set_quorum(
    log_id: bytes32,
    members: DynArray[address, quorums.MAX_ORGANISATIONS],
    threshold: uint256,
):
    """
    @notice Have organisations cosign whatever the log anchors. The first quorum counts at once; a
            change is a proposal, which `apply_quorum` puts in force after `QUORUM_DELAY`.
    @dev No members and threshold 0 propose to need none. A new proposal replaces the last one,
         and its delay starts anew. Reverts: "not the owner", "threshold", "order",
         "own organisation", "inactive".
    @param log_id The log.
    @param members Enrolled organisations, ascending; not the log's owner or anchor key.
    @param threshold How many of them it takes.
    """
    owner: address = self.owner_of[log_id]
    assert msg.sender == owner, "not the owner"
    word: uint256 = self._words[log_id]
    anchor_key: address = words._anchor_key(word)
    if quorums._set(log_id, members, threshold, owner, anchor_key):
        self._words[log_id] = word | words.QUORUM


@external
def apply_quorum(log_id: bytes32):
    """
    @notice Put a proposed quorum in force; anybody may, once its delay is over.
    @dev Reverts: "no proposal", "too early", "expired" from `QUORUM_GRACE` after that.
    @param log_id The log.
    """
    word: uint256 = self._words[log_id] & ~words.QUORUM
    if quorums._apply(log_id):
        word |= words.QUORUM
    self._words[log_id] = word


@external
@view
def log_id_of(owner: address, origin_hash: bytes32, log_key_hash: bytes32) -> bytes32:
    """
    @notice The id that a log of this owner has here, registered or not.
    @param owner The account that registers it.
    @param origin_hash keccak256 of the log's origin line.
    @param log_key_hash keccak256 of the log's verifier keys, joined by newlines.
    @return keccak256(abi.encode(chain id, this contract, owner, origin_hash, log_key_hash)).
    """
    return authority._log_id(owner, origin_hash, log_key_hash)


@external
@view
def anchor_key_of(log_id: bytes32) -> address:
    """
    @notice The account that may anchor now; zero for an unknown or frozen log.
    @param log_id The log.
    """
    return words._anchor_key(self._words[log_id])


@external
@view
def latest(log_id: bytes32) -> (uint64, bytes32, uint64):
    """
    @notice What was anchored last. Reverts: "unknown log".
    @param log_id The log.
    @return Size, root, and the time at which it was anchored; for a new log 0, the root of no
            leaves, and the time of registration.
    """
    assert self.owner_of[log_id] != empty(address), "unknown log"
    size: uint64 = 0
    time: uint64 = 0
    size, time = words._standing(self._words[log_id])
    return size, self._roots[log_id][words._place(size, time)], time


@external
@view
def anchored(log_id: bytes32, size: uint64, time: uint64) -> bytes32:
    """
    @notice The root that was anchored at `size` and `time`; zero where nothing was.
    @dev Each size is anchored once at most, so at one time at most.
    @param log_id The log.
    @param size Leaves of the tree.
    @param time Timestamp of the block that anchored it, as in the event `Anchored`.
    """
    return self._roots[log_id][words._place(size, time)]


@external
@view
def verify_inclusion(
    log_id: bytes32,
    size: uint64,
    time: uint64,
    index: uint64,
    leaf_hash: bytes32,
    path: DynArray[bytes32, rfc9162.MAX_PATH],
) -> bool:
    """
    @notice Whether `leaf_hash` stands at `index` under the root anchored at `size` and `time`.
    @param log_id The log.
    @param size Leaves of the anchored tree.
    @param time When it was anchored; a caller that asks for age may rely on it.
    @param index Of the leaf, from 0.
    @param leaf_hash SHA-256(0x00 || entry).
    @param path The inclusion path, from the leaf up (RFC 9162, 2.1.3.1).
    """
    root: bytes32 = self._roots[log_id][words._place(size, time)]
    if root == empty(bytes32):
        return False
    return rfc9162._root_from_inclusion(size, index, leaf_hash, path) == root


@external
@view
def check_inclusion(
    log_id: bytes32,
    size: uint64,
    time: uint64,
    index: uint64,
    leaf_hash: bytes32,
    path: DynArray[bytes32, rfc9162.MAX_PATH],
) -> bytes32:
    """
    @notice Like `verify_inclusion`, but reverts with "inclusion": a forgotten `if` must not pass.
    @param log_id The log.
    @param size Leaves of the anchored tree.
    @param time When it was anchored.
    @param index Of the leaf, from 0.
    @param leaf_hash SHA-256(0x00 || entry).
    @param path The inclusion path, from the leaf up.
    @return The root.
    """
    root: bytes32 = self._roots[log_id][words._place(size, time)]
    assert root != empty(bytes32), "inclusion"
    assert rfc9162._root_from_inclusion(size, index, leaf_hash, path) == root, "inclusion"
    return root


@internal
def _extend(
    log_id: bytes32,
    word: uint256,
    old_size: uint64,
    new_size: uint64,
    new_root: bytes32,
    proof: DynArray[bytes32, rfc9162.MAX_PROOF],
) -> uint64:
    """
    @dev Who calls this has checked the authority. `word` is the log's, as read.
    """
    size: uint64 = 0
    time: uint64 = 0
    size, time = words._standing(word)
    root: bytes32 = self._roots[log_id][words._place(size, time)]
    if new_size == size:
        assert new_root == root, "fork"
        return time  # a repetition: nothing to write, nothing to tell
    assert old_size == size, "stale"
    assert new_size > size, "shrinks"
    assert new_size <= rfc9162.MAX_SIZE, "size"
    if size == 0:
        # anything extends no leaves; but zero would read as "never anchored"
        assert len(proof) == 0, "proof length"
        assert new_root != empty(bytes32), "zero root"
    else:
        rfc9162._require_consistent(size, new_size, root, new_root, proof)
    time = convert(block.timestamp, uint64)
    self._roots[log_id][words._place(new_size, time)] = new_root
    self._words[log_id] = words._with_standing(word, new_size, time)
    log Anchored(log_id=log_id, size=new_size, root=new_root, time=time)
    return time
