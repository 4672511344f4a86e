"""Follow a tree by two ways at once where its parts disagree, and find out which way is right.

Entries lead to hashes, and tiles hold hashes. Where the two differ, the tile above decides; on the
right edge, where nothing stands above, a signed root does. So one flipped bit is blamed on the
file that holds it and on nothing else. This module refuses to read: it is handed hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from counterfoil.formats.tile import tile_path
from counterfoil.log.findings import Findings
from counterfoil.proofs.merkle import EMPTY_ROOT, root_of
from counterfoil.units import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH

__all__ = ["Blame", "StoredTile", "TreeWalk", "Truth"]

Truth = Literal["stored", "computed", ""]
"""Which hashes are right: those that a tile or table holds, those of the entries, or unknown."""

Blame = Callable[[Truth], None]
"""Told once which way was right where two disagreed."""

StoredTile = Callable[[int, int, int], list[bytes] | None]
"""`tile(level, number, width)`: the hashes that a published tile holds; None where damaged."""

_UNKNOWN: Final = bytes(HASH_BYTES)  # stands for a hash that no way leads to

_PENDING_MAX: Final = 1000

_Levels = list[list[bytes]]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A disagreement about the leaves [first, end) that is not decided yet."""

    first: int
    end: int
    blame: Blame


@dataclass(slots=True)
class _Edge:
    """The unfinished tile of every level, level 0 first."""

    levels: _Levels = field(default_factory=lambda: [[]])

    def push(self, level: int, hashes: Iterable[bytes]) -> None:
        while len(self.levels) <= level:
            self.levels.append([])
        self.levels[level].extend(hashes)

    def root(self, cut: int) -> bytes | None:
        """Compute the root with the first `cut` hashes of level 0; None where one is unknown."""
        return _root([self.levels[0][:cut], *self.levels[1:]])


