"""Audit the tile files that the published tree no longer needs, but readers may still be served.

Partial tiles of older sizes stay until their tile is full; each must be the beginning of the tile
that followed it. This module refuses to look at full tiles: the hash audit does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import bundle
from counterfoil.formats.tile import TilePath, entries_path, parse_path, tile_path, width_at
from counterfoil.log.findings import Findings
from counterfoil.storage import TileFiles
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["audit_strays"]


def audit_strays(folder: Path, published_size: int, findings: Findings) -> None:
    """Compare older partial tiles with the tiles that followed them, and name foreign files.

    Tiles beyond the published size are left alone: they are about to be published, and are
    written anew before that.
    """
    tiles = TileFiles(folder)
    for name in _files(folder):
        try:
            tile = parse_path(name)
        except InputError:
            if not name.endswith(".new"):  # a write that a crash cut short
                findings.add("audit.foreign-file", name, "only tiles in tile/", "another file")
            continue
        width = width_at(tile.level or 0, tile.index, published_size)
        if tile.width == TILE_WIDTH or tile.width >= width:
            continue
        try:
            _compare(tiles, tile, width, findings)
        except CounterfoilError as err:
            findings.add("audit.unreadable", name, "a readable file", err.message)


def _compare(tiles: TileFiles, tile: TilePath, width: int, findings: Findings) -> None:
    name = str(tile)
    for follower in (_path(tile, width), _path(tile, TILE_WIDTH)):
        whole = tiles.get(follower)
        if whole is not None:
            break
    else:
        return  # named by the hash audit
    found = tiles.get(name)
    if found is None:
        return  # deleted since it was listed: its tile became full
    if tile.level is None:
        try:
            expected = bundle.format(bundle.parse(whole)[: tile.width])
        except InputError:
            return  # named by the hash audit
    else:
        expected = whole[: tile.width * HASH_BYTES]
    if found != expected:
        findings.add("audit.tile-changed", name, f"the beginning of {follower}", "other bytes")


def _path(tile: TilePath, width: int) -> str:
    if tile.level is None:
        return entries_path(tile.index, width)
    return tile_path(tile.level, tile.index, width)


def _files(folder: Path) -> Iterator[str]:
    """List the files below `tile/`, by their path inside the ledger's folder."""
    for root, folders, files in os.walk(folder / "tile"):
        folders.sort()
        for name in sorted(files):
            yield (Path(root) / name).relative_to(folder).as_posix()
