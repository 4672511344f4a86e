"""Two writers on one folder: one wins, the other hears so, and the log neither forks nor shrinks.

The owner's lock keeps a second writer out; these tests look at what stands behind it.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from counterfoil.errors import Conflict, CounterfoilError, FatalLogError
from counterfoil.log import Log, LogReader, Submission
from counterfoil.ports import Commit
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.c2sp_reader import read_log
from tests.log_rig import append, entries_of, files_of, open_log, open_note, raises_code
from tests.rfc6962 import mth


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SqliteStore(tmp_path / "ledger.db", create=True).close()
    return tmp_path


def open_at(folder: Path, interval_s: float = 0.0) -> Log:
    """Open the log in a folder, without asking who owns it."""
    return open_log(SqliteStore(folder / "ledger.db"), TileFiles(folder), interval_s=interval_s)


def write_until_refused(log: Log, name: bytes, start: threading.Barrier) -> list[tuple[int, bytes]]:
    """Append up to 100 entries; return those that were acknowledged, with their places."""
    told = []
    start.wait()
    for number in range(100):
        entry = b"%s %d" % (name, number)
        try:
            told.append((log.submit(Submission([entry])).result(60).first, entry))
        except CounterfoilError as err:
            assert err.code in ("store.base", "log.rolled-back", "log.root-mismatch")
            break
    return told


def test_racing_logs(folder: Path) -> None:
    """Whatever two logs acknowledge while they race stands at its own place afterwards."""
    start = threading.Barrier(2)
    logs = [open_at(folder) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        writers = [
            pool.submit(write_until_refused, log, name, start)
            for log, name in zip(logs, (b"one", b"two"), strict=True)
        ]
        told = [place for writer in writers for place in writer.result(60)]
    for log in logs:
        with suppress(CounterfoilError):
            log.close()
    assert len(told) >= 100  # one of them got through
    with closing(SqliteStore(folder / "ledger.db")) as store:
        entries = list(LogReader(TileFiles(folder), store).entries(0, 1_000))
        assert open_note(store.head().note).root == mth(entries)
    assert [entries[index] for index, _ in told] == [entry for _, entry in told]
    assert len(entries) == len(told)
    again = open_at(folder)
    again.close()
    assert read_log(files_of(TileFiles(folder))) == entries


def test_who_is_behind_stays_behind(folder: Path) -> None:
    """A log that was overtaken is refused each time, and works again once it is opened anew."""
    one, two = open_at(folder), open_at(folder)
    append(one, 5)
    for _ in range(3):
        with raises_code("store.base", Conflict):
            two.submit(Submission([b"theirs"])).result(60)
    two.close()
    append(one, 5)
    one.close()
    again = open_at(folder)
    append(again, 5)
    again.close()
    assert read_log(files_of(TileFiles(folder))) == entries_of(15)


def test_an_older_head_does_not_replace_a_newer_checkpoint(folder: Path) -> None:
    """A log that has something to publish still, and was overtaken, does not turn the log back."""
    first = open_at(folder, interval_s=3_600.0)
    append(first, 1)
    first.wait_published(1)
    append(first, 9)
    second = open_at(folder)
    append(second, 10)
    second.close()
    newer = TileFiles(folder).published()
    with raises_code("log.rolled-back", FatalLogError):
        first.close()
    assert TileFiles(folder).published() == newer
    assert read_log(files_of(TileFiles(folder))) == entries_of(20)


class TakesAnyBase(MemoryStore):
    """Planted bug: a store that does not compare before it swaps."""

    def commit(self, commit: Commit) -> None:
        self.disk.head = commit.head
        self.disk.segments.extend(commit.segments)


def test_a_store_that_does_not_compare_is_found() -> None:
    """Control: without the comparison both are acknowledged at one place, and the start refuses."""
    store, tiles = TakesAnyBase(), MemoryTiles()
    one, two = open_log(store, tiles), open_log(TakesAnyBase(store.disk), MemoryTiles())
    append(one, 1)
    one.wait_published(1)
    assert two.submit(Submission([b"theirs"])).result(60).first == 0
    for log in (one, two):
        with suppress(CounterfoilError):
            log.close()
    with raises_code("log.mismatch", FatalLogError):
        open_log(MemoryStore(store.disk), tiles)
