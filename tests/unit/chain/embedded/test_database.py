"""The database of an embedded chain: synced, one commit a block, and damage is told from disks."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from counterfoil.chain.embedded.database import ChainDatabase, StoredLog, fault
from counterfoil.chain.embedded.owner import ChainOwner, read_owner
from counterfoil.errors import Conflict, InputError, Unavailable, VerificationError


def log(block: int, position: int, address: bytes) -> StoredLog:
    """Make an event."""
    return StoredLog(block, position, address, bytes(32), b"", bytes(32), 0)


def test_it_is_synced(tmp_path: Path) -> None:
    """Every commit is synced, and only its owner may read the file."""
    path = tmp_path / "chain.db"
    database = ChainDatabase(path, create=True)
    pragmas = [
        database._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    ]
    assert pragmas == ["wal", 2]  # 2 is FULL
    assert path.stat().st_mode & 0o077 == 0
    database.close()
    with pytest.raises(InputError):
        ChainDatabase(path, create=True)


def test_what_waits_is_seen_and_can_be_dropped(tmp_path: Path) -> None:
    """Before a commit its keys are there for the writer only; after a discard for nobody."""
    database = ChainDatabase(tmp_path / "chain.db", create=True)
    reader = ChainDatabase(tmp_path / "chain.db", read_only=True)
    database.put(b"a", b"1")
    assert (database.get(b"a"), reader.get(b"a")) == (b"1", None)
    database.discard()
    assert database.get(b"a") is None
    database.put(b"a", b"1")
    database.put(b"b", b"2")
    database.commit(1, [log(1, 0, b"x" * 20)], {"head": b"1"})
    database.put(b"b", None)
    assert (database.get(b"b"), reader.get(b"b")) == (None, b"2")
    database.commit(2)
    assert (reader.get(b"a"), reader.get(b"b"), reader.meta("head")) == (b"1", None, b"1")
    assert list(reader.nodes()) == [(b"a", b"1", 1)]
    with pytest.raises(VerificationError):
        reader.meta("none")
    database.close()
    reader.close()


def test_a_commit_that_fails_changes_nothing(tmp_path: Path) -> None:
    """An event that is there twice takes its whole block with it."""
    database = ChainDatabase(tmp_path / "chain.db", create=True)
    database.put(b"a", b"1")
    with pytest.raises(Unavailable):
        database.commit(1, [log(1, 0, b"x" * 20)] * 2, {"head": b"1"})
    assert (database.get(b"a"), database.facts(), list(database.all_logs())) == (None, {}, [])
    database.close()


def test_events_are_found_by_address(tmp_path: Path) -> None:
    """Events of some addresses, or of all, in order, and no more than asked for."""
    database = ChainDatabase(None)
    a, b, c = (letter * 20 for letter in (b"a", b"b", b"c"))
    events = [log(1, 0, b), log(1, 1, a), log(2, 0, c), log(3, 0, a)]
    database.commit(3, events)
    assert database.logs(0, 9, None, 100) == events
    assert database.logs(0, 9, [a, c, a], 100) == [events[1], events[2], events[3]]
    assert database.logs(2, 2, None, 100) == [events[2]]
    assert database.logs(0, 9, [a, b], 1) == [events[0], events[1]]
    assert database.logs(0, 9, [], 1) == []
    database.close()


def test_readers_see_one_state(tmp_path: Path) -> None:
    """Inside a snapshot nothing changes, whatever the owner writes."""
    database = ChainDatabase(tmp_path / "chain.db", create=True)
    reader = ChainDatabase(tmp_path / "chain.db", read_only=True)
    with reader.snapshot():
        assert reader.facts() == {}
        database.commit(1, (), {"head": b"1"})
        assert reader.facts() == {}
    assert reader.facts() == {"head": b"1"}
    database.close()
    reader.close()


def test_damage_and_disks() -> None:
    """A broken file is damage; a full or unwritable one is a disk that may work later."""
    broken = sqlite3.DatabaseError("malformed")
    broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    full = sqlite3.OperationalError("full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    text = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")
    assert isinstance(fault(broken, None), VerificationError)
    assert isinstance(fault(text, None), VerificationError)
    assert isinstance(fault(full, Path("chain.db")), Unavailable)


def test_the_owner_s_lock(tmp_path: Path) -> None:
    """One owner at a time, named as well as its note allows."""
    path = tmp_path / "chain.db"
    owner = ChainOwner(path)
    assert read_owner(path)["pid"] == os.getpid()
    lock = tmp_path / "chain.db.lock"
    for note in ("", "[]", "no json"):
        lock.write_text(note)
        assert read_owner(path) == {}
        with pytest.raises(Conflict, match=r"process \? on \?"):
            ChainOwner(path)
    owner.release()
    owner.release()
    ChainOwner(path).release()
    lock.unlink()
    lock.mkdir()
    with pytest.raises(Unavailable) as caught:
        ChainOwner(path)
    assert caught.value.code == "chain.disk"
