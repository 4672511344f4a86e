"""Roots and proofs are those of RFC 6962, and a verifier accepts nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import VerificationError
from counterfoil.proofs import merkle
from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    reader_of,
    root_from_inclusion,
    root_of,
    root_of_range,
    verify_consistency,
    verify_inclusion,
)
from tests import rfc6962
from tests.rfc6962 import leaves, mth
from tests.statements import refused

SMALL = 33
ENTRIES = leaves(SMALL)
HASHES = [leaf_hash(entry) for entry in ENTRIES]
READ = reader_of(HASHES)
OTHER = sha256(b"other").digest()

sizes = st.integers(1, 300)
BIG = leaves(300)
BIG_HASHES = [leaf_hash(entry) for entry in BIG]


def test_roots_of_all_small_trees() -> None:
    """The root of each tree of 0 to 33 leaves is that of RFC 6962."""
    for size in range(SMALL + 1):
        assert root_of(HASHES[:size]) == mth(ENTRIES[:size])
    assert root_of([]) == EMPTY_ROOT == sha256(b"").digest()
    assert root_of(iter(HASHES)) == mth(ENTRIES)


def test_inclusion_in_all_small_trees() -> None:
    """Every leaf of every tree of 1 to 33 leaves has the path of RFC 6962, which verifies."""
    for size in range(1, SMALL + 1):
        root = mth(ENTRIES[:size])
        for index in range(size):
            path = inclusion_path(index, size, READ)
            assert path == rfc6962.path(index, ENTRIES[:size])
            verify_inclusion(HASHES[index], index, size, path, root)


def test_consistency_of_all_small_trees() -> None:
    """Every two trees of 1 to 33 leaves have the proof of RFC 6962, which verifies."""
    for new in range(SMALL + 1):
        for old in range(new + 1):
            path = consistency_path(old, new, READ)
            assert path == (rfc6962.proof(old, ENTRIES[:new]) if old else [])
            verify_consistency(old, new, mth(ENTRIES[:old]), mth(ENTRIES[:new]), path)


@given(st.data())
def test_larger_trees(data: st.DataObject) -> None:
    """The same holds for trees of up to 300 leaves, drawn at random."""
    size = data.draw(sizes)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    read = reader_of(BIG_HASHES[:size])
    root = root_of(BIG_HASHES[:size])
    assert root == mth(BIG[:size])
    path = inclusion_path(index, size, read)
    assert path == rfc6962.path(index, BIG[:size])
    verify_inclusion(BIG_HASHES[index], index, size, path, root)
    path = consistency_path(old, size, read)
    assert path == rfc6962.proof(old, BIG[:size])
    verify_consistency(old, size, mth(BIG[:old]), root, path)


@pytest.mark.parametrize("size", range(1, 12))
def test_every_wrong_inclusion_proof_is_refused(size: int) -> None:
    """Another leaf, index, size, root or path than the right one is refused."""
    root = mth(ENTRIES[:size])
    for index in range(size):
        path = inclusion_path(index, size, READ)
        wrong: list[tuple[bytes, int, int, list[bytes], bytes]] = [
            (OTHER, index, size, path, root),
            (HASHES[index], index, size, path, OTHER),
            (HASHES[index], index, size, [*path, OTHER], root),
            (HASHES[index], index, size, [OTHER, *path], root),
            (HASHES[index], -1, size, path, root),
            (HASHES[index], size, size, path, root),
            (HASHES[index], index, index, path, root),
        ]
        wrong += [(HASHES[index], i, size, path, root) for i in range(size) if i != index]
        for at in range(len(path)):
            wrong.append((HASHES[index], index, size, path[:at] + path[at + 1 :], root))
            changed = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
            wrong.append((HASHES[index], index, size, changed, root))
            swapped = [*path[:at], *path[at + 1 : at + 2], path[at], *path[at + 2 :]]
            if swapped != path:
                wrong.append((HASHES[index], index, size, swapped, root))
        for case in wrong:
            with pytest.raises(VerificationError):
                verify_inclusion(*case)


@pytest.mark.parametrize("new", range(1, 12))
def test_every_wrong_consistency_proof_is_refused(new: int) -> None:
    """Another root, size or path than the right one is refused."""
    roots = [mth(ENTRIES[:size]) for size in range(SMALL)]
    for old in range(new + 1):
        path = consistency_path(old, new, READ)
        wrong: list[tuple[int, int, bytes, bytes, list[bytes]]] = [
            (old, new, OTHER, roots[new], path),
            (old, new, roots[old], roots[new], [*path, OTHER]),
            (-1, new, roots[old], roots[new], path),
            (new + 1, new, roots[old], roots[new], path),
        ]
        if old:  # the empty tree is extended by anything
            wrong.append((old, new, roots[old], OTHER, path))
        if 0 < old < new:
            wrong.append((old, new, roots[new], roots[old], path))
            wrong += [(i, new, roots[old], roots[new], path) for i in range(new + 1) if i != old]
            wrong.append((old, new, roots[old], roots[new], []))
        for at in range(len(path)):
            wrong.append((old, new, roots[old], roots[new], path[:at] + path[at + 1 :]))
            changed = [*path[:at], OTHER, *path[at + 1 :]]
            wrong.append((old, new, roots[old], roots[new], changed))
        for case in wrong:
            with pytest.raises(VerificationError):
                verify_consistency(*case)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_hashes_have_32_bytes(length: int) -> None:
    """Hashes of another length are refused, so bytes cannot move from one into the next."""
    bad, good = bytes(length), bytes(32)
    with refused("proof.hash-length"):
        root_of([good, bad])
    for arguments in (
        (bad, 0, 2, [good], good),
        (good, 0, 2, [bad], good),
        (good, 0, 2, [good], bad),
    ):
        with refused("proof.hash-length", VerificationError):
            verify_inclusion(*arguments)
    for roots in ((bad, good, [good]), (good, bad, [good]), (good, good, [bad])):
        with refused("proof.hash-length", VerificationError):
            verify_consistency(1, 2, *roots)


def test_a_shifted_boundary_is_refused() -> None:
    """A leaf of 33 bytes beside a hash of 31 hashes to the same root, and is refused."""
    left, right = HASHES[:2]
    root = node_hash(left, right)
    assert node_hash(left + right[:1], right[1:]) == root
    with refused("proof.hash-length", VerificationError):
        verify_inclusion(left + right[:1], 0, 2, [right[1:]], root)


def test_each_fault_has_its_code() -> None:
    """Index, size, path length and root mismatch are told apart."""
    path, root = inclusion_path(2, 5, READ), mth(ENTRIES[:5])
    with refused("proof.index", VerificationError):
        verify_inclusion(HASHES[2], 5, 5, path, root)
    with refused("proof.index", VerificationError):
        root_from_inclusion(HASHES[0], 0, 0, [])
    for wrong in (path[:-1], [*path, OTHER], [], [OTHER] * 70):
        with refused("proof.path-length", VerificationError):
            verify_inclusion(HASHES[2], 2, 5, wrong, root)
    with refused("proof.root-mismatch", VerificationError):
        verify_inclusion(HASHES[3], 2, 5, path, root)
    with refused("proof.size", VerificationError):
        verify_consistency(6, 5, root, root, [])
    for old, wrong in ((5, [OTHER]), (0, [OTHER]), (3, []), (4, []), (3, [OTHER] * 70)):
        with refused("proof.path-length", VerificationError):
            verify_consistency(old, 5, root, root, wrong)
    for old, new, first, second in ((5, 5, root, OTHER), (0, 5, OTHER, root)):
        with refused("proof.root-mismatch", VerificationError):
            verify_consistency(old, new, first, second, [])
    path = consistency_path(3, 5, READ)
    for first, second in ((mth(ENTRIES[:3]), OTHER), (OTHER, root)):
        with refused("proof.root-mismatch", VerificationError):
            verify_consistency(3, 5, first, second, path)


def test_an_empty_old_tree_proves_nothing() -> None:
    """Size 0 is extended by anything, but only with the empty root and no path."""
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    verify_consistency(0, 9, EMPTY_ROOT, OTHER, [])


def test_a_node_is_no_leaf() -> None:
    """An inner node presented as a leaf of a smaller tree does not verify."""
    left, right = node_hash(*HASHES[:2]), node_hash(*HASHES[2:4])
    root = mth(ENTRIES[:4])
    assert node_hash(left, right) == root
    with pytest.raises(VerificationError):
        verify_inclusion(leaf_hash(HASHES[0] + HASHES[1]), 0, 2, [right], root)
    # The verifier is given hashes: what they are hashes of is for `leaf_hash` to say.
    assert root_from_inclusion(left, 0, 2, [right]) == root


def test_builders_refuse_what_cannot_be_proven() -> None:
    """An index or size outside the tree, and a range that is no subtree, are refused."""
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with refused("proof.index"):
            inclusion_path(index, size, READ)
    for old, new in ((-1, 5), (6, 5)):
        with refused("proof.size"):
            consistency_path(old, new, READ)
    for start, end in ((0, 0), (3, 2), (-2, 2), (1, 3), (2, 5), (4, 13)):
        with refused("proof.range"):
            root_of_range(start, end, READ)


def test_roots_of_aligned_ranges() -> None:
    """The root over an aligned range is that of the range's own tree."""
    checked = 0
    for start in range(SMALL):
        for end in range(start + 1, SMALL + 1):
            if start % (1 << (end - start - 1).bit_length()) == 0:
                assert root_of_range(start, end, READ) == mth(ENTRIES[start:end])
                checked += 1
    assert checked > SMALL


