"""A subtree is proven to belong to a tree, and nothing else is."""

from __future__ import annotations

from hashlib import sha256

import pytest

from counterfoil.errors import VerificationError
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, node_hash, reader_of
from counterfoil.proofs.subtree import (
    is_subtree,
    subtree_path,
    verify_subtree,
    verify_subtree_inclusion,
)
from tests import rfc6962
from tests.rfc6962 import leaves, mth
from tests.statements import refused

SIZE = 21
ENTRIES = leaves(SIZE)
HASHES = [leaf_hash(entry) for entry in ENTRIES]
READ = reader_of(HASHES)
SUBTREES = [
    (start, end) for start in range(SIZE) for end in range(start + 1, SIZE + 1)
    if is_subtree(start, end)
]  # fmt: skip
OTHER = sha256(b"other").digest()


def test_what_is_a_subtree() -> None:
    """A subtree starts at a multiple of the smallest power of two that is not below its width."""
    assert [end for end in range(1, 9) if is_subtree(4, end)] == [5, 6, 7, 8]
    assert [end for end in range(9) if is_subtree(0, end)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not is_subtree(2, 5)
    assert not is_subtree(3, 3)
    assert not is_subtree(-4, 0)
    assert not is_subtree(-1, 0)


def test_every_subtree_of_every_tree() -> None:
    """Each subtree of each tree of up to 21 leaves has a path that verifies."""
    for start, end in SUBTREES:
        part = mth(ENTRIES[start:end])
        for size in range(end, SIZE + 1):
            path = subtree_path(start, end, size, READ)
            verify_subtree(start, end, size, path, part, mth(ENTRIES[:size]))


def test_prefixes_are_consistency_proofs() -> None:
    """For a subtree that starts at 0 the path is the consistency proof of RFC 6962."""
    for end in range(1, SIZE + 1):
        for size in range(end, SIZE + 1):
            assert subtree_path(0, end, size, READ) == rfc6962.proof(end, ENTRIES[:size])


def test_single_leaves_are_inclusion_proofs() -> None:
    """For a subtree of one leaf the path is its inclusion path."""
    for index in range(SIZE):
        path = subtree_path(index, index + 1, SIZE, READ)
        assert path == inclusion_path(index, SIZE, READ)


def test_every_wrong_proof_is_refused() -> None:
    """Another run, size, root or path than the right one is refused."""
    for start, end in SUBTREES:
        size, part, root = 13, mth(ENTRIES[start:end]), mth(ENTRIES[:13])
        if end > size:
            continue
        path = subtree_path(start, end, size, READ)
        wrong = [
            (start, end, size, path, OTHER, root),
            (start, end, size, path, part, OTHER),
            (start, end, size, [*path, OTHER], part, root),
            (start + 1, end + 1, size, path, part, root),
            (start, end, end - 1, path, part, root),
        ]
        for at in range(len(path)):
            changed = [*path[:at], OTHER, *path[at + 1 :]]
            wrong.append((start, end, size, changed, part, root))
            wrong.append((start, end, size, path[:at] + path[at + 1 :], part, root))
        for case in wrong:
            with pytest.raises(VerificationError):
                verify_subtree(*case)


def test_each_fault_has_its_code() -> None:
    """No subtree, a path of another length, and another root are told apart."""
    part, root = mth(ENTRIES[4:7]), mth(ENTRIES[:13])
    path = subtree_path(4, 7, 13, READ)
    for start, end, size in ((5, 7, 13), (4, 4, 13), (4, 7, 6)):
        with refused("proof.subtree", VerificationError):
            verify_subtree(start, end, size, path, part, root)
    for wrong in ([], path[1:], [*path, OTHER]):
        with refused("proof.path-length", VerificationError):
            verify_subtree(4, 7, 13, wrong, part, root)
    for roots in ((OTHER, root), (part, OTHER)):
        with refused("proof.root-mismatch", VerificationError):
            verify_subtree(4, 7, 13, path, *roots)
    for start, end, size in ((5, 7, 13), (4, 7, 6)):
        with refused("proof.range"):
            subtree_path(start, end, size, READ)


def test_hashes_have_32_bytes() -> None:
    """Bytes cannot move from one hash into its neighbour: another length is refused."""
    left, right = HASHES[:2]
    root = node_hash(left, right)
    verify_subtree(0, 1, 2, [right], left, root)
    assert node_hash(left + right[:1], right[1:]) == root
    for path, part, whole in (
        ([right[1:]], left + right[:1], root),
        ([right], left, root + b"x"),
        ([right + b"x"], left, root),
    ):
        with refused("proof.hash-length", VerificationError):
            verify_subtree(0, 1, 2, path, part, whole)


def test_leaves_inside_a_subtree() -> None:
    """A leaf is proven at its index of the log under the subtree's own root."""
    for start, end in ((4, 7), (0, 13), (16, 21)):
        root = mth(ENTRIES[start:end])
        for index in range(start, end):
            path = rfc6962.path(index - start, ENTRIES[start:end])
            verify_subtree_inclusion(HASHES[index], index, start, end, path, root)
            with refused("proof.root-mismatch", VerificationError):
                verify_subtree_inclusion(OTHER, index, start, end, path, root)
            for outside in (start - 1, end):
                with refused("proof.index", VerificationError):
                    verify_subtree_inclusion(HASHES[index], outside, start, end, path, root)
    with refused("proof.subtree", VerificationError):
        verify_subtree_inclusion(HASHES[5], 5, 5, 7, [HASHES[6]], mth(ENTRIES[5:7]))
