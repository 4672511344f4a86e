"""Tiles as backup and recovery see them: under a given checkpoint, and mended from a copy.

This module refuses to decide whether a tile is right: the hash audit does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import bundle
from counterfoil.formats.tile import TilePath, parse_path
from counterfoil.storage import TileFiles
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["MendedTiles", "TilesUnder", "cut_from", "cut_tile"]


class TilesUnder(TileFiles):
    """The tiles of a folder under a checkpoint of the caller's choice.

    signed: its note; None for no checkpoint.
    """

    def __init__(self, folder: Path, signed: bytes | None) -> None:
        super().__init__(folder)
        self._signed = signed

    def published(self) -> bytes | None:
        """Read the chosen checkpoint."""
        return self._signed


class MendedTiles(TilesUnder):
    """A folder's own tiles, and a copy's where its own are missing or known to be bad.

    source: folder of the copy; None for none. bad: paths of tiles not to take from the folder.
    used: paths that came from the copy, or were cut from a wider tile.
    """

    def __init__(
        self, folder: Path, signed: bytes, source: Path | None, bad: Iterable[str] = ()
    ) -> None:
        super().__init__(folder, signed)
        self._own = TileFiles(folder)
        self._source = TileFiles(source) if source is not None else None
        self._source_folder = source
        self._bad = frozenset(bad)
        self.used: set[str] = set()

    def get(self, path: str) -> bytes | None:
        """Read a tile from the folder, or from the copy."""
        tile = parse_path(path)
        if path not in self._bad:
            try:
                data = self._own.get(path)
            except CounterfoilError:
                data = None
            if data is not None:
                return data
        data = self._cut(tile)
        if data is not None:
            self.used.add(path)
        return data

    def _cut(self, tile: TilePath) -> bytes | None:
        """Cut a tile from a wider one of the folder, or take it from the copy."""
        full = str(TilePath(tile.level, tile.index))
        if tile.width < TILE_WIDTH and full not in self._bad and str(tile) not in self._bad:
            data = cut_tile(self._own, tile)
            if data is not None:
                return data
        if self._source is None or self._source_folder is None:
            return None
        data = cut_tile(self._source, tile)
        for width in _widths(self._source_folder / f"{full}.p") if data is None else ():
            if data is None and width > tile.width:
                data = cut_from(self._source.get(f"{full}.p/{width}"), tile)
        return data


def cut_tile(tiles: TileFiles, tile: TilePath) -> bytes | None:
    """Read a tile, or cut it from the full one that followed it; None where neither is there."""
    data = tiles.get(str(tile))
    if data is not None or tile.width == TILE_WIDTH:
        return data
    return cut_from(tiles.get(str(TilePath(tile.level, tile.index))), tile)


def cut_from(wider: bytes | None, tile: TilePath) -> bytes | None:
    """Cut a tile from the bytes of a wider one; None where there are none, or none that parse."""
    if wider is None:
        return None
    if tile.level is not None:
        return wider[: tile.width * HASH_BYTES]
    try:
        return bundle.format(bundle.parse(wider)[: tile.width])
    except InputError:
        return None


def _widths(folder: Path) -> list[int]:
    return sorted(int(path.name) for path in folder.glob("*") if path.name.isdecimal())
