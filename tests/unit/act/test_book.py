"""The book keeps what is to happen, and lets nobody change what was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.act.book import ActBook
from counterfoil.act.book_tables import ActJob
from counterfoil.chain.anchor_state import Attempt, Mined
from counterfoil.errors import Conflict, Unavailable
from counterfoil.ports import ChainCall, Fees
from tests.statements import refused

JOB = ActJob(0, b"k" * 32, 5, "verdict", "0xab", {"scope": "x"}, b"entry", 7, "planned")
ATTEMPT = Attempt(b"raw", b"h" * 32, 3, 21_000, Fees(2**70, 1), 9)
MINED = Mined(b"h" * 32, 4, b"b" * 32, 8)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ActBook]:
    made = ActBook(tmp_path / "act.db", create=True)
    yield made
    made.close()


def test_a_job_from_plan_to_done(book: ActBook, tmp_path: Path) -> None:
    """Each step is read back as it was written, by others, too."""
    job = book.plan(JOB)
    assert book.plan(JOB) == job
    book.note_recorded(job.number, 11)
    book.note_trouble(job.number, ("gate.young", "wait"))
    book.add_attempt(job.number, ChainCall("0xcd", b"data"), ATTEMPT)
    book.note_phase(job.number, "mined", MINED)
    with_all = ActBook(tmp_path / "act.db", read_only=True).job(job.number)
    assert with_all is not None
    assert (with_all.index, with_all.attempts, with_all.mined) == (11, (ATTEMPT,), MINED)
    assert (with_all.target, with_all.data, with_all.trouble) == ("0xcd", b"data", None)
    assert [one.number for one in book.open_jobs(5)] == [job.number]
    assert book.open_jobs(6) == []
    book.note_phase(job.number, "final", MINED)
    book.note_done(job.number, 12)
    done = book.job(job.number)
    assert done is not None
    assert (done.phase, done.stated, done.open) == ("done", 12, False)
    assert book.jobs(limit=5) == [done]
    assert book.jobs(limit=5, before=done.number) == []


def test_what_was_said_stays(book: ActBook) -> None:
    """Neither a signed verdict nor a finished job can be changed or forgotten."""
    job = book.plan(JOB)
    for change in ("UPDATE job SET entry = x'00'", "DELETE FROM job"):
        with pytest.raises(sqlite3.DatabaseError):
            book._db.execute(change)
    book.note_phase(job.number, "final", MINED)
    book.note_done(job.number, 1)
    with refused("act.book", Unavailable):
        book.note_phase(job.number, "signed")


def test_one_at_a_time(book: ActBook, tmp_path: Path) -> None:
    """While one process signs and sends, another waits, and then says that it is busy."""
    other = ActBook(tmp_path / "act.db")
    with book.turn(), refused("act.busy", Conflict), other.turn(0.05):
        pass
    with other.turn(0.05):
        pass
    other.close()


def test_how_far_events_were_followed(book: ActBook) -> None:
    """It is kept for each gate."""
    assert book.followed(5, "0xab") is None
    book.note_followed(5, "0xab", 9)
    book.note_followed(5, "0xcd", 2)
    assert (book.followed(5, "0xab"), book.followed(5, "0xcd")) == (9, 2)


def test_files_that_are_no_book(tmp_path: Path) -> None:
    """A missing file, a folder, another version: one code, and a hint."""
    with refused("act.book", Unavailable):
        ActBook(tmp_path / "act.db")
    (tmp_path / "other.db").write_bytes(b"no database at all" * 100)
    with refused("act.book", Unavailable):
        ActBook(tmp_path / "other.db")
    ActBook(tmp_path / "new.db", create=True).close()
    with sqlite3.connect(tmp_path / "new.db") as db:
        db.execute("PRAGMA user_version = 9")
    with refused("act.book", Unavailable):
        ActBook(tmp_path / "new.db", create=True)


def test_a_damaged_job(book: ActBook) -> None:
    """What a job says that is no JSON is an error of ours."""
    book._db.execute("DROP TRIGGER said_stays")
    job = book.plan(JOB)
    book._db.execute("UPDATE job SET said = '{'")
    with refused("act.book", Unavailable):
        book.job(job.number)
