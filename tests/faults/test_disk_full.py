"""A disk that is full: an error that says so, nothing lost, and on it goes once there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.log import Log, Submission
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from tests.c2sp_reader import read_log
from tests.log_rig import files_of, open_log, raises_code
from tests.shared_data import program, require

pytestmark = pytest.mark.root

ENTRY_BYTES = 3_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 6 MB."""
    options = [program("mount"), "-t", "tmpfs", "-o", "size=6m", "none", str(tmp_path)]
    require(subprocess.run(options, check=False).returncode == 0, "cannot mount a tmpfs here")
    yield tmp_path
    subprocess.run([program("umount"), "-l", str(tmp_path)], check=True)


def fill(disk: Path) -> Path:
    """Fill the disk to the last byte."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def entry(number: int) -> bytes:
    """Make an entry of 3 kB."""
    return b"%d:" % number + b"x" * ENTRY_BYTES


def append_until_full(log: Log) -> list[tuple[int, bytes]]:
    """Append until the disk is full; return what was acknowledged."""
    told = []
    with raises_code("store.full", Unavailable) as caught:
        for number in range(100_000):
            made = entry(number)
            told.append((log.submit(Submission([made])).result(60).first, made))
    assert "full" in caught.value.message
    return told


@pytest.mark.parametrize("wal_limit_bytes", [50_000, 32 << 20], ids=["folding", "not folding"])
def test_a_full_disk(disk: Path, wal_limit_bytes: int) -> None:
    """Entries are refused with store.full; those acknowledged stay; with room all goes on."""
    path = disk / "ledger.db"
    SqliteStore(path, create=True).close()
    log = open_log(SqliteStore(path, wal_limit_bytes=wal_limit_bytes), TileFiles(disk))
    log.submit(Submission([b"first"])).result(60)
    filler = fill(disk)
    told = append_until_full(log)
    for number in range(3):
        with raises_code("store.full", Unavailable):
            log.submit(Submission([entry(number) * 15])).result(60)
    with suppress(Unavailable):  # a few bytes may be left, and be enough for a tile or two
        log.wait_published(log.head.size)
    assert [log.reader.entry(index) for index, _ in told] == [made for _, made in told]
    filler.unlink()
    told.append((log.submit(Submission([b"room again"])).result(60).first, b"room again"))
    with suppress(Unavailable):  # the last failure, told before the next try
        log.wait_published(log.head.size)
    log.close()
    assert log.published_size == log.head.size
    entries = read_log(files_of(TileFiles(disk)))
    assert [entries[index] for index, _ in told] == [made for _, made in told]


def test_a_disk_that_fills_up_by_itself(disk: Path) -> None:
    """A log that fills the disk alone can be closed, and opened when there is room."""
    path = disk / "ledger.db"
    spare = disk / "spare"
    spare.write_bytes(bytes(1 << 20))
    SqliteStore(path, create=True).close()
    log = open_log(SqliteStore(path), TileFiles(disk))
    told = append_until_full(log)
    with suppress(CounterfoilError):
        log.close()
    assert len(told) > 50
    spare.unlink()
    again = open_log(SqliteStore(path), TileFiles(disk))
    assert again.head.size >= len(told)
    again.submit(Submission([b"room again"])).result(60)
    again.close()
    entries = read_log(files_of(TileFiles(disk)))
    assert [entries[index] for index, _ in told] == [made for _, made in told]
    assert entries[-1] == b"room again"


def test_no_room_to_begin(disk: Path) -> None:
    """On a full disk a database cannot be made, with an error that says so."""
    fill(disk)
    with pytest.raises(Unavailable) as caught:
        SqliteStore(disk / "ledger.db", create=True)
    assert caught.value.code in ("store.full", "store.unavailable")
