"""The tree agrees with pymerkle, an implementation that shares no line with ours."""

from __future__ import annotations

from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import VerificationError
from counterfoil.proofs.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    reader_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.rfc6962 import leaves

COUNT = 130
ENTRIES = leaves(COUNT)
HASHES = [leaf_hash(entry) for entry in ENTRIES]
READ = reader_of(HASHES)
TREE = pymerkle.InmemoryTree.init_from_entries(ENTRIES)


def as_rfc_9162(proof: Any) -> list[bytes]:
    """Turn a consistency proof of pymerkle into the path of RFC 9162.

    It opens what is new on the right down to the first leaf, where the RFC takes one node; and it
    names the old tree's root, which the RFC leaves out.
    """
    if proof.prior_size == proof.size:
        return []
    path, node, at = list(proof.path), proof.path[0], 1
    if not proof.subset[0]:
        while not proof.subset[at]:
            pair = (path[at], node) if proof.rule[at - 1] else (node, path[at])
            node = node_hash(*pair)
            at += 1
        path = [path[at], node, *path[at + 1 :]]
    return path[1:] if proof.prior_size.bit_count() == 1 else path


def test_roots() -> None:
    """Both compute one root for each of 0 to 130 leaves."""
    for size in range(COUNT + 1):
        assert TREE.get_root(size) == root_of(HASHES[:size])


@given(st.integers(1, COUNT).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_inclusion_both_ways(case: tuple[int, int]) -> None:
    """Our paths verify there, theirs verify here, and they are equal."""
    index, size = case
    root = root_of(HASHES[:size])
    theirs = TREE.prove_inclusion(index + 1, size)
    ours = inclusion_path(index, size, READ)
    assert theirs.path == [HASHES[index], *ours]
    verify_inclusion(HASHES[index], index, size, theirs.path[1:], TREE.get_root(size))
    theirs.path = [HASHES[index], *ours]
    pymerkle.verify_inclusion(HASHES[index], root, theirs, index=index + 1, size=size)


@given(st.integers(1, COUNT).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_consistency_both_ways(case: tuple[int, int]) -> None:
    """Our roots verify under their proof, their proof under ours, and the paths are equal."""
    old, new = case
    old_root, new_root = root_of(HASHES[:old]), root_of(HASHES[:new])
    theirs = TREE.prove_consistency(old, new)
    pymerkle.verify_consistency(old_root, new_root, theirs, prior_size=old, later_size=new)
    path = as_rfc_9162(theirs)
    assert path == consistency_path(old, new, READ)
    verify_consistency(old, new, TREE.get_root(old), TREE.get_root(new), path)


@given(st.integers(2, COUNT).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))),
       st.data())  # fmt: skip
def test_both_refuse_a_changed_path(case: tuple[int, int], data: st.DataObject) -> None:
    """A changed hash in a path is refused by both."""
    index, size = case
    path = inclusion_path(index, size, READ)
    at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
    path[at] = (int.from_bytes(path[at], "big") ^ 1 << bit).to_bytes(32, "big")
    theirs = TREE.prove_inclusion(index + 1, size)
    theirs.path = [HASHES[index], *path]
    root = root_of(HASHES[:size])
    with pytest.raises(pymerkle.InvalidProof):
        pymerkle.verify_inclusion(HASHES[index], root, theirs)
    with pytest.raises(VerificationError):
        verify_inclusion(HASHES[index], index, size, path, root)
