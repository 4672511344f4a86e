"""A witness's memory never goes back, is never made by accident, and never guesses."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.witness import Evidence, Remembered, WitnessMemory
from counterfoil.witness import memory_file as files
from counterfoil.witness.memory import FORKS_MAX, UNPROVEN_MAX
from tests.witnessing import NOW_S, SigningLog

LOG = SigningLog()


def state(size: int, time_s: int = NOW_S, log: SigningLog = LOG) -> Remembered:
    """Make what is remembered of a log at a size."""
    return Remembered(log.checkpoint(size), log.note(size), time_s)


def advance(memory: WitnessMemory, to: Remembered) -> None:
    """Remember a state, whatever was before."""
    memory.advance(to.checkpoint.origin, lambda _: to)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a memory that holds size 5."""
    path = tmp_path / "witness.db"
    memory = WitnessMemory(path, create=True)
    advance(memory, state(5))
    memory.close()
    return path


def damage(path: Path, *statements: str) -> None:
    """Change the file behind the memory's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def opening_fails(path: Path, code: str) -> FatalLogError:
    """Open, read, and give the error that must come."""
    with pytest.raises(FatalLogError) as caught:
        WitnessMemory(path).last(LOG.origin)
    assert caught.value.code == code
    assert "--accept-new-witness" in caught.value.hint
    return caught.value


def test_remembers(path: Path) -> None:
    """What was remembered is there after a restart, by origin and by its hash."""
    memory = WitnessMemory(path)
    assert memory.last(LOG.origin) == LOG.note(5)
    assert memory.remembered(LOG.origin) == state(5)
    assert memory.origins() == [LOG.origin]
    assert memory.last("other.example") is None
    assert memory.last_by_hash(bytes(32)) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_is_an_error(tmp_path: Path) -> None:
    """A memory that is not there is not made, and the hint says how to go on."""
    opening_fails(tmp_path / "witness.db", "witness.memory-missing")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unavailable):
        WitnessMemory(tmp_path / "none" / "witness.db", create=True)


def test_create_keeps_what_is_there(path: Path) -> None:
    """Asking to make a memory where one is opens it, and leaves no other file behind."""
    memory = WitnessMemory(path, create=True)
    assert memory.last(LOG.origin) == LOG.note(5)
    memory.close()
    assert {item.name for item in path.parent.iterdir()} == {"witness.db", "witness.db.lock"}


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_cut_files(path: Path, keep: int) -> None:
    """A file that was cut, also to nothing, is damage and never taken for an empty memory."""
    os.truncate(path, keep)
    opening_fails(path, "witness.memory-damaged")
    with pytest.raises(FatalLogError):
        WitnessMemory(path, create=True)


def test_other_files(path: Path) -> None:
    """Another program's database, text, and one of another version are refused untouched."""
    before = b"hello, world\n" * 1000
    path.write_bytes(before)
    opening_fails(path, "witness.memory-damaged")
    assert path.read_bytes() == before
    path.unlink()
    damage(path, "CREATE TABLE t (a)")
    before = path.read_bytes()
    opening_fails(path, "witness.memory-damaged")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TRIGGER never_back", "UPDATE cosigned SET size = 3"),
        ("DROP TRIGGER never_forget", "DELETE FROM cosigned"),
        ("PRAGMA user_version = 9",),
        ("UPDATE cosigned SET note = x'00'",),
        ("UPDATE cosigned SET size = 9",),
        ("UPDATE cosigned SET note = CAST(replace(CAST(note AS TEXT), '\n5\n', '\n4\n') AS BLOB)",),
    ],
)
def test_changed_files(path: Path, statements: tuple[str, ...]) -> None:
    """A memory whose rules or rows were changed by others is refused."""
    damage(path, *statements)
    opening_fails(path, "witness.memory-damaged")


def test_flipped_pages(path: Path) -> None:
    """A page of noise is found at the latest when its log is asked for."""
    data = bytearray(path.read_bytes())
    pages = len(data) // 4096
    for page in range(1, pages):
        broken = data.copy()
        broken[4096 * page : 4096 * page + 64] = b"\xff" * 64
        path.write_bytes(broken)
        opening_fails(path, "witness.memory-damaged")


@pytest.mark.parametrize(
    "to", [state(4), state(0), state(5, NOW_S - 1), state(5, log=LOG.forked(2)), state(9, 1)]
)
def test_never_back(path: Path, to: Remembered) -> None:
    """Smaller, another root at the same size, or an earlier time is refused by the file itself."""
    memory = WitnessMemory(path)
    with pytest.raises(FatalLogError) as caught:
        advance(memory, to)
    assert caught.value.code == "witness.memory-back"
    assert memory.remembered(LOG.origin) == state(5)
    advance(memory, state(6))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cosigned SET size = 4",
        "UPDATE cosigned SET root = zeroblob(32)",
        "UPDATE cosigned SET origin = 'x'",
        "DELETE FROM cosigned",
        "REPLACE INTO cosigned SELECT origin, origin_hash, 0, root, note, 0 FROM cosigned",
    ],
)
def test_rules_are_in_the_file(path: Path, statement: str) -> None:
    """Even a bug above that asks for it in SQL cannot make the memory go back or forget."""
    with pytest.raises(sqlite3.IntegrityError, match="a witness never"):
        damage(path, statement)
    assert WitnessMemory(path).remembered(LOG.origin) == state(5)


