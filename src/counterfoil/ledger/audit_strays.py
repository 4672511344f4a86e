"""Audit the tile files that the published tree no longer needs, but readers may still be served.

Partial tiles of older sizes stay until their tile is full; each must be the beginning of the tile
that followed it. This module refuses to look at full tiles: the hash audit does.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats.tile import TilePath, parse_path, width_at
from counterfoil.ledger.tile_sources import cut_from
from counterfoil.log.findings import Findings
from counterfoil.storage import TileFiles
from counterfoil.units import TILE_WIDTH

__all__ = ["audit_strays"]


def audit_strays(folder: Path, published_size: int, findings: Findings) -> None:
    """Compare older partial tiles with the tiles that followed them, and name foreign files.

    Tiles beyond the published size are left alone: they are about to be published, and are
    written anew before that.
    """
    tiles = TileFiles(folder)
    bad = {finding.place for finding in findings.kept}
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
            _compare(tiles, tile, width, bad, findings)
        except CounterfoilError as err:
            findings.add("audit.unreadable", name, "a readable file", err.message)


def _compare(
    tiles: TileFiles, tile: TilePath, width: int, bad: Collection[str], findings: Findings
) -> None:
    for follower in (replace(tile, width=width), replace(tile, width=TILE_WIDTH)):
        expected = cut_from(tiles.get(str(follower)), tile)
        if expected is not None and str(follower) not in bad:
            break
    else:
        return  # what should follow it is damaged, and named by the hash audit
    found = tiles.get(str(tile))
    if found not in (expected, None):  # None: deleted since it was listed
        place, other = str(tile), f"the beginning of {follower}"
        findings.add("audit.tile-changed", place, other, "other bytes")


def _files(folder: Path) -> Iterator[str]:
    """List the files below `tile/`, by their path inside the ledger's folder."""
    for root, folders, files in os.walk(folder / "tile"):
        folders.sort()
        for name in sorted(files):
            yield (Path(root) / name).relative_to(folder).as_posix()
