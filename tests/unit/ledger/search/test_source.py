"""Deleted, damaged, of another log, or not writable: whatever the index is, searches are right."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.ledger import Ledger, create_ledger
from counterfoil.ledger.search import building, catch_up
from counterfoil.ledger.search.source import Source, with_source
from counterfoil.ports import SystemClock
from counterfoil.storage import SearchIndex, index_lock
from tests.log_rig import raises_code

QUERIES = ("n=3", "word", "n>290", "late fee n<5", "kind=batch", "absent=1", "kind=record n!=4")


def make(folder: Path, records: int = 600, start: int = 0) -> None:
    """Record `records` rows into the ledger at `folder`, which is made where there is none."""
    if not folder.exists():  # unwatched: some tests put an old state back
        create_ledger(folder, SystemClock(), witness=False)
    with counterfoil.open(folder) as ledger:
        ledger.record_many(
            [
                {"n": at % 300, "text": f"late fee {at}", "tag": "word" if at % 9 == 0 else None}
                for at in range(start, start + records)
            ]
        )


def answers(ledger: Ledger) -> list[list[int]]:
    """Ask everything, oldest first."""
    return [
        [hit.index for hit in ledger.search(query, limit=1000, newest_first=False).hits]
        for query in QUERIES
    ]


def scanned(ledger: Ledger) -> list[list[int]]:
    """Ask everything without any index: there is neither one nor a place for one."""
    path = ledger.layout.index
    kept = path.with_name("kept.db")
    if path.exists():
        path.rename(kept)
    path.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", "/dev/null")
        assert ledger.search().notice.startswith("Searching without an index: ")
        assert ledger.search().indexed == 0
        found = answers(ledger)
    path.rmdir()
    if kept.exists():
        kept.rename(path)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of 600 rows, closed and not indexed; a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    make(tmp_path / "ledger")
    return tmp_path / "ledger"


def opened(folder: Path) -> Ledger:
    return counterfoil.open(folder, read_only=True)


def indexed_size(path: Path) -> int:
    index = SearchIndex(path)
    try:
        return index.state().size
    finally:
        index.close()


def test_searching_makes_the_index_and_keeps_it(folder: Path) -> None:
    """The first search makes the index; a few entries more are read, many more are indexed."""
    with opened(folder) as ledger:
        assert not ledger.layout.index.exists()
        first = answers(ledger)
        assert indexed_size(ledger.layout.index) == ledger.size
        assert first == scanned(ledger)
    make(folder, 10, 600)
    with opened(folder) as ledger:
        page = ledger.search("kind=record", limit=1000)
        assert (page.indexed, len(page.hits)) == (page.size - 11, 610)
        assert catch_up(ledger._reading) == ledger.size == indexed_size(ledger.layout.index)
    make(folder, 600, 610)
    with opened(folder) as ledger:
        assert answers(ledger) == scanned(ledger)
        assert indexed_size(ledger.layout.index) == ledger.size


@pytest.mark.parametrize("what", ["deleted", "empty", "garbage", "half", "foreign", "version"])
def test_a_lost_or_damaged_index_is_made_again(folder: Path, what: str) -> None:
    """Whatever became of the file, the next search answers as if nothing had been."""
    with opened(folder) as ledger:
        right = answers(ledger)
        path = ledger.layout.index
        data = path.read_bytes()
        if what == "deleted":
            path.unlink()
        elif what == "empty":
            path.write_bytes(b"")
        elif what == "garbage":
            path.write_bytes(os.urandom(len(data)))
        elif what == "half":
            path.write_bytes(data[: len(data) // 2])
        elif what == "foreign":
            shutil.copy(ledger.layout.database, path)
        else:
            path.write_bytes(data[:60] + (999).to_bytes(4, "big") + data[64:])
        assert answers(ledger) == right
        assert indexed_size(path) == ledger.size
        assert ledger.search().notice == ""


def test_every_page_damaged(folder: Path) -> None:
    """With any one page of the index wiped, searches stay right: it is noticed and made again."""
    with opened(folder) as ledger:
        right = answers(ledger)
        path = ledger.layout.index
        data = path.read_bytes()
        made_again = 0
        for at in range(0, len(data), 4096):
            path.write_bytes(data[:at] + bytes(4096) + data[at + 4096 :])
            assert answers(ledger) == right, f"page at {at}"
            made_again += path.read_bytes()[at : at + 4096] != bytes(4096)
        assert made_again > 10


def test_an_index_of_another_log_is_made_again(folder: Path, tmp_path: Path) -> None:
    """An index that was copied from elsewhere is noticed by the log's origin."""
    other = tmp_path / "other"
    make(other, 600, 1000)
    with opened(other) as ledger:
        answers(ledger)
    shutil.copy(other / "index.db", folder / "index.db")
    with opened(folder) as ledger:
        assert answers(ledger) == scanned(ledger)


@pytest.mark.parametrize("more", [0, 5, 700])
def test_an_index_of_a_lost_history_is_made_again(folder: Path, tmp_path: Path, more: int) -> None:
    """After a rollback, also one that was followed by other entries, the old index is noticed."""
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    make(folder, 650, 600)
    with opened(folder) as ledger:
        answers(ledger)
    shutil.copy(folder / "index.db", old / "index.db")
    if more:
        make(old, more, 5000)
    with opened(old) as ledger:
        assert answers(ledger) == scanned(ledger)
        assert indexed_size(ledger.layout.index) <= ledger.size


