"""Read another party's tiles so that each is proven before it is used.

The last tile of every level leads to the signed root; every other tile's root stands in the tile
above it. So a wrong tile is named when it is read, wherever it came from, and what is proven can
be put in its place at once. This module refuses to return what does not lead to the root.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats import bundle
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, level_shapes, tile_path, width_at
from counterfoil.log.edge import TileEdge
from counterfoil.proofs.merkle import NodeReader, leaf_hash, node_hash, root_of
from counterfoil.units import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH

__all__ = ["ProvenTiles", "ReadTile"]

ReadTile = Callable[[str], bytes | None]
"""Reads what stands at a C2SP path, unproven; None where nothing does."""

_CACHED: Final = 512  # 33 KB each: 16 MB

_Hashes = tuple[bytes, ...]


class ProvenTiles:
    """The tree under one checkpoint, whose signatures the caller has checked.

    read: tiles of any party. own: tiles that are at hand, asked first and proven all the same.
    where: what to call the party in errors. Raises VerificationError with code source.tiles when
    the last tiles do not lead to the root, and what `read` raises.
    """

    def __init__(
        self, tree: Checkpoint, read: ReadTile, where: str, own: ReadTile | None = None
    ) -> None:
        self.tree, self._where = tree, where
        self._reads = (read,) if own is None else (own, read)
        self._from = where
        self._edge = self._load_edge()
        self._tile = lru_cache(_CACHED)(self._load_tile)
        self._levels = lru_cache(_CACHED)(self._load_levels)

    def hashes(self, level: int, number: int) -> _Hashes:
        """Read a tile as wide as it is in this tree, proven; 1 to 256 hashes of 32 bytes.

        Raises VerificationError with code source.tile where nobody has the right one.
        """
        return self._tile(level, number)

    def nodes(self) -> NodeReader:
        """Make a reader of the tree's nodes; it raises as `hashes` does."""

        def read(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            number, offset = divmod(index, TILE_WIDTH >> height)
            return self._levels(tile_level, number)[height][offset]

        return read

    def entries(self, number: int, data: bytes | None) -> tuple[list[bytes], list[bytes]]:
        """Check a bundle; returns its entries and leaf hashes, as many as this tree has.

        data: what `bundle_bytes` read. Raises VerificationError with code source.entries.
        """
        width = width_at(0, number, self.tree.size)
        path = entries_path(number, width)
        try:
            found = bundle.parse(data or b"")[:width]
        except CounterfoilError as err:
            raise self._wrong_bundle(path, err.message if data else "none") from err
        leaves = list(map(leaf_hash, found))
        if width == TILE_WIDTH:
            good = len(leaves) == width and root_of(leaves) == self._root_above(0, number)
        else:
            good = tuple(leaves) == self.hashes(0, number)
        if not good:
            raise self._wrong_bundle(path, "other entries")
        return found, leaves

    def bundle_bytes(self, number: int, *, fresh: bool = False) -> bytes | None:
        """Read a bundle, unproven: the one of this tree's width, or the full one after it.

        fresh: not from what is at hand, which turned out to be damaged.
        """
        width = width_at(0, number, self.tree.size)
        for read in self._reads[-1:] if fresh else self._reads:
            for path in _names(entries_path(number, width), entries_path(number)):
                data = read(path)
                if data is not None:
                    return data
        return None

    def _load_edge(self) -> dict[int, _Hashes]:
        """Read the last tile of every level, and check that together they lead to the root."""
        shapes = [shape for shape in level_shapes(self.tree.size) if shape.partial]
        for read in self._reads:
            edge = {}
            for shape in shapes:
                found = _read_hashes(read, shape.level, shape.full, shape.partial)
                if found is None:
                    break
                edge[shape.level] = found
            else:
                height = max(edge, default=-1) + 1
                levels = [edge.get(level, ()) for level in range(height)]
                if TileEdge(self.tree.size, levels).root() == self.tree.root:
                    return edge
        raise VerificationError(
            "source.tiles",
            f"expected the last tiles of {self._where} to lead to the signed root "
            f"{self.tree.root.hex()} of {self.tree.size} entries, found missing or other ones",
            hint="The server is out of order, or lies: try again later, or another mirror.",
        )

    def _load_tile(self, level: int, number: int) -> _Hashes:
        width = width_at(level, number, self.tree.size)
        if width < TILE_WIDTH:
            return self._edge[level]
        above = self._root_above(level, number)
        for read in self._reads:
            found = _read_hashes(read, level, number, width)
            if found is not None and root_of(found) == above:
                return found
        raise VerificationError(
            "source.tile",
            f"expected {tile_path(level, number)} of {self._where} to stand under the signed "
            f"root, found {'none' if found is None else 'another'}",
            hint="The server is out of order, or lies: try again later, or another mirror.",
        )

    def _load_levels(self, level: int, number: int) -> list[list[bytes]]:
        nodes = [list(self.hashes(level, number))]
        for _ in range(TILE_HEIGHT - 1):
            below = nodes[-1]
            nodes.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
        return nodes

    def _root_above(self, level: int, number: int) -> bytes:
        above, offset = divmod(number, TILE_WIDTH)
        return self.hashes(level + 1, above)[offset]

    def _wrong_bundle(self, path: str, found: str) -> VerificationError:
        return VerificationError(
            "source.entries",
            f"expected {path} of {self._where} to hold the entries under the signed root, "
            f"found {found}",
            hint="The server is out of order, or lies: try again later, or another mirror.",
        )


def _read_hashes(read: ReadTile, level: int, number: int, width: int) -> _Hashes | None:
    """Read a tile, or cut it from the full one that followed it."""
    for path in _names(tile_path(level, number, width), tile_path(level, number)):
        data = read(path)
        if data is not None and len(data) >= width * HASH_BYTES:
            return tuple(data[i : i + HASH_BYTES] for i in range(0, width * HASH_BYTES, HASH_BYTES))
    return None


def _names(partial: str, full: str) -> tuple[str, ...]:
    return (partial, full) if partial != full else (full,)
