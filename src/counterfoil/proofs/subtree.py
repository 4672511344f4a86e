"""Prove that a subtree belongs to a tree: the ground on which ML-DSA subtree signatures stand.

A subtree is the run of leaves [start, end) whose start is a multiple of the smallest power of two
that is not below its width. This module refuses unaligned runs: their root is no node's hash.
"""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.errors import InputError, VerificationError
from counterfoil.proofs.merkle import NodeReader, node_hash, root_of_range, verify_inclusion
from counterfoil.units import HASH_BYTES

__all__ = ["is_subtree", "subtree_path", "verify_subtree", "verify_subtree_inclusion"]


def is_subtree(start: int, end: int) -> bool:
    """Tell whether leaves [start, end) are one subtree; 0 <= start < end.

    Source: draft-ietf-plants-merkle-tree-certs, "Subtrees".
    """
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_inclusion(
    leaf_hash: bytes, index: int, start: int, end: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf stands at `index` of a log, inside the subtree [start, end) under `root`.

    leaf_hash, root, path[i]: 32 bytes; start <= index < end.
    Raises VerificationError with code proof.subtree, or as `verify_inclusion`.
    """
    if not is_subtree(start, end):
        raise _not_a_subtree(start, end)
    verify_inclusion(leaf_hash, index - start, end - start, path, root)


def subtree_path(start: int, end: int, size: int, read: NodeReader) -> list[bytes]:
    """Build the proof that subtree [start, end) belongs to the tree of `size` leaves.

    Returns hashes, 32 bytes each, leaf side first. Raises InputError with code proof.range.
    Source: draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs".
    """
    if not is_subtree(start, end) or end > size:
        raise InputError(
            "proof.range", f"expected a subtree within {size} leaves, found [{start}, {end})"
        )
    path: list[bytes] = []
    low, high, known = 0, size, True
    while (start, end) != (low, high):
        split = low + _split(high - low)
        if end <= split:
            path.append(root_of_range(split, high, read))
            high = split
        else:
            path.append(root_of_range(low, split, read))
            low = split
            if start < split:  # the subtree spans the split, so its left part is this node
                start, known = split, False
    if not known:
        path.append(root_of_range(low, high, read))
    return path[::-1]


def verify_subtree(
    start: int, end: int, size: int, path: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """Check that subtree [start, end) with `subtree_root` belongs to the tree under `root`.

    roots and path[i]: 32 bytes. Raises VerificationError with code proof.subtree,
    proof.hash-length, proof.path-length or proof.root-mismatch.
    Source: draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs".
    """
    if not is_subtree(start, end) or end > size:
        raise _not_a_subtree(start, end)
    for digest in (subtree_root, root, *path):
        if len(digest) != HASH_BYTES:  # else bytes could move from one hash into its neighbour
            raise VerificationError(
                "proof.hash-length", f"expected hashes of 32 bytes, found one of {len(digest)}"
            )
    steps, known = _descend(start, end, size)
    hashes = list(path)
    if len(hashes) != len(steps) + (not known):
        raise VerificationError(
            "proof.path-length",
            f"expected {len(steps) + (not known)} hashes in the path, found {len(hashes)}",
        )
    small = large = subtree_root if known else hashes.pop(0)
    for step, sibling in zip(reversed(steps), hashes, strict=True):
        if step == "right":
            large = node_hash(large, sibling)
        else:
            large = node_hash(sibling, large)
            if step == "inside":
                small = node_hash(sibling, small)
    if small != subtree_root or large != root:
        raise VerificationError(
            "proof.root-mismatch",
            f"expected the roots {subtree_root.hex()} and {root.hex()}, "
            f"but the proof leads to {small.hex()} and {large.hex()}",
        )


def _descend(start: int, end: int, size: int) -> tuple[list[str], bool]:
    """Name each step from the root: the sibling is `right`, `left`, or `inside` the subtree."""
    steps: list[str] = []
    low, high, known = 0, size, True
    while (start, end) != (low, high):
        split = low + _split(high - low)
        if end <= split:
            steps.append("right")
            high = split
        elif start >= split:
            steps.append("left")
            low = split
        else:
            steps.append("inside")
            low = start = split
            known = False
    return steps, known


def _split(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)


def _not_a_subtree(start: int, end: int) -> VerificationError:
    return VerificationError("proof.subtree", f"expected a subtree, found [{start}, {end})")