def test_huge_trees() -> None:
    """Proofs of a tree of 2^62 leaves verify: no step costs more than the path is long."""
    zero = [HASHES[0]]
    for _ in range(62):
        zero.append(node_hash(zero[-1], zero[-1]))

    def read(level: int, index: int) -> bytes:
        return zero[level]

    size, index = 2**62 - 1, 2**61 + 12345
    root = root_of_range(0, size, read)
    path = inclusion_path(index, size, read)
    assert len(path) <= 62
    verify_inclusion(HASHES[0], index, size, path, root)
    proof = consistency_path(index, size, read)
    verify_consistency(index, size, root_of_range(0, index, read), root, proof)
    with refused("proof.root-mismatch", VerificationError):
        verify_inclusion(HASHES[1], index, size, path, root)


def test_a_weak_verifier_would_be_caught() -> None:
    """Planted bug: without the check of the path's length, these tests would see a false proof.

    A verifier that only folds the path accepts the root itself as a leaf, and an inner node at
    the wrong size; ours refuses both.
    """

    def fold(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
        for sibling in path:
            leaf = node_hash(sibling, leaf) if index & 1 else node_hash(leaf, sibling)
            index >>= 1
        return leaf == root

    root = mth(ENTRIES[:4])
    assert fold(root, 0, 4, [], root)
    with refused("proof.path-length", VerificationError):
        verify_inclusion(root, 0, 4, [], root)
    left, right = node_hash(*HASHES[:2]), node_hash(*HASHES[2:4])
    assert fold(left, 0, 4, [right], root)
    with refused("proof.path-length", VerificationError):
        verify_inclusion(left, 0, 4, [right], root)


def test_a_single_leaf() -> None:
    """The tree of one leaf has the leaf as root and an empty path."""
    verify_inclusion(HASHES[0], 0, 1, (), HASHES[0])
    assert merkle.inclusion_path(0, 1, READ) == []
