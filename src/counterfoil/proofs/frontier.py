"""Grow a history tree without keeping it: only the complete subtrees on its right edge.

The sequencer holds one frontier for the whole log: at most 63 hashes, whatever its size. This
module refuses to shrink: a frontier only ever grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from counterfoil.errors import InputError
from counterfoil.proofs.merkle import EMPTY_ROOT, node_hash
from counterfoil.units import HASH_BYTES

__all__ = ["Frontier"]


class Frontier:
    r"""The right edge of a tree: one complete subtree per set bit of its size.

    size: number of leaves. hashes: 32 bytes each, largest subtree first.
    Source: RFC 9162, 2.1.1; "compact range" in the transparency-log literature.

    >>> frontier = Frontier()
    >>> frontier.extend([sha256(b"\x00a").digest()])
    >>> frontier.size
    1
    """

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Take up a frontier that was saved.

        Raises InputError with code frontier.shape when the number of hashes is not the number
        of set bits of `size`, or a hash is not 32 bytes.
        """
        if size < 0 or len(hashes) != size.bit_count() or {len(h) for h in hashes} - {HASH_BYTES}:
            raise InputError(
                "frontier.shape",
                f"expected {max(size, 0).bit_count()} hashes of 32 bytes for size {size}, "
                f"found {len(hashes)}",
            )
        self.size = size
        levels = [level for level in range(size.bit_length()) if size >> level & 1]
        self._nodes = dict(zip(levels, reversed(hashes), strict=True))

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The complete subtrees' hashes, largest first, 32 bytes each."""
        return tuple(self._nodes[level] for level in sorted(self._nodes, reverse=True))

    def copy(self) -> Frontier:
        """Make an independent copy, so that a failed commit can be forgotten."""
        other = Frontier.__new__(Frontier)
        other.size, other._nodes = self.size, dict(self._nodes)
        return other

    def extend(self, leaf_hashes: Sequence[bytes]) -> None:
        """Append leaves in order; leaf_hashes: 32 bytes each. About one SHA-256 a leaf."""
        nodes, position, level = list(leaf_hashes), self.size, 0
        self.size += len(nodes)
        edge = self._nodes
        while nodes:
            if position & 1:
                nodes.insert(0, edge.pop(level))
            if len(nodes) & 1:
                edge[level] = nodes.pop()
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            position >>= 1
            level += 1

    def root(self) -> bytes:
        """Compute the root of the tree so far, 32 bytes."""
        root = b""
        for level in sorted(self._nodes):
            node = self._nodes[level]
            root = node_hash(node, root) if root else node
        return root or EMPTY_ROOT
