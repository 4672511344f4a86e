"""What is written down about anchors: durably, once, and final for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_state import Attempt, Job, Mined, Wish
from counterfoil.chain.anchor_tables import Alarm, ChainNote
from counterfoil.errors import Unavailable
from counterfoil.ports import Fees
from tests.statements import refused

NOTE = ChainNote(7, "embedded", "us", "0xC", "0xO", "0xK", b"i" * 32, 3)
ATTEMPT = Attempt(b"raw", b"t" * 32, 3, 90_000, Fees(10**30, 10), 5)
JOB = Job(9, b"r" * 32, 5, b"note 9", b"data", "signed", (ATTEMPT,))
PLACE = Mined(b"t" * 32, 7, b"b" * 32, 70)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the book is."""
    return tmp_path / "anchor.db"


@pytest.fixture
def book(path: Path) -> Iterator[AnchorBook]:
    """A book with one chain."""
    made = AnchorBook(path, create=True)
    made.add_chain(NOTE)
    yield made
    made.close()


def test_a_job_reads_back(book: AnchorBook, path: Path) -> None:
    """What was written down is what another process, or this one after a crash, reads."""
    book.begin(7, JOB)
    other = AnchorBook(path, read_only=True)
    assert other.open_jobs(7) == [JOB]
    assert other.open_jobs(8) == []
    assert (other.newest(7), other.newest_final(7), other.newest(8)) == (9, 0, 0)
    second = Attempt(b"raw 2", b"u" * 32, 3, 90_000, Fees(10**31, 11), 6)
    book.note_phase(7, 9, "sent", None)
    book.add_attempt(7, 9, second)
    (found,) = other.open_jobs(7)
    assert (found.phase, found.attempts) == ("signed", (ATTEMPT, second))
    book.note_phase(7, 9, "mined", PLACE)
    assert other.job(7, 9) is not None
    assert other.anchored() == []
    book.note_phase(7, 9, "final", PLACE)
    assert other.open_jobs(7) == []
    (anchor,) = other.anchored()
    assert (anchor.size, anchor.root, anchor.note, anchor.mined) == (9, JOB.root, JOB.note, PLACE)
    assert (anchor.contract, anchor.owner, anchor.log_id) == ("0xC", "0xO", NOTE.log_id)
    assert other.anchored(10) == []
    assert book.newest_note(8) == (9, JOB.root, JOB.note)
    assert book.newest_note(9) is None
    other.close()


def test_final_anchors_stay(book: AnchorBook) -> None:
    """The tables themselves refuse to change or forget what is final, or to hold a size twice."""
    book.begin(7, JOB)
    with refused("anchor.book", Unavailable):
        book.begin(7, JOB)
    book.note_phase(7, 9, "final", PLACE)
    with refused("anchor.book", Unavailable):
        book.note_phase(7, 9, "sent", None)
    with refused("anchor.book", Unavailable):
        book.drop(7, 9)
    assert [anchor.size for anchor in book.anchored()] == [9]
    with refused("anchor.book", Unavailable):
        book.note_phase(7, 9, "mined", None)


def test_a_job_can_be_given_up(book: AnchorBook) -> None:
    """What is not final can go, with its transactions."""
    book.begin(7, JOB)
    book.drop(7, 9)
    assert book.job(7, 9) is None
    book.begin(7, JOB)  # the same transaction hash again


def test_chains(book: AnchorBook) -> None:
    """What is known of a chain changes field by field; wei may be beyond 64 bits."""
    book.note_stated(7, 4)
    book.note_behind(7, 99)
    book.note_funds(7, 10**30, 3)
    book.note_trouble(7, "chain.unreachable", "away", 5)
    (found,) = book.chains()
    assert found == book.chain(7)
    assert (found.stated, found.behind_ms, found.balance, found.cost) == (4, 99, 10**30, 3)
    assert found.anchors_left == 10**30 // 3
    assert (found.trouble, found.trouble_text, found.trouble_ms) == ("chain.unreachable", "away", 5)
    book.clear_trouble(7)
    book.note_url(7, "http://other")
    book.begin(7, JOB)
    after = book.chain(7)
    assert after is not None
    assert (after.trouble, after.behind_ms, after.url) == (None, None, "http://other")
    assert NOTE.anchors_left is None
    assert book.chain(8) is None


def test_wishes_and_alarms(book: AnchorBook, path: Path) -> None:
    """Wishes are kept once, until every chain has them; alarms once, and for good."""
    wishes = [Wish(4, True, None, b"note"), Wish(4, False, 70), Wish(6, False, 80)]
    for wish in (*wishes, wishes[0]):
        book.wish(wish)
    book.close()
    again = AnchorBook(path)
    assert again.wishes() == wishes
    again.forget_wishes(3)
    assert again.wishes() == wishes
    again.forget_wishes(4)
    assert again.wishes() == wishes[2:]
    alarm = Alarm(7, "anchor.ahead", "text", "{}", 1)
    again.raise_alarm(alarm)
    again.raise_alarm(Alarm(7, "anchor.ahead", "text", "{}", 2))
    assert again.alarms() == [alarm]
    again.close()


def test_what_is_no_book(path: Path) -> None:
    """A missing file is not made by accident; a damaged or foreign one says so."""
    with refused("anchor.book", Unavailable):
        AnchorBook(path)
    with refused("anchor.book", Unavailable):
        AnchorBook(path, read_only=True)
    path.write_bytes(b"no database" * 100)
    with refused("anchor.book", Unavailable):
        AnchorBook(path)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with refused("anchor.book", Unavailable):
        AnchorBook(path)


def test_it_is_synced(book: AnchorBook) -> None:
    """The book is a WAL database with FULL syncs: what was written down survives a power cut."""
    assert book._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert book._db.execute("PRAGMA synchronous").fetchone() == (2,)
