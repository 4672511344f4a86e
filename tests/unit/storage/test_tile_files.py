"""Tiles as files: whole or not there, readable by any web server, and errors that say why."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

import pytest

from counterfoil.errors import FatalLogError, InputError, Unavailable
from counterfoil.storage.tile_files import CHECKPOINT_FILE, TileFiles
from tests.log_rig import raises_code

TILE = "tile/0/x001/234"


@pytest.fixture
def tiles(tmp_path: Path) -> TileFiles:
    return TileFiles(tmp_path)


def files_in(folder: Path) -> list[str]:
    """List all files below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_the_layout_is_that_of_the_specification(tiles: TileFiles, tmp_path: Path) -> None:
    """A tile is a file at its C2SP path, the checkpoint one of that name; nothing else is left."""
    tiles.put(TILE, b"t" * 8192)
    tiles.put(TILE + ".p/7", b"p" * 224)
    tiles.put("tile/entries/000", b"\x00\x01a")
    tiles.flush()
    tiles.publish(b"note\n")
    expected = [CHECKPOINT_FILE, TILE, TILE + ".p/7", "tile/entries/000"]
    assert files_in(tmp_path) == sorted(expected)
    assert (tmp_path / TILE).read_bytes() == b"t" * 8192
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == b"note\n"


def test_tiles_can_be_read_by_others(tiles: TileFiles, tmp_path: Path) -> None:
    """Tiles and checkpoint are public: a web server of another user may read them."""
    tiles.put(TILE, b"t")
    tiles.publish(b"note\n")
    mask = os.umask(0)
    os.umask(mask)
    for name in (TILE, CHECKPOINT_FILE):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644 & ~mask


@pytest.mark.parametrize("path", ["../x", "tile/../../x", "/x", "..", "tile/0/..", "tile/\0"])
def test_a_path_that_leads_out_is_refused(tiles: TileFiles, tmp_path: Path, path: str) -> None:
    """Neither reading nor writing leaves the ledger's folder."""
    (tmp_path.parent / "x").write_bytes(b"secret")
    with raises_code("tiles.path", InputError):
        tiles.get(path)
    with raises_code("tiles.path", InputError):
        tiles.put(path, b"x")
    assert (tmp_path.parent / "x").read_bytes() == b"secret"


def test_what_is_read_says_why_it_cannot(tiles: TileFiles, tmp_path: Path) -> None:
    """A folder in the place of a tile is an error that names it; a file in one's place is none."""
    (tmp_path / "tile/0/000").mkdir(parents=True)
    with raises_code("tiles.read", Unavailable) as caught:
        tiles.get("tile/0/000")
    assert "tile/0/000" in caught.value.message
    (tmp_path / "tile/1").write_bytes(b"no folder")
    assert tiles.get("tile/1/000") is None


def test_what_is_not_writable_says_why(tiles: TileFiles, tmp_path: Path) -> None:
    """A file where a folder must be, or a folder where a file must be, fails with its path."""
    (tmp_path / "tile").write_bytes(b"no folder")
    with raises_code("tiles.write", Unavailable) as caught:
        tiles.put(TILE, b"t")
    assert "tile" in caught.value.message
    (tmp_path / CHECKPOINT_FILE).mkdir()
    with raises_code("tiles.write", Unavailable):
        tiles.publish(b"note\n")
    (tmp_path / "tile").unlink()
    (tmp_path / CHECKPOINT_FILE).rmdir()
    tiles.put(TILE, b"t")
    tiles.flush()
    tiles.publish(b"note\n")
    assert files_in(tmp_path) == [CHECKPOINT_FILE, TILE]


def test_folders_that_somebody_deleted_are_made_again(tiles: TileFiles, tmp_path: Path) -> None:
    """After the folders are gone a flush or a put fails once, and the next try makes them."""
    tiles.put(TILE, b"t")
    shutil.rmtree(tmp_path / "tile")
    with raises_code("tiles.write", Unavailable):
        tiles.flush()
    with raises_code("tiles.write", Unavailable):
        tiles.put(TILE, b"t")
    tiles.put(TILE, b"t")
    tiles.flush()
    assert tiles.get(TILE) == b"t"


def test_a_write_that_fails_leaves_the_old_file(tiles: TileFiles, tmp_path: Path) -> None:
    """When a tile or a checkpoint cannot be written as a whole the old one stays, and no rest."""
    tiles.put(TILE, b"old" * 1000)
    tiles.publish(b"old\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # writes are short, then fail
    try:
        with raises_code("tiles.write", Unavailable):
            tiles.put(TILE, b"new" * 1000)
        with raises_code("tiles.write", Unavailable):
            tiles.publish(b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tiles.get(TILE), tiles.published()) == (b"old" * 1000, b"old\n")
    assert files_in(tmp_path) == [CHECKPOINT_FILE, TILE]


def test_what_a_crash_left_is_replaced(tiles: TileFiles, tmp_path: Path) -> None:
    """A rest of an interrupted write is overwritten, also where it is longer."""
    (tmp_path / TILE).parent.mkdir(parents=True)
    for name in (TILE + ".new", CHECKPOINT_FILE + ".new"):
        (tmp_path / name).write_bytes(b"rest" * 5000)
    tiles.put(TILE, b"t")
    tiles.publish(b"note\n")
    assert files_in(tmp_path) == [CHECKPOINT_FILE, TILE]
    assert (tiles.get(TILE), tiles.published()) == (b"t", b"note\n")


def test_a_write_is_not_taken_at_its_word(
    tiles: TileFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that says "written" and holds something else is found out, and no tile appears."""
    tiles.put(TILE, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, data: len(data))  # a write that only pretends
        with raises_code("tiles.read-back", FatalLogError):
            tiles.put(TILE, b"new")
        with raises_code("tiles.read-back", FatalLogError):
            tiles.publish(b"note\n")
    assert files_in(tmp_path) == [TILE]
    assert (tiles.get(TILE), tiles.published()) == (b"old", None)


def test_dropping_partials_asks_for_nothing(tiles: TileFiles, tmp_path: Path) -> None:
    """Dropping goes where there is nothing, and what cannot be deleted does not stop a log."""
    tiles.drop_partials(TILE)
    (tmp_path / TILE).parent.mkdir(parents=True)
    (tmp_path / (TILE + ".p")).write_bytes(b"a file in the folder's place")
    tiles.drop_partials(TILE)
    tiles.put("tile/0/000.p/3", b"abc")
    tiles.flush()
    tiles.drop_partials("tile/0/000")
    tiles.put("tile/0/000.p/4", b"abcd")
    tiles.flush()
    assert files_in(tmp_path / "tile/0/000.p") == ["4"]
