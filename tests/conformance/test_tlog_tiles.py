"""The same entries give the very files that another implementation of C2SP tlog-tiles wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.formats import bundle
from counterfoil.log import Submission
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from tests.c2sp_reader import read_log
from tests.log_rig import open_log
from tests.shared_data import data_path


@pytest.fixture
def example() -> Path:
    return data_path("vectors_checkpoint_note") / "tlog_tiles_testlog"


def tiles_in(folder: Path) -> list[str]:
    """List the tiles and bundles of a published log."""
    files = (path for path in (folder / "tile").rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in files)


def test_every_size_of_the_test_log(example: Path, tmp_path: Path) -> None:
    """Fed entry by entry we write byte for byte its tiles and bundles, with the same roots."""
    entries = bundle.parse((example / "tile/entries/000.p/15").read_bytes())
    assert len(entries) == 15
    tiles = TileFiles(tmp_path)
    log = open_log(SqliteStore(tmp_path / "ledger.db", create=True), tiles)
    for size, entry in enumerate(entries, 1):
        log.submit(Submission([entry])).result(60)
        log.wait_published(size)
        ours = (tmp_path / "checkpoint").read_bytes().split(b"\n")
        theirs = (example / f"checkpoint.{size}").read_bytes().split(b"\n")
        assert ours[1:3] == theirs[1:3] == [b"%d" % size, theirs[2]]
    log.close()
    names = tiles_in(example)
    assert len(names) == 30
    assert tiles_in(tmp_path) == names
    for name in names:
        assert (tmp_path / name).read_bytes() == (example / name).read_bytes(), name


def test_the_independent_reader_reads_the_test_log(example: Path) -> None:
    """The reader that judges our tiles accepts theirs, and refuses them with one bit changed."""

    def get(path: str) -> bytes | None:
        file = example / path
        return file.read_bytes() if file.is_file() else None

    entries = read_log(get)
    assert entries[0] == b"one"

    def changed(path: str) -> bytes | None:
        data = get(path)
        return data if data is None or "entries" not in path else data[:-1] + b"!"

    with pytest.raises(AssertionError, match="leaves"):
        read_log(changed)
