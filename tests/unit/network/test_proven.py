"""What is read from another party leads to the signed root, or is not returned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats import bundle
from counterfoil.log import parse_signed
from counterfoil.network import ProvenTiles
from counterfoil.proofs.equivocation import root_at
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, root_of, verify_inclusion
from counterfoil.storage import TileFiles
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, other_entries, publish

ENTRIES = entries_of(256 * 257 + 3)  # three levels


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a log of three levels."""
    folder = tmp_path_factory.mktemp("log")
    publish(folder, ENTRIES)
    return folder


def proven(log: Path) -> ProvenTiles:
    """Read a log."""
    tree = parse_signed((log / "checkpoint").read_bytes())
    return ProvenTiles(tree, TileFiles(log).get, "the log")


def test_nodes_and_old_roots(log: Path) -> None:
    """Any node, any inclusion path and the root of any older size are those of the tree."""
    tiles = proven(log)
    nodes, tree = tiles.nodes(), tiles.tree
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    for index in (0, 255, 256, 65_535, 65_536, tree.size - 1):
        path = inclusion_path(index, tree.size, nodes)
        verify_inclusion(hashes[index], index, tree.size, path, tree.root)
    for size in (0, 1, 255, 256, 257, 65_535, 65_536, 65_537, tree.size):
        assert root_at(size, nodes) == root_of(hashes[:size])


def test_bundles_are_checked_in_threads_or_not(log: Path) -> None:
    """Whole and partial bundles give their entries; fewer, more or other ones do not pass."""
    tiles = proven(log)
    for number in (0, 256, 257):
        entries, leaves = tiles.entries(number, tiles.bundle_bytes(number))
        assert entries == ENTRIES[number * 256 : number * 256 + 256]
        assert leaves == [leaf_hash(entry) for entry in entries]
    last = bundle.format(ENTRIES[257 * 256 :])
    longer = bundle.format([*ENTRIES[257 * 256 :], b"more"])
    assert tiles.entries(257, longer)[0] == tiles.entries(257, last)[0]
    for number, data in (
        (0, None),
        (0, b""),
        (0, b"\xff"),
        (0, last),
        (0, tiles.bundle_bytes(1)),
        (257, bundle.format(ENTRIES[257 * 256 : -1])),
        (257, bundle.format([*ENTRIES[257 * 256 : -1], b"other"])),
    ):
        with raises_code("source.entries", VerificationError):
            tiles.entries(number, data)


@pytest.mark.parametrize("name", ["0/000", "0/123", "1/000", "1/001.p/1", "2/000.p/1"])
def test_a_wrong_tile_at_any_level_is_named(name: str, log: Path) -> None:
    """One changed bit, or a missing file, at any level ends in an error of this tile's."""
    files = TileFiles(log)
    path = f"tile/{name}"
    whole = files.get(path)
    assert whole is not None
    for wrong in (bytes([whole[0] ^ 1]) + whole[1:], whole[:-32], None):

        def read(asked: str, wrong: bytes | None = wrong) -> bytes | None:
            return wrong if asked == path else files.get(asked)

        with pytest.raises(VerificationError) as caught:
            tiles = ProvenTiles(proven(log).tree, read, "the log")
            for number in range(258):
                tiles.hashes(0, number)
        assert caught.value.code in ("source.tile", "source.tiles")
        if caught.value.code == "source.tile":
            assert path in caught.value.message


def test_what_is_at_hand_is_used_only_where_it_is_right(log: Path, tmp_path: Path) -> None:
    """Own tiles are asked first and proven, too; wrong ones are fetched instead."""
    publish(tmp_path, other_entries(300, 100))
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return TileFiles(log).get(path)

    tree = proven(log).tree
    tiles = ProvenTiles(tree, read, "the log", TileFiles(tmp_path).get)
    assert tiles.hashes(0, 0) == proven(log).hashes(0, 0)
    assert "tile/0/000" in asked
    asked.clear()
    tiles = ProvenTiles(tree, read, "the log", TileFiles(log).get)
    tiles.hashes(0, 5)
    assert asked == []


def test_tiles_that_grew_serve_an_older_checkpoint(tmp_path: Path) -> None:
    """Where a partial tile became full and is gone, it is cut from the full one."""
    old = parse_signed(publish(tmp_path, entries_of(300)))
    publish(tmp_path, entries_of(1024))
    for name in ("0", "entries"):
        shutil.rmtree(tmp_path / "tile" / name / "001.p")
    tiles = ProvenTiles(old, TileFiles(tmp_path).get, "the log")
    assert tiles.entries(1, tiles.bundle_bytes(1))[0] == entries_of(300)[256:]
