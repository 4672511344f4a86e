"""Follow a tree's right edge tile by tile: what publishing writes, and what start-up checks.

Separate from the sequencer's frontier on purpose: both compute the root by their own way, and a
checkpoint is published only where they agree. This module refuses to read or write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from counterfoil.proofs.merkle import EMPTY_ROOT, root_of
from counterfoil.units import TILE_HEIGHT, TILE_WIDTH

__all__ = ["HashTile", "TileEdge"]


@dataclass(frozen=True, slots=True)
class HashTile:
    """A tile of hashes: its level, its number in the level, and 1 to 256 hashes of 32 bytes."""

    level: int
    number: int
    hashes: Sequence[bytes]


class TileEdge:
    """The unfinished tile of every level, for a tree of `size` leaves.

    levels: for each level the hashes of its last, partial tile; none where the last is full.
    """

    __slots__ = ("levels", "size")

    def __init__(self, size: int = 0, levels: Iterable[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.levels = [list(hashes) for hashes in levels]

    def copy(self) -> TileEdge:
        """Make an independent copy."""
        return TileEdge(self.size, self.levels)

    def extend(self, leaf_hashes: Sequence[bytes]) -> Iterator[HashTile]:
        """Append leaves and yield each tile that becomes full, level 0 first.

        leaf_hashes: 32 bytes each. Nothing is appended until the iterator is used up.
        """
        at = 0
        while at < len(leaf_hashes):
            room = TILE_WIDTH - len(self._level(0))
            run = leaf_hashes[at : at + room]
            self._level(0).extend(run)
            self.size += len(run)
            at += len(run)
            yield from self._fill(0)

    def root(self) -> bytes:
        """Compute the root from the tiles, 32 bytes."""
        carry: list[bytes] = []
        for hashes in self.levels:
            if hashes or carry:
                carry = [root_of([*hashes, *carry])]
        return carry[0] if carry else EMPTY_ROOT

    def partials(self) -> Iterator[HashTile]:
        """Yield the partial tile of every level that has one."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                number = self.size >> (TILE_HEIGHT * (level + 1))
                yield HashTile(level, number, tuple(hashes))

    def _level(self, level: int) -> list[bytes]:
        while len(self.levels) <= level:
            self.levels.append([])
        return self.levels[level]

    def _fill(self, level: int) -> Iterator[HashTile]:
        hashes = self._level(level)
        if len(hashes) < TILE_WIDTH:
            return
        number = (self.size >> (TILE_HEIGHT * (level + 1))) - 1
        yield HashTile(level, number, tuple(hashes))
        self._level(level + 1).append(root_of(hashes))
        hashes.clear()
        yield from self._fill(level + 1)
