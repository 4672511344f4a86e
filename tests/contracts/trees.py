"""Trees to prove things about: small ones of many leaves, and huge ones that need no memory."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Final

from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    reader_of,
    root_of,
    root_of_range,
)

__all__ = [
    "HASHES",
    "HugeTree",
    "consistency",
    "inclusion",
    "root",
]

HASHES: Final = [leaf_hash(b"%d" % index) for index in range(80)]
_READ: Final = reader_of(HASHES)


@cache
def root(size: int) -> bytes:
    """Give the root over the first `size` of `HASHES`."""
    return root_of(HASHES[:size])


@cache
def consistency(old: int, new: int) -> list[bytes]:
    """Give the consistency proof between two sizes of the small tree."""
    return consistency_path(old, new, _READ)


@cache
def inclusion(index: int, size: int) -> list[bytes]:
    """Give the inclusion path of a leaf of the small tree."""
    return inclusion_path(index, size, _READ)


class HugeTree:
    """A tree of up to 2^63 leaves that is only there where somebody looks.

    cuts: sizes and leaf indices that will be asked for. A complete subtree without a cut inside
    is a made-up hash; one with a cut is computed from its halves, so that all proofs agree.
    """

    def __init__(self, *cuts: int) -> None:
        self._cuts = sorted({*cuts, *(cut + 1 for cut in cuts)})

    def node(self, level: int, index: int) -> bytes:
        """Give the hash of a complete subtree, as `NodeReader` asks."""
        start, end = index << level, (index + 1) << level
        if any(start < cut < end for cut in self._cuts):
            return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
        return sha256(b"subtree %d %d" % (level, index)).digest()

    def root(self, size: int) -> bytes:
        """Give the root over the first `size` leaves."""
        return root_of_range(0, size, self.node) if size else EMPTY_ROOT

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Give the consistency proof between two of the cuts."""
        return consistency_path(old, new, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Give the inclusion path of a leaf that is a cut."""
        return inclusion_path(index, size, self.node)

    def leaf(self, index: int) -> bytes:
        """Give the hash of a leaf that is a cut."""
        return self.node(0, index)
