"""Prove that one key signed two histories of a log, and check such a proof with nothing at hand.

Two signed checkpoints convict their log when no append-only tree can have both: one size and two
roots; two sizes and an entry that differs (`fork`); or two sizes where the larger tree, at the
size of the smaller, had another root (`prefix`). The last needs only the larger tree's tiles, so
whoever holds two notes and can reach one history can convict.

A larger checkpoint and a smaller one that was served later are no proof: old checkpoints stay
true, and a cache may serve one. This module refuses to call that evidence, to take anybody's word,
and to answer False: what is no proof, it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import evidence, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.evidence import EvidenceBundle
from counterfoil.formats.note import Note
from counterfoil.formats.predicates import ForkPoint, OtherPrefix
from counterfoil.formats.vkey import VerifierKey, format_vkey, parse_vkey
from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    NodeReader,
    consistency_path,
    inclusion_path,
    root_of_range,
    verify_consistency,
    verify_inclusion,
)
from counterfoil.proofs.trust import open_note

__all__ = ["Equivocated", "check_pair", "find_fork", "make", "root_at", "verify"]

Way = Literal["same-size", "fork", "prefix"]


@dataclass(frozen=True, slots=True)
class Equivocated:
    """What evidence proved: `key` signed `first` and `second`, and they exclude each other.

    way: `same-size` (two roots), `fork` (two entries at `index`), or `prefix` (the larger tree
    never had the smaller one's root). index: of the entry, for a fork.
    """

    key: VerifierKey
    first: Checkpoint
    second: Checkpoint
    way: Way
    index: int | None


def root_at(size: int, read: NodeReader) -> bytes:
    """Compute the root that a tree had when it had `size` leaves, 32 bytes.

    read: nodes of a tree of at least that many leaves.
    """
    return root_of_range(0, size, read) if size else EMPTY_ROOT


def find_fork(size: int, first: NodeReader, second: NodeReader) -> int | None:
    """Find the first leaf in which two trees differ, below `size`; None when there is none.

    size: of the smaller tree, or less. Reads at most 64 + 2 * 63 nodes of each tree: complete
    subtrees from left to right, then halves of the first that differs.
    Raises what the readers raise.
    """
    start = 0
    for level in reversed(range(size.bit_length())):
        if not size >> level & 1:
            continue
        index = start >> level
        if first(level, index) != second(level, index):
            while level:
                level, index = level - 1, index * 2
                if first(level, index) == second(level, index):
                    index += 1
            return index
        start += 1 << level
    return None


def make(
    key: VerifierKey,
    first: bytes,
    second: bytes,
    first_nodes: NodeReader | None = None,
    second_nodes: NodeReader | None = None,
) -> EvidenceBundle:
    """Turn two signed checkpoints into evidence, checked before it is returned.

    key: of the log that signed both. first, second: their notes. first_nodes, second_nodes: read
    the nodes of the tree under each, where its tiles are at hand: none are needed where the sizes
    are equal, those of the larger tree suffice otherwise, and both name the entry that differs.
    Raises InputError with code evidence.no-tiles where nodes of the larger tree are needed and
    missing; VerificationError with code evidence.consistent where the trees extend each other,
    and as `verify`, also where a reader gave nodes of another tree.
    """
    sides = sorted(
        ((_parse(first), first, first_nodes), (_parse(second), second, second_nodes)),
        key=lambda side: (side[0].size, side[0].root),
    )
    (small, small_note, small_nodes), (large, large_note, large_nodes) = sides
    fork = prefix = None
    if small.size != large.size:
        if large_nodes is None:
            raise InputError(
                "evidence.no-tiles",
                f"expected tiles of the tree of {large.size} entries, got none",
                hint="Two checkpoints of two sizes prove nothing by themselves: find a mirror.",
            )
        fork = _fork(small, large, small_nodes, large_nodes)
        prefix = None if fork is not None else _prefix(small, large, large_nodes)
    bundle = EvidenceBundle(
        origin=small.origin,
        vkey=format_vkey(key),
        first=_stripped(small_note, key),
        second=_stripped(large_note, key),
        fork=fork,
        prefix=prefix,
    )
    verify(evidence.format(bundle))
    return bundle


def verify(data: bytes | EvidenceBundle) -> Equivocated:
    """Check evidence, offline and without trusting whoever made it.

    data: a bundle, or its bytes. The caller decides whether the key that it convicts is one that
    matters to it.
    Raises InputError when it cannot be read; VerificationError with code evidence.signatures,
    evidence.origin, evidence.same-checkpoint, evidence.no-fork, evidence.extra,
    evidence.same-leaf or evidence.same-prefix, or as `open_note`, `verify_inclusion` and
    `verify_consistency`.
    """
    bundle = evidence.parse(data) if isinstance(data, bytes) else data
    key = parse_vkey(bundle.vkey)
    first, second = bundle.first.encode(), bundle.second.encode()
    for signed in (first, second):
        count = len(note.parse(signed).signatures)
        if count != 1:  # a line that nobody checks would be a place to write anything
            raise VerificationError(
                "evidence.signatures",
                f"expected one signature on each checkpoint, got {count}",
                hint="Evidence holds the convicted key's signature and no other.",
            )
    return check_pair(key, bundle.origin, first, second, bundle.fork, bundle.prefix)


def check_pair(
    key: VerifierKey,
    origin: str,
    first: bytes,
    second: bytes,
    fork: ForkPoint | None = None,
    prefix: OtherPrefix | None = None,
) -> Equivocated:
    """Check that two notes, which may carry more signatures, are by `key` and exclude each other.

    origin: of the log; the key bears its name. Raises VerificationError as `verify` does.
    """
    one, two = _parse(first), _parse(second)
    for signed in (first, second):
        open_note(signed, [key])
    if {one.origin, two.origin, key.name} != {origin}:
        raise VerificationError(
            "evidence.origin",
            f"expected two checkpoints of {origin!a} under its own key, "
            f"got {one.origin!a} and {two.origin!a} under {key.name!a}",
            hint="Two logs may differ: only two checkpoints of one log are evidence.",
        )
    if one == two:
        raise VerificationError(
            "evidence.same-checkpoint",
            f"expected two checkpoints, got size {one.size} and its root twice",
            hint="A checkpoint that was signed again, or cosigned by others, is the same.",
        )
    if fork is not None and prefix is not None:
        raise VerificationError(
            "evidence.extra", "expected a fork or a prefix, got both", hint="One proof is enough."
        )
    if fork is not None:
        _check_fork(one, two, fork)
        return Equivocated(key, one, two, "fork", fork.index)
    if one.size == two.size and prefix is None:
        return Equivocated(key, one, two, "same-size", None)
    if prefix is None or one.size == two.size:
        raise VerificationError(
            "evidence.no-fork",
            f"expected proof that sizes {one.size} and {two.size} exclude each other, got none",
            hint="A larger checkpoint and an older, smaller one can both be true.",
        )
    small, large = (one, two) if one.size < two.size else (two, one)
    _check_prefix(small, large, prefix)
    return Equivocated(key, one, two, "prefix", None)


def _check_fork(one: Checkpoint, two: Checkpoint, fork: ForkPoint) -> None:
    if fork.first_leaf == fork.second_leaf:
        raise VerificationError(
            "evidence.same-leaf",
            f"expected two leaves at index {fork.index}, got one twice",
            hint="Two trees that share an entry may be one log.",
        )
    sides = ((one, fork.first_leaf, fork.first_path), (two, fork.second_leaf, fork.second_path))
    for tree, leaf, path in sides:
        hashes = [bytes.fromhex(digest) for digest in path]
        verify_inclusion(bytes.fromhex(leaf), fork.index, tree.size, hashes, tree.root)


def _check_prefix(small: Checkpoint, large: Checkpoint, prefix: OtherPrefix) -> None:
    root = bytes.fromhex(prefix.root)
    if root == small.root:
        raise VerificationError(
            "evidence.same-prefix",
            f"expected the larger tree to have had another root at size {small.size}, got the same",
            hint="The larger checkpoint extends the smaller one: nothing is wrong.",
        )
    hashes = [bytes.fromhex(digest) for digest in prefix.path]
    verify_consistency(small.size, large.size, root, large.root, hashes)


def _fork(
    small: Checkpoint, large: Checkpoint, first: NodeReader | None, second: NodeReader
) -> ForkPoint | None:
    """Prove the first entry that differs; None where the smaller tree's own nodes are missing."""
    if first is None or root_at(small.size, first) != small.root:
        return None
    index = find_fork(small.size, first, second)
    if index is None:
        raise _consistent(small, large)
    leaves = first(0, index).hex(), second(0, index).hex()
    paths = inclusion_path(index, small.size, first), inclusion_path(index, large.size, second)
    return ForkPoint(index, leaves[0], _hex(paths[0]), leaves[1], _hex(paths[1]))


def _prefix(small: Checkpoint, large: Checkpoint, nodes: NodeReader) -> OtherPrefix:
    root = root_at(small.size, nodes)
    if root == small.root:
        raise _consistent(small, large)
    return OtherPrefix(root.hex(), _hex(consistency_path(small.size, large.size, nodes)))


def _consistent(small: Checkpoint, large: Checkpoint) -> VerificationError:
    return VerificationError(
        "evidence.consistent",
        f"expected two histories, got {large.size} entries that begin with the {small.size}",
        hint="The log grew, as it should: there is nothing to prove.",
    )


def _stripped(signed: bytes, key: VerifierKey) -> str:
    """Leave only the key's own signature on a note: others prove nothing here."""
    opened = note.parse(signed)
    own = [line for line in opened.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not own:
        raise VerificationError(
            "evidence.signatures",
            f"expected a signature of key {key.key_id.hex()} on each checkpoint, got none",
            hint="Evidence convicts one key, which signed both.",
        )
    return note.format(Note(opened.text, tuple(own[:1]))).decode()


def _parse(signed: bytes) -> Checkpoint:
    return checkpoints.parse(note.parse(signed).text)


def _hex(path: list[bytes]) -> tuple[str, ...]:
    return tuple(digest.hex() for digest in path)