def test_entries_that_do_not_lead_to_the_tree_are_damage(folder: Path, tmp_path: Path) -> None:
    """An index is never made of entries that are not the log's."""
    make(folder, 600)  # so that there are full bundles
    bundle = next(path for path in (folder / "tile" / "entries").rglob("000"))
    data = bytearray(bundle.read_bytes())
    at = [found.start() for found in re.finditer(b'"signatures"', data)][50] - 60  # in a payload
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    bundle.write_bytes(data)
    with opened(folder) as ledger, raises_code("log.damaged", FatalLogError):
        ledger.search("n=3")


def test_without_a_place_for_it_all_entries_are_read(folder: Path) -> None:
    """Where no index can be, the search says so and is right all the same."""
    with opened(folder) as ledger:
        assert scanned(ledger) == answers(ledger)


def test_an_index_of_ones_own(folder: Path, tmp_path: Path) -> None:
    """Where the ledger's folder has no place, the index is in the user's cache, and reused."""
    (folder / "index.db").mkdir()
    with opened(folder) as ledger:
        page = ledger.search("n=3")
        assert len(page.hits) == 2
        (own,) = (tmp_path / "cache" / "counterfoil" / "index").glob("*.db")
        assert str(own) in page.notice
        assert page.indexed == page.size == indexed_size(own)
        assert own.parent.stat().st_mode & 0o077 == 0
        assert ledger.search("n=3").hits == page.hits


@pytest.mark.root
def test_nothing_is_written_beside_a_ledger_of_somebody_else(folder: Path, tmp_path: Path) -> None:
    """Not even root leaves a file that the owner could not write; one that is there is used."""
    os.chown(folder, 65534, 65534)
    with opened(folder) as ledger:
        right = answers(ledger)
        assert not ledger.layout.index.exists()
        (own,) = (tmp_path / "cache" / "counterfoil" / "index").glob("*.db")
        own.rename(ledger.layout.index)
        page = ledger.search("n=3")
        assert (page.notice, page.indexed) == ("", page.size)
        assert answers(ledger) == right
        assert not own.exists()


def test_many_search_at_once(folder: Path) -> None:
    """Threads that start together share one index: one makes it, all answer right."""
    with opened(folder) as ledger, ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: answers(ledger), range(6)))
        assert found == [scanned(ledger)] * 6


def test_a_busy_index_is_waited_for(folder: Path) -> None:
    """While another process writes the index a search waits, and then goes on with it."""
    with opened(folder) as ledger, index_lock(ledger.layout.index) as ours:
        assert ours
        heard = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            later = pool.submit(ledger.search, "n=3", progress=lambda *_: heard.set())
            assert heard.wait(10)
            assert not later.done()
            building._write(ledger.layout.index, ledger._reading, lambda *_: None).index.close()
            assert len(later.result().hits) == 2


def test_a_stuck_writer_stops_no_search(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process that writes the index does not move, the search finds another way."""
    monkeypatch.setattr(building, "_PATIENCE_S", 0.1)
    with opened(folder) as ledger, index_lock(ledger.layout.index):
        page = ledger.search("n=3")
        assert len(page.hits) == 2
        assert "index is at" in page.notice
        assert "expected" in page.notice
        assert "caught up" in page.notice
        with raises_code("index.busy", Unavailable):
            building.build(ledger.layout.index, ledger._reading, lambda *_: None)


def test_an_index_that_stays_damaged_is_left_alone(folder: Path) -> None:
    """When the index fails twice under a search, all entries are read, and the reader is told."""
    tries: list[Source] = []

    def work(source: Source) -> str:
        tries.append(source)
        if source.index is not None:
            raise Unavailable("index.damaged", "expected a whole index, found a test")
        return source.notice

    with opened(folder) as ledger:
        notice = with_source(ledger._reading, None, work)
        assert notice == "Searching without an index: expected a whole index, found a test."
        assert [source.index is None for source in tries] == [False, False, True]
        assert not ledger.layout.index.exists()


def test_what_is_no_fault_of_the_index_is_raised(folder: Path) -> None:
    """An error of the log or of the caller goes through, and the index stays."""

    def stop(done: int, total: int) -> None:
        raise Unavailable("test.stop", "expected to go on, found a test")

    with opened(folder) as ledger:
        with raises_code("test.stop", Unavailable):
            ledger.search(progress=stop)
        answers(ledger)
        with raises_code("test.stop", Unavailable):
            with_source(ledger._reading, None, lambda source: stop(0, source.size))
        assert indexed_size(ledger.layout.index) == ledger.size


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_killed_while_indexing(tmp_path: Path, chunks: int) -> None:
    """Kill -9 while the index is made costs at most the entries since the last commit."""
    folder = tmp_path / "ledger"
    make(folder, 10_100)
    make(folder, 10_100, 10_100)
    code = """
        import os, signal, sys
        import counterfoil
        def stop(done, total):
            if done >= int(sys.argv[2]) * 8192 + 3000:
                os.kill(os.getpid(), signal.SIGKILL)
        with counterfoil.open(sys.argv[1], read_only=True) as ledger:
            ledger.search("n=3", progress=stop)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(folder), str(chunks)]
    ran = subprocess.run(command, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert indexed_size(folder / "index.db") == chunks * 8192
    with opened(folder) as ledger:
        first: list[int] = []
        page = ledger.search("n=3", progress=lambda done, total: first.append(done))
        assert first[0] == chunks * 8192
        assert len(page.hits) == 50
        hits = ledger.search("n=3", limit=1000).hits
        assert [hit.content["n"] for hit in hits] == [3] * 68
