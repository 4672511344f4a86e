"""A copy of a database is consistent, and its source stays as it was."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from counterfoil.errors import FatalLogError, InputError, Unavailable
from counterfoil.ports import Commit, Head, Span
from counterfoil.storage import SqliteStore
from counterfoil.storage import sqlite_copy as copying
from counterfoil.storage.sqlite_compare import integrity_faults
from counterfoil.storage.sqlite_copy import copy_database


def store_with(path: Path, *spans: Span) -> Path:
    """Make a database that holds runs of numbers, and a counter."""
    store = SqliteStore(path, create=True)
    size = max((span.index + span.count for span in spans), default=0)
    head = Head(size, (bytes(32),) * size.bit_count(), b"note", 1, 0)
    store.commit(Commit(0, head, (), spans, {b"i" * 32: 3}, {"book": 7}, [0]))
    store.close()
    return path


RUNS = (Span("urn:o", "a", 0, 10, 0), Span("urn:o", "a", 15, 5, 10), Span("urn:o", "b", 2, 1, 15))


def test_a_copy_holds_what_is_committed(tmp_path: Path) -> None:
    """A copy holds the last commit, also what only the WAL has, and is no file with a WAL."""
    store = SqliteStore(tmp_path / "a.db", create=True)
    store.commit(Commit(0, Head(1, (bytes(32),), b"note", 1, 0), (), RUNS[:1]))
    copy_database(tmp_path / "a.db", tmp_path / "copy.db")
    store.close()
    copied = SqliteStore(tmp_path / "copy.db", read_only=True)
    assert copied.head().note == b"note"
    assert list(copied.sources()) == [("urn:o", "a", 10)]
    copied.close()


def test_a_crashed_database_is_not_touched(tmp_path: Path) -> None:
    """What a crash left in the WAL is copied, and stays in the WAL: it is evidence."""
    store = SqliteStore(tmp_path / "a.db", create=True)
    store.commit(Commit(0, Head(1, (bytes(32),), b"note", 1, 0), (), RUNS[:1]))
    (tmp_path / "crashed").mkdir()
    crashed = tmp_path / "crashed" / "a.db"
    for suffix in ("", "-wal"):
        shutil.copyfile(tmp_path / f"a.db{suffix}", f"{crashed}{suffix}")
    store.close()
    before = crashed.read_bytes(), Path(f"{crashed}-wal").read_bytes()
    copy_database(crashed, tmp_path / "copy.db")
    assert (crashed.read_bytes(), Path(f"{crashed}-wal").read_bytes()) == before
    copied = SqliteStore(tmp_path / "copy.db", read_only=True)
    assert copied.head().size == 1
    copied.close()


def test_copies_that_are_refused(tmp_path: Path) -> None:
    """No database, a target that is there, and a file that is no database are refused."""
    source = store_with(tmp_path / "a.db")
    with pytest.raises(InputError) as caught:
        copy_database(tmp_path / "none.db", tmp_path / "copy.db")
    assert caught.value.code == "store.missing"
    with pytest.raises(InputError) as caught:
        copy_database(source, source)
    assert caught.value.code == "store.exists"
    (tmp_path / "junk.db").write_bytes(b"\x5a" * 10_000)
    with pytest.raises(FatalLogError) as fatal:
        copy_database(tmp_path / "junk.db", tmp_path / "copy.db")
    assert fatal.value.code == "store.corrupt"


def test_a_disk_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLite may not make its files, a database without a WAL is read as it is."""
    source = store_with(tmp_path / "a.db", *RUNS)
    connect = copying._connect

    def refuse(path: Path, options: str) -> sqlite3.Connection:
        if "immutable" not in options:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path, options)

    monkeypatch.setattr(copying, "_connect", refuse)
    copy_database(source, tmp_path / "copy.db")
    assert integrity_faults(tmp_path / "copy.db") == []
    (tmp_path / "a.db-wal").write_bytes(b"frames")
    with pytest.raises(Unavailable):
        copy_database(source, tmp_path / "other.db")