class TreeWalk:
    """A tree that is followed from its first leaf to its last.

    tile: reads published tiles of level 1 and up. published: size of the published tree.
    size: leaves so far.
    """

    def __init__(self, tile: StoredTile, published: int, findings: Findings) -> None:
        self._tile, self._published, self._findings = tile, published, findings
        self._stored = _Edge()  # trusts tiles where two ways disagree
        self._computed = self._stored  # trusts entries there; the same object while none do
        self._pending: list[_Pending] = []
        self._held: dict[int, tuple[int, list[bytes] | None]] = {}  # level -> its current tile
        self.size = 0

    def extend(
        self, stored: Sequence[bytes] | None, computed: Sequence[bytes] | None, blame: Blame
    ) -> None:
        """Append leaves, which must not cross a multiple of 256.

        stored, computed: equally many hashes of 32 bytes, or None where there are none.
        blame: told who is right when both are there and differ.
        """
        count = len(stored or computed or ())
        if stored is None or computed is None or stored == computed:
            run = stored if stored is not None else computed
            self._push(0, run or (), run or ())
        else:
            self._doubt(_Pending(self.size, self.size + count, blame))
            self._push(0, stored, computed)
        self.size += count

    def extend_unknown(self, count: int) -> None:
        """Append leaves whose hashes nobody knows."""
        unknown = [_UNKNOWN] * count
        self._push(0, unknown, unknown)
        self.size += count

    def roots(self, size: int) -> list[bytes]:
        """Compute the possible roots of the first `size` leaves, of which the last tile has some.

        None where a hash is missing.
        """
        cut = size - ((self.size - 1) // TILE_WIDTH * TILE_WIDTH if self.size else 0)
        edges = [self._stored] if self._same else [self._stored, self._computed]
        return [root for edge in edges if (root := edge.root(cut)) is not None]

    def fold(self) -> None:
        """Hand the tiles that are full up to the next level. Call it after `roots`."""
        level = 0
        while len(self._stored.levels[level]) == TILE_WIDTH:
            self._complete(level)
            level += 1

    def settle(self, size: int, root: bytes) -> None:
        """Let a signed root decide what is pending; it is one of `roots(size)`."""
        if self._same or size != self.size:
            return
        cut = size - (self.size - 1) // TILE_WIDTH * TILE_WIDTH
        right: Truth = "stored" if self._stored.root(cut) == root else "computed"
        if right == "stored":
            self._computed = self._stored
        else:
            self._stored = self._computed
        self._resolve(0, self.size, _always(right))

    def close_published(self, root: bytes | None) -> None:
        """Compare the partial tiles of the published tree, whose size this is.

        root: the signed one, 32 bytes; None where no signature holds.
        """
        held: _Levels = [self._stored.levels[0]]
        for level in range(1, len(self._stored.levels)):
            accumulated = self._stored.levels[level]
            number = self.size >> (TILE_HEIGHT * (level + 1))
            tile = self._tile_at(level, number) if accumulated else None
            held.append(tile if tile is not None else accumulated)
        differing = [
            level for level in range(1, len(held)) if held[level] != self._stored.levels[level]
        ]
        if not differing:
            return
        if root is not None and _root(held) == root:
            for level in differing:
                self._blame_children(level, self.size >> (TILE_HEIGHT * (level + 1)), held[level])
            self._resolve(0, self.size, _always("stored"))
            self._stored = self._computed = _Edge(held)
            return
        for level in differing:
            number = self.size >> (TILE_HEIGHT * (level + 1))
            self._blame_tile(level, number, held[level], self._stored.levels[level])

    def finish(self) -> None:
        """Name what no signed root decided."""
        self._resolve(0, self.size, _always(""))

    @property
    def _same(self) -> bool:
        return self._stored is self._computed

    def _doubt(self, pending: _Pending) -> None:
        """Keep a disagreement until something decides it; so many at once that nothing will."""
        if len(self._pending) < _PENDING_MAX:
            self._pending.append(pending)
        else:
            pending.blame("")

    def _push(self, level: int, stored: Iterable[bytes], computed: Iterable[bytes]) -> None:
        if self._same and stored is not computed:
            self._computed = _Edge([list(hashes) for hashes in self._stored.levels])
        self._stored.push(level, stored)
        if not self._same:
            self._computed.push(level, computed)

    def _complete(self, level: int) -> None:
        """Take up a full tile of `level`: compare, decide, and hand its root to the level above."""
        number = (self.size >> (TILE_HEIGHT * (level + 1))) - 1
        ways = [self._stored.levels[level], self._computed.levels[level]]
        own = self._tile_at(level, number) if level else None
        if own is not None and len(own) < TILE_WIDTH:
            own = None  # partial when it was published, and compared then
        parent = self._parent_hash(level, number)
        agreed = ways[0] == ways[1] and own in (None, ways[0])
        if agreed and _UNKNOWN not in ways[0]:
            up = [root_of(ways[0])] * 2
        else:
            up = self._decide(level, number, own, ways, parent)
        self._stored.levels[level] = []
        if not self._same:
            self._computed.levels[level] = []
            span = TILE_WIDTH ** (level + 1)
            pending = any(p.first >= number * span for p in self._pending)
            if up[0] == up[1] and not pending and not self._differ_above(level):
                self._computed = self._stored
        one, other = [up[0]], [up[1]]
        self._push(level + 1, one, one if up[0] == up[1] else other)

    def _differ_above(self, level: int) -> bool:
        return self._stored.levels[level + 1 :] != self._computed.levels[level + 1 :]

    def _decide(
        self,
        level: int,
        number: int,
        own: list[bytes] | None,
        ways: list[list[bytes]],
        parent: bytes | None,
    ) -> list[bytes]:
        """Ask the tile above which hashes are right; returns the root by either way."""
        right: list[bytes] | None = None
        for hashes in ([own] if own is not None else []) + ways:
            if parent is not None and _UNKNOWN not in hashes and root_of(hashes) == parent:
                right = hashes
                break
        if right is not None and parent is not None:
            self._settle_tile(level, number, own, ways, right)
            return [parent, parent]
        if parent is not None and _UNKNOWN in ways[0] and own is None:
            return [parent, parent]
        if own is not None and own != ways[0]:
            start = number * TILE_WIDTH ** (level + 1)
            self._doubt(_Pending(start, self.size, self._blamer(level, number, own, ways)))
        return [_UNKNOWN if _UNKNOWN in h else root_of(h) for h in (own or ways[0], ways[1])]

    def _blamer(self, level: int, number: int, own: list[bytes], ways: list[list[bytes]]) -> Blame:
        def blame(truth: Truth) -> None:
            if truth == "stored":
                self._blame_children(level, number, own, ways)
            else:
                self._blame_tile(level, number, own, ways[1])

        return blame

    def _settle_tile(
        self,
        level: int,
        number: int,
        own: list[bytes] | None,
        ways: list[list[bytes]],
        right: list[bytes],
    ) -> None:
        """Blame whatever differs from the hashes of one tile that are known to be right."""
        span = TILE_WIDTH**level
        start = number * span * TILE_WIDTH
        if own is not None and own != right:
            self._blame_tile(level, number, own, right)

        def truth(pending: _Pending) -> Truth:
            at = slice((pending.first - start) // span, -(-(pending.end - start) // span))
            if ways[0][at] == right[at]:
                return "stored"
            return "computed" if ways[1][at] == right[at] else ""

        decided = self._resolve(start, self.size, truth)
        if own is right:
            known = {(p.first - start) // span for p in decided}
            self._blame_children(level, number, own, ways, known)

    def _resolve(self, first: int, end: int, truth: Callable[[_Pending], Truth]) -> list[_Pending]:
        decided = [p for p in self._pending if first <= p.first < end]
        self._pending = [p for p in self._pending if not first <= p.first < end]
        for pending in decided:
            pending.blame(truth(pending))
        return decided

    def _blame_tile(
        self, level: int, number: int, own: list[bytes], right: Sequence[bytes]
    ) -> None:
        pairs = enumerate(zip(own, right, strict=False))
        at = [k for k, (a, b) in pairs if a != b]
        self._findings.add(
            "audit.tile-changed",
            tile_path(level, number, len(own)),
            f"hash {at[0]} to be {right[at[0]].hex()}",
            f"{own[at[0]].hex()}" + (f", and {len(at) - 1} other hashes" if len(at) > 1 else ""),
        )

    def _blame_children(
        self,
        level: int,
        number: int,
        own: Sequence[bytes],
        ways: list[list[bytes]] | None = None,
        known: Iterable[int] = (),
    ) -> None:
        """Name the tiles below a sound tile that do not lead to its hashes."""
        ways = ways or [self._stored.levels[level], self._computed.levels[level]]
        for k, right in enumerate(own):
            if right in (ways[0][k], ways[1][k]) or k in known:
                continue
            self._findings.add(
                "audit.tile-changed",
                tile_path(level - 1, number * TILE_WIDTH + k),
                f"hashes that lead to {right.hex()}, as {tile_path(level, number, len(own))} says",
                f"hashes, and what they stand for, that lead to {ways[0][k].hex()}",
            )

    def _tile_at(self, level: int, number: int) -> list[bytes] | None:
        """Read a published tile once; None where it is damaged or not published."""
        width = min(TILE_WIDTH, (self._published >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
        if width <= 0:
            return None
        held = self._held.get(level)
        if held is None or held[0] != number:
            held = (number, self._tile(level, number, width))
            self._held[level] = held
        return held[1]

    def _parent_hash(self, level: int, number: int) -> bytes | None:
        tile = self._tile_at(level + 1, number // TILE_WIDTH)
        offset = number % TILE_WIDTH
        return tile[offset] if tile is not None and offset < len(tile) else None


def _always(truth: Truth) -> Callable[[_Pending], Truth]:
    return lambda _: truth


def _root(levels: _Levels) -> bytes | None:
    carry: list[bytes] = []
    for hashes in levels:
        if _UNKNOWN in hashes:
            return None
        if hashes or carry:
            carry = [root_of([*hashes, *carry])]
    return carry[0] if carry else EMPTY_ROOT
