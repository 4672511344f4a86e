# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Proofs over the trees of RFC 9162
@license Apache-2.0
@notice The history tree of certificate transparency: SHA-256, leaf prefix 0x00, node prefix 0x01.
@dev Pure: no storage, no caller, no clock. Each check names the hashes' sides beforehand and
     compares the number of hashes first, so a path that is padded or cut is refused unhashed.
"""

# Sizes are below 2^63, so that a path has at most 63 hashes and a consistency proof 64.
MAX_SIZE: constant(uint64) = 2**63 - 1
MAX_PATH: constant(uint256) = 63
MAX_PROOF: constant(uint256) = 64

# SHA-256 of nothing: the root of the tree without leaves.
EMPTY_ROOT: constant(bytes32) = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855


@external
@pure
def check_consistency(
    old_size: uint64,
    new_size: uint64,
    old_root: bytes32,
    new_root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
):
    """
    @notice Check that one tree extends another, whoever's they are; for evidence and for tests.
    @dev Equal sizes need equal roots and an empty proof; old size 0 needs the empty root and an
         empty proof. Reverts: "size", "proof length", "old root", "new root".
    @param old_size Leaves of the old tree.
    @param new_size Leaves of the new one; below 2^63, and not below `old_size`.
    @param old_root Root of the old tree.
    @param new_root Root of the new one.
    @param proof The consistency proof (RFC 9162, 2.1.4.1).
    """
    assert old_size <= new_size and new_size <= MAX_SIZE, "size"
    if old_size == new_size or old_size == 0:
        assert len(proof) == 0, "proof length"
        if old_size == 0:
            assert old_root == EMPTY_ROOT, "old root"
        if old_size == new_size:
            assert old_root == new_root, "new root"
    else:
        self._require_consistent(old_size, new_size, old_root, new_root, proof)


@internal
@pure
def _root_from_inclusion(
    size: uint64, index: uint64, leaf_hash: bytes32, path: DynArray[bytes32, MAX_PATH]
) -> bytes32:
    """
    @dev RFC 9162, 2.1.3.2. Zero, the root of no tree, where the index or the path's length is
         none that the size allows. The caller compares the root, and refuses zero.
    """
    if index >= size or size > MAX_SIZE:
        return empty(bytes32)
    sides: uint256 = 0
    count: uint256 = 0
    sides, count = self._sides(convert(index, uint256), unsafe_sub(convert(size, uint256), 1))
    if len(path) != count:
        return empty(bytes32)
    computed: bytes32 = leaf_hash
    for node: bytes32 in path:
        if sides & 1 != 0:
            computed = sha256(concat(0x01, node, computed))
        else:
            computed = sha256(concat(0x01, computed, node))
        sides >>= 1
    return computed


@internal
@pure
def _require_consistent(
    old_size: uint64,
    new_size: uint64,
    old_root: bytes32,
    new_root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
):
    """
    @dev RFC 9162, 2.1.4.2, for 0 < old_size < new_size. The old tree's last complete subtree is
         where both roots start; `sides` says of each further hash on which side it joins.
    """
    old_leaves: uint256 = convert(old_size, uint256)
    # the largest power of two that divides the old size: leaves of that subtree
    width: uint256 = old_leaves & unsafe_add(~old_leaves, 1)
    sides: uint256 = 0
    count: uint256 = 0
    sides, count = self._sides(
        unsafe_div(unsafe_sub(old_leaves, 1), width),
        unsafe_div(unsafe_sub(convert(new_size, uint256), 1), width),
    )
    # an old tree that is one subtree is known; else the proof begins with that subtree
    opens: bool = width != old_leaves
    if opens:
        sides <<= 1
        count = unsafe_add(count, 1)
    assert len(proof) == count, "proof length"
    old: bytes32 = old_root
    new: bytes32 = old_root
    for node: bytes32 in proof:
        if sides & 1 != 0:
            old = sha256(concat(0x01, node, old))
            new = sha256(concat(0x01, node, new))
        elif opens:
            old = node
            new = node
            opens = False
        else:
            new = sha256(concat(0x01, new, node))
        sides >>= 1
    assert old == old_root, "old root"
    assert new == new_root, "new root"


@internal
@pure
def _sides(index: uint256, last: uint256) -> (uint256, uint256):
    """
    @dev The path of node `index` on a level whose last node is `last`; both below 2^63. Up to
         where the two paths meet, the index's bits say which sibling is on the left; above, the
         node stands on the tree's right edge, and has siblings on the left only, one for each bit
         set. Returns a bit for each sibling, lowest first, 1 for left; and their number.
    """
    below: uint256 = index ^ last
    below |= below >> 1
    below |= below >> 2
    below |= below >> 4
    below |= below >> 8
    below |= below >> 16
    below |= below >> 32  # ones up to where the paths meet
    count: uint256 = index | below  # its bits set are to be counted, pair by pair
    count = unsafe_sub(count, (count >> 1) & 6148914691236517205)  # 0x5555555555555555
    count = unsafe_add(count & 3689348814741910323, (count >> 2) & 3689348814741910323)  # 0x3333...
    count = unsafe_add(count, count >> 4) & 1085102592571150095  # 0x0f0f0f0f0f0f0f0f
    count = (unsafe_mul(count, 72340172838076673) >> 56) & 127  # 0x0101010101010101
    sides: uint256 = 1
    sides = unsafe_sub(sides << count, 1) & (index | ~below)
    return sides, count