def test_a_step_that_fails_changes_nothing(path: Path) -> None:
    """Whatever the step raises comes out, and the memory is as before and can be used."""
    memory = WitnessMemory(path)

    def step(_: Remembered | None) -> Remembered:
        raise KeyError("planted")

    with pytest.raises(KeyError):
        memory.advance(LOG.origin, step)
    assert memory.remembered(LOG.origin) == state(5)
    advance(memory, state(6))


def test_deleted_or_replaced_in_use(path: Path) -> None:
    """A memory does not go on in a file that was deleted, or put back from a copy, under it."""
    shutil.copy(path, path.with_name("copy.db"))
    memory = WitnessMemory(path)
    advance(memory, state(6))
    path.with_name("copy.db").replace(path)
    with pytest.raises(FatalLogError) as caught:
        advance(memory, state(7))
    assert caught.value.code == "witness.memory-damaged"
    path.unlink()
    with pytest.raises(FatalLogError):
        advance(memory, state(7))


def test_after_a_fault_it_looks_again(path: Path) -> None:
    """A full disk is Unavailable, changes nothing, and the same memory goes on afterwards."""
    memory = WitnessMemory(path)
    connection = memory._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    with pytest.raises(Unavailable) as caught:
        for number in range(6, 2000):
            memory.keep_evidence(Evidence(f"{number}", "fork", LOG.note(6), LOG.note(5), 1))
    assert caught.value.code == "witness.memory-unavailable"
    advance(memory, state(6))
    assert memory.remembered(LOG.origin) == state(6)


def test_faults_while_reading(path: Path) -> None:
    """Damage that shows only when a row is read is named, and the memory looks again next time."""
    memory = WitnessMemory(path)
    data = path.read_bytes()
    at = data.index(LOG.origin.encode())
    damage(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    page = at - at % 4096
    path.write_bytes(data[:page] + b"\xff" * 4096 + data[page + 4096 :])
    with pytest.raises(FatalLogError) as caught:
        memory.last(LOG.origin)
    assert caught.value.code == "witness.memory-damaged"
    with pytest.raises(FatalLogError):
        memory.last(LOG.origin)


def test_a_folder_without_permissions(path: Path) -> None:
    """A lock that cannot be made is Unavailable."""
    path.with_name("witness.db.lock").unlink()
    path.with_name("witness.db.lock").mkdir()
    with pytest.raises(Unavailable) as caught:
        WitnessMemory(path)
    assert caught.value.code == "witness.memory-unavailable"


def test_closed(path: Path) -> None:
    """A closed memory answers nothing, and closing twice is harmless."""
    memory = WitnessMemory(path)
    memory.close()
    memory.close()
    with pytest.raises(Unavailable, match="found it closed"):
        memory.last(LOG.origin)


def evidence_of(size: int, kind: str = "fork") -> Evidence:
    """Make evidence at a size."""
    return Evidence(LOG.origin, kind, LOG.note(size), LOG.note(5), size)  # type: ignore[arg-type]


def test_evidence_is_bounded(path: Path) -> None:
    """Each checkpoint is kept once; the first forks stay, the oldest unproven ones go."""
    memory = WitnessMemory(path)
    for size in range(1, FORKS_MAX + 10):
        for _ in range(2):
            memory.keep_evidence(evidence_of(size))
            memory.keep_evidence(evidence_of(size, "unproven"))
    found = memory.evidence(LOG.origin)
    assert [e.at_s for e in found if e.kind == "fork"] == list(range(1, FORKS_MAX + 1))
    last = FORKS_MAX + 9
    assert [e.at_s for e in found if e.kind == "unproven"] == list(
        range(last - UNPROVEN_MAX + 1, last + 1)
    )
    assert memory.evidence("other.example") == []


def test_two_memories_share_a_file(path: Path) -> None:
    """Two that have one file open take turns, in threads too, and lose nothing of each other."""
    memories = [WitnessMemory(path), WitnessMemory(path)]

    def count(memory: WitnessMemory) -> None:
        for _ in range(30):
            memory.advance(LOG.origin, _one_more)

    threads = [threading.Thread(target=count, args=(memory,)) for memory in memories * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for memory in memories:
        found = memory.remembered(LOG.origin)
        assert found is not None
        assert found.checkpoint.size == 125


def _one_more(last: Remembered | None) -> Remembered:
    assert last is not None
    checkpoint = Checkpoint(LOG.origin, last.checkpoint.size + 1, bytes(32))
    return Remembered(checkpoint, LOG.sign(checkpoints.format(checkpoint)), NOW_S)


def test_a_lock_that_is_never_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot get a turn is told so, and does not wait for ever."""
    monkeypatch.setattr(files, "_BUSY_S", 0.05)
    memory = WitnessMemory(path)
    with files.locked(path), pytest.raises(Unavailable) as caught:
        advance(memory, state(6))
    assert caught.value.code == "witness.memory-busy"
    advance(memory, state(6))


def test_the_log_of_writes_is_folded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log does not grow without bound."""
    monkeypatch.setattr(files, "_FOLD_BYTES", 20_000)
    memory = WitnessMemory(path)
    sizes = []
    for size in range(6, 30):
        advance(memory, state(size))
        sizes.append(path.with_name("witness.db-wal").stat().st_size)
    assert max(sizes) < 60_000
    assert WitnessMemory(path).remembered(LOG.origin) == state(29)
