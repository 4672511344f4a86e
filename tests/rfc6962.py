"""RFC 6962, 2.1, word for word: slow, recursive, and nothing that could be clever and wrong.

The tests hold the real tree against this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

__all__ = ["leaves", "mth", "path", "proof", "subproof"]


def leaves(count: int) -> list[bytes]:
    """Make entries that differ."""
    return [b"entry %d" % number for number in range(count)]


def _split(count: int) -> int:
    """Find k, the largest power of two smaller than n: k < n <= 2k."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    """Merkle Tree Hash of the entries D[n]."""
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = _split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    """Merkle audit path PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = _split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Sequence[bytes]) -> list[bytes]:
    """Merkle consistency proof PROOF(m, D[n])."""
    return subproof(m, d, True)


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b)."""
    if m == len(d):
        return [] if b else [mth(d)]
    k = _split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]
