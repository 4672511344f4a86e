"""Tiles from a folder and its copy: the folder's own first, the copy's where they are missing."""

from __future__ import annotations

from pathlib import Path

from counterfoil.formats import bundle
from counterfoil.formats.tile import TilePath
from counterfoil.ledger.tile_sources import MendedTiles, TilesUnder, cut_from, cut_tile
from counterfoil.storage import TileFiles

BUNDLE = bundle.format([b"entry %d" % number for number in range(9)])
HASHES = bytes(range(32)) * 9


def put(folder: Path, path: str, data: bytes) -> None:
    """Write a tile."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)


def test_cutting() -> None:
    """A partial tile is the beginning of a wider one; what is no bundle has no beginning."""
    assert cut_from(HASHES, TilePath(0, 1, 2)) == HASHES[:64]
    assert cut_from(BUNDLE, TilePath(None, 1, 2)) == bundle.format([b"entry 0", b"entry 1"])
    assert cut_from(b"\xff", TilePath(None, 1, 2)) is None
    assert cut_from(None, TilePath(0, 1, 2)) is None


def test_cutting_from_the_full_tile(tmp_path: Path) -> None:
    """A partial tile that is gone is cut from the full one; a full one is there or not."""
    put(tmp_path, "tile/0/001", HASHES)
    tiles = TileFiles(tmp_path)
    assert cut_tile(tiles, TilePath(0, 1, 3)) == HASHES[:96]
    assert cut_tile(tiles, TilePath(0, 1)) == HASHES
    assert cut_tile(tiles, TilePath(0, 2)) is None


def test_the_folders_own_come_first(tmp_path: Path) -> None:
    """A tile comes from the folder, unless it is missing, unreadable or known to be bad."""
    own, copy = tmp_path / "own", tmp_path / "copy"
    for number in range(4):
        put(copy, f"tile/0/{number:03d}", b"copy")
    put(own, "tile/0/000", b"own")
    put(own, "tile/0/001", b"bad")
    (own / "tile/0/002").mkdir()
    tiles = MendedTiles(own, b"note", copy, ["tile/0/001"])
    assert tiles.published() == b"note"
    assert [tiles.get(f"tile/0/{number:03d}") for number in range(5)] == [
        b"own",
        b"copy",
        b"copy",
        b"copy",
        None,
    ]
    assert tiles.used == {"tile/0/001", "tile/0/002", "tile/0/003"}


def test_partial_tiles_from_wider_ones(tmp_path: Path) -> None:
    """A partial tile is cut from the folder's full one, or from any wider one of the copy."""
    own, copy = tmp_path / "own", tmp_path / "copy"
    put(own, "tile/0/000", HASHES)
    put(copy, "tile/entries/001.p/1", bundle.format([b"other"]))
    put(copy, "tile/entries/001.p/9", BUNDLE)
    tiles = MendedTiles(own, b"note", copy)
    assert tiles.get("tile/0/000.p/2") == HASHES[:64]
    assert tiles.get("tile/entries/001.p/3") == bundle.format(bundle.parse(BUNDLE)[:3])
    assert tiles.get("tile/entries/001.p/10") is None
    assert MendedTiles(own, b"note", None).get("tile/0/001") is None
    assert MendedTiles(own, b"note", None, ["tile/0/000"]).get("tile/0/000.p/2") is None


def test_tiles_under_no_checkpoint(tmp_path: Path) -> None:
    """Tiles can be looked at under a checkpoint of one's choice, or under none."""
    assert TilesUnder(tmp_path, None).published() is None
