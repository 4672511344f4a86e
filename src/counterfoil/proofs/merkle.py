"""Check and build proofs over the history tree of RFC 9162 (the same tree as RFC 6962).

Verifiers take primitives and raise; they never return False, since a forgotten `if` must not
pass. Builders take a `read(level, index)` function, so that the same code proves from a list,
from tiles on disk or from a remote log. This module refuses to fetch or store anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

from counterfoil.errors import InputError, VerificationError
from counterfoil.units import HASH_BYTES

__all__ = [
    "EMPTY_ROOT",
    "NodeReader",
    "consistency_path",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "reader_of",
    "root_from_inclusion",
    "root_of",
    "root_of_range",
    "verify_consistency",
    "verify_inclusion",
]

NodeReader = Callable[[int, int], bytes]
"""`read(level, index)`: the hash of the complete subtree of 2^level leaves that starts at leaf
index * 2^level; 32 bytes."""

EMPTY_ROOT: Final = sha256().digest()
"""Root of the tree without leaves (RFC 9162, 2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry to its leaf: SHA-256(0x00 || entry), 32 bytes.

    Source: RFC 9162, 2.1.1.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees to their parent: SHA-256(0x01 || left || right), 32 bytes.

    Source: RFC 9162, 2.1.1.
    """
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Compute the root over leaf hashes in order.

    leaf_hashes: 32 bytes each, any number. Returns 32 bytes; `EMPTY_ROOT` for none.
    Raises InputError with code proof.hash-length. Source: RFC 9162, 2.1.1.
    """
    level = list(leaf_hashes)
    for digest in level:
        if len(digest) != HASH_BYTES:
            raise InputError("proof.hash-length", f"expected 32-byte hashes, found {len(digest)}")
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0]


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf_hash` stands at `index` in the tree of `size` leaves under `root`.

    leaf_hash, root, path[i]: 32 bytes; 0 <= index < size.
    Raises VerificationError with code proof.index, proof.hash-length, proof.path-length or
    proof.root-mismatch. Source: RFC 9162, 2.1.3.2.
    """
    _require_hashes(root)
    computed = root_from_inclusion(leaf_hash, index, size, path)
    if computed != root:
        raise _mismatch(root, computed)


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Compute the root that an inclusion path leads to, 32 bytes.

    Arguments, errors and source as for `verify_inclusion`; the caller compares the root.
    """
    if not 0 <= index < size:
        raise VerificationError(
            "proof.index", f"expected an index below the size {size}, found {index}"
        )
    _require_hashes(leaf_hash, *path)
    node, last = index, size - 1
    computed = leaf_hash
    for sibling in path:
        if last == 0:
            raise _path_length(path)
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise _path_length(path)
    return computed


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of `new_size` leaves extends the tree of `old_size` leaves.

    0 <= old_size <= new_size; roots and path[i]: 32 bytes. An old size of 0 is extended by
    anything, so its root must be `EMPTY_ROOT` and the path empty; equal sizes need equal roots
    and an empty path.
    Raises VerificationError with code proof.size, proof.hash-length, proof.path-length or
    proof.root-mismatch. Source: RFC 9162, 2.1.4.2.
    """
    if not 0 <= old_size <= new_size:
        raise VerificationError(
            "proof.size", f"expected an old size of at most {new_size}, found {old_size}"
        )
    _require_hashes(old_root, new_root, *path)
    if old_size in (0, new_size):
        if path:
            raise _path_length(path)
        if old_size == 0 and old_root != EMPTY_ROOT:
            raise _mismatch(EMPTY_ROOT, old_root)
        if old_size == new_size and old_root != new_root:
            raise _mismatch(new_root, old_root)
        return
    old_computed, new_computed = _roots_from_consistency(old_size, new_size, old_root, path)
    if old_computed != old_root:
        raise _mismatch(old_root, old_computed)
    if new_computed != new_root:
        raise _mismatch(new_root, new_computed)


def _roots_from_consistency(
    old_size: int, new_size: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    hashes = list(path)
    if old_size & (old_size - 1) == 0:  # a power of two: its root is the first node itself
        hashes.insert(0, old_root)
    if not hashes:
        raise _path_length(path)
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise _path_length(path)
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise _path_length(path)
    return old, new


def root_of_range(start: int, end: int, read: NodeReader) -> bytes:
    """Compute the root over leaves [start, end) from complete subtrees.

    start must be a multiple of the smallest power of two >= end - start, so that the range is
    one subtree; start < end. Returns 32 bytes; raises InputError with code proof.range.
    """
    width = end - start
    if width <= 0 or start < 0 or start & ((1 << (width - 1).bit_length()) - 1):
        raise InputError("proof.range", f"expected an aligned range, found [{start}, {end})")
    root = b""
    while end > start:  # complete subtrees from right to left, smallest first
        level = (end & -end).bit_length() - 1 if end else 0
        level = min(level, (end - start).bit_length() - 1)
        node = read(level, (end >> level) - 1)
        root = node_hash(node, root) if root else node
        end -= 1 << level
    return root


def inclusion_path(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Build the inclusion path of leaf `index` in the tree of `size` leaves.

    0 <= index < size. Returns hashes from the leaf's sibling up, 32 bytes each, at most 63.
    Raises InputError with code proof.index. Source: RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < size:
        raise InputError("proof.index", f"expected an index below the size {size}, found {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if index < split:
            path.append(root_of_range(split, end, read))
            end = split
        else:
            path.append(root_of_range(start, split, read))
            start = split
    return path[::-1]


def consistency_path(old_size: int, new_size: int, read: NodeReader) -> list[bytes]:
    """Build the proof that the tree of `new_size` leaves extends that of `old_size`.

    0 <= old_size <= new_size. Returns hashes, 32 bytes each; none where a size is 0 or both
    are equal. Raises InputError with code proof.size. Source: RFC 9162, 2.1.4.1.
    """
    if not 0 <= old_size <= new_size:
        raise InputError("proof.size", f"expected an old size up to {new_size}, found {old_size}")
    if old_size in (0, new_size):
        return []
    path: list[bytes] = []
    start, end = 0, new_size
    whole = True  # the old tree is still one complete subtree of what is left
    while old_size != end:
        split = start + _largest_power_below(end - start)
        if old_size <= split:
            path.append(root_of_range(split, end, read))
            end = split
        else:
            path.append(root_of_range(start, split, read))
            start = split
            whole = False
    if not whole:
        path.append(root_of_range(start, end, read))
    return path[::-1]


def reader_of(leaf_hashes: Sequence[bytes]) -> NodeReader:
    """Make a reader over leaf hashes that are in memory; each node is computed once.

    leaf_hashes: 32 bytes each. Meant for batches and blocks, not for whole logs.
    """
    levels: list[list[bytes]] = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])

    def read(level: int, index: int) -> bytes:
        return levels[level][index]

    return read


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def _require_hashes(*hashes: bytes) -> None:
    for digest in hashes:
        if len(digest) != HASH_BYTES:
            raise VerificationError(
                "proof.hash-length", f"expected hashes of 32 bytes, found one of {len(digest)}"
            )


def _path_length(path: Sequence[bytes]) -> VerificationError:
    return VerificationError(
        "proof.path-length", f"expected another number of hashes in the path, found {len(path)}"
    )


def _mismatch(expected: bytes, computed: bytes) -> VerificationError:
    return VerificationError(
        "proof.root-mismatch",
        f"expected the root {expected.hex()}, but the proof leads to {computed.hex()}",
        hint="The entry, the proof or the checkpoint was changed, or they belong to other logs.",
    )
