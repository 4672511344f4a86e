"""What SQLite adds to the promises of a store: one file, one writer, and errors that say why."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from counterfoil.errors import Conflict, CounterfoilError, FatalLogError, InputError, Unavailable
from counterfoil.ports import Commit, Span, StoredCheckpoint
from counterfoil.storage import sqlite_schema
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.testing.commits import append, next_commit, place
from tests.log_rig import raises_code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, create=True)) as made:
        yield made


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: writes there are short, then fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_database_is_made_once(path: Path) -> None:
    """Making one where a file stands, and opening one where none is, are refused."""
    with raises_code("store.missing", InputError):
        SqliteStore(path)
    SqliteStore(path, create=True).close()
    with raises_code("store.exists", InputError):
        SqliteStore(path, create=True)
    SqliteStore(path).close()


def test_the_folder_must_exist(tmp_path: Path) -> None:
    """A database cannot be made in a folder that is not there; nothing is left behind."""
    with raises_code("store.read-only", Unavailable):
        SqliteStore(tmp_path / "none" / "ledger.db", create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no database" * 1000, b"\x00" * 8192, b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """A file of another kind is refused as it is, and stays as it was."""
    path.write_bytes(content)
    with pytest.raises(FatalLogError) as caught:
        SqliteStore(path)
    assert caught.value.code in ("store.corrupt", "store.schema")
    assert path.read_bytes() == content


@pytest.mark.parametrize("pragma", ["user_version = 99", "application_id = 7"])
def test_another_schema_is_refused(path: Path, pragma: str) -> None:
    """A database of another program, or of another version, is not touched."""
    SqliteStore(path, create=True).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
    for read_only in (False, True):
        with raises_code("store.schema", FatalLogError) as caught:
            SqliteStore(path, read_only=read_only)
        assert str(path) in caught.value.message


def test_an_empty_file_is_no_ledger(path: Path) -> None:
    """What a crash leaves before the tables are made is refused, not taken for an empty log."""
    path.touch()
    with raises_code("store.schema", FatalLogError):
        SqliteStore(path)


def test_the_writer_syncs_every_commit(path: Path) -> None:
    """The writer uses a WAL, syncs each commit and checkpoints alone."""
    SqliteStore(path, create=True).close()
    with closing(sqlite_schema.connect_writer(path)) as writer:
        found = {
            name: writer.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "auto_vacuum")
        }
    expected = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 0, "auto_vacuum": 2}
    assert found == expected


def test_on_a_mac_syncs_reach_the_platter(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS an fsync alone does not empty the disk's cache: F_FULLFSYNC is asked for."""
    SqliteStore(path, create=True).close()
    monkeypatch.setattr(sys, "platform", "darwin")
    with closing(sqlite_schema.connect_writer(path)) as writer:
        for name in ("fullfsync", "checkpoint_fullfsync"):
            assert writer.execute(f"PRAGMA {name}").fetchone() == (1,)


def test_a_reader_cannot_write(store: SqliteStore, path: Path) -> None:
    """A store that is opened for reading sees what the owner commits, and changes nothing."""
    append(store, 3)
    with closing(SqliteStore(path, read_only=True)) as reader:
        append(store, 2)
        head = reader.head()
        assert head == store.head()
        writes: list[Callable[[], None]] = [
            lambda: reader.commit(next_commit(head, [b"x"])),
            lambda: reader.trim(0),
            lambda: reader.keep_checkpoint(StoredCheckpoint(1, b"n", 1)),
        ]
        for call in writes:
            with raises_code("store.read-only", InputError):
                call()
    raises = pytest.raises(sqlite3.OperationalError, match="readonly")
    with closing(sqlite_schema.connect_reader(path)) as connection, raises:
        connection.execute("DELETE FROM head")
    assert store.head().size == 5


def test_what_a_crash_left_in_the_wal_is_taken_up(store: SqliteStore, path: Path) -> None:
    """A copy of file and WAL, as a crash leaves them, opens with every commit, and folds them."""
    for _ in range(20):
        append(store, 1)
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    shutil.copy(f"{path}-wal", f"{copy}-wal")
    assert Path(f"{copy}-wal").stat().st_size > 0
    with closing(SqliteStore(copy)) as crashed:
        assert crashed.head() == store.head()
        assert Path(f"{copy}-wal").stat().st_size == 0


def test_the_wal_is_folded_when_it_is_long(path: Path) -> None:
    """The WAL does not grow beyond its limit by more than a commit."""
    with closing(SqliteStore(path, create=True, wal_limit_bytes=200_000)) as store:
        sizes = []
        for number in range(40):
            store.commit(next_commit(store.head(), [b"%d" % number * 10_000]))
            sizes.append(Path(f"{path}-wal").stat().st_size)
        assert max(sizes) <= 200_000
        assert sizes.count(0) >= 2


def test_a_reader_in_the_way_does_not_fail_a_commit(path: Path) -> None:
    """While a foreign connection holds a snapshot commits go on; then the WAL is folded."""
    with closing(SqliteStore(path, create=True, wal_limit_bytes=0)) as store:
        append(store, 1)
        with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN")
            foreign.execute("SELECT * FROM head").fetchall()
            append(store, 1)
            append(store, 1)
            assert Path(f"{path}-wal").stat().st_size > 0
            assert store.head().size == 3
        append(store, 1)
        assert Path(f"{path}-wal").stat().st_size == 0


def test_a_lock_of_another_is_waited_for_and_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else writes, writing fails with Unavailable and changes nothing."""
    monkeypatch.setattr(sqlite_schema, "BUSY_TIMEOUT_MS", 5)
    with closing(SqliteStore(path, create=True)) as store:
        append(store, 1)
        before = store.head()
        with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            writes: list[Callable[[], None]] = [
                lambda: append(store, 1),
                lambda: store.trim(0),
                lambda: store.keep_checkpoint(StoredCheckpoint(1, b"n", 1)),
            ]
            for call in writes:
                with raises_code("store.unavailable", Unavailable):
                    call()
            foreign.execute("ROLLBACK")
        assert store.head() == before
        append(store, 1)


def test_two_stores_on_one_file(path: Path) -> None:
    """Of two writers on one file the one that is behind hears Conflict, and forks nothing."""
    with closing(SqliteStore(path, create=True)) as one, closing(SqliteStore(path)) as two:
        stale = two.head()
        for size in range(1, 4):
            append(one, 1)
            with raises_code("store.base", Conflict) as caught:
                two.commit(next_commit(stale, [b"theirs"], spans=[Span("i", "s", 0, 1, 0)]))
            assert f"found {size}" in caught.value.message
        append(two, 1)
        with raises_code("store.base", Conflict):
            one.commit(next_commit(stale, [b"ours"]))
        assert one.head() == two.head()
        assert place(one, "s", 0) is None


def test_a_commit_that_breaks_off_is_of_unknown_outcome(store: SqliteStore, path: Path) -> None:
    """When the commit's own write fails nobody can say what is on the disk: FatalLogError.

    After opening again the log is what it was, and goes on.
    """
    append(store, 3)
    before = store.head()
    end = Path(f"{path}-wal").stat().st_size
    with file_size_limit(end + 100), raises_code("store.commit-unknown", FatalLogError):
        store.commit(next_commit(before, [b"x" * 20_000]))
    store.close()
    with closing(SqliteStore(path)) as again:
        assert again.head() == before
        append(again, 1)
        assert again.integrity_faults() == []


def test_writing_to_a_closed_store(path: Path) -> None:
    """A store that is closed refuses to read and to write; what was committed stays."""
    store = SqliteStore(path, create=True)
    append(store, 1)
    head = store.head()
    store.close()
    with raises_code("ledger.closed", Unavailable):
        store.head()
    with pytest.raises(CounterfoilError):
        store.commit(next_commit(head, [b"x"]))
    assert store.integrity_faults() != []
    with closing(SqliteStore(path)) as again:
        assert again.head() == head


def test_many_runs_and_sources(store: SqliteStore) -> None:
    """More runs and sources than a page, or than are remembered, are all kept."""
    scattered = [Span("i", "s", 2 * k, 1, k) for k in range(2_500)]
    store.commit(next_commit(store.head(), [b"x"] * 2_500, spans=scattered))
    assert list(store.spans("i", "s")) == scattered
    many = [Span("i", f"t{k}", 0, 1, 2_500 + k) for k in range(1_200)]
    store.commit(next_commit(store.head(), [b"x"] * 1_200, spans=many))
    again = [Span("i", f"t{k}", 1, 1, 3_700 + k) for k in range(1_200)]
    store.commit(next_commit(store.head(), [b"x"] * 1_200, spans=again))
    counts = {source: count for _, source, count in store.sources()}
    assert counts == {"s": 2_500} | {f"t{k}": 2 for k in range(1_200)}
    assert place(store, "t77", 1) == 3_777


def test_a_failed_commit_forgets_the_sources_it_made(store: SqliteStore) -> None:
    """A source that a failed commit would have made is made by the next one."""
    bad = next_commit(store.head(), [b"x"], spans=[Span("i", "s", 0, 1, 0)])
    twice = Commit(0, bad.head, [*bad.segments, *bad.segments], bad.spans)
    with raises_code("store.unavailable", Unavailable):
        store.commit(twice)
    with raises_code("store.value", InputError):
        store.commit(next_commit(store.head(), [b"x"], spans=[Span("i", "\ud800", 0, 1, 0)]))
    store.commit(bad)
    assert (place(store, "s", 0), list(store.sources())) == (0, [("i", "s", 1)])


def test_what_cannot_be_kept_cannot_be_looked_for(store: SqliteStore) -> None:
    """A name that is no text, or a number beyond 64 bits, is refused by reads too."""
    reads: list[Callable[[], object]] = [
        lambda: store.counter("\ud800"),
        lambda: store.next_number("i", "\udfff"),
        lambda: store.find_span("i", "s", 2**63, 1),
        lambda: list(store.spans("\ud800", "s")),
    ]
    for call in reads:
        with raises_code("store.value", InputError):
            call()


def test_a_database_without_a_head_is_damaged(store: SqliteStore, path: Path) -> None:
    """The one row of the head is missing: damage, not an empty log."""
    append(store, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM head")
        connection.commit()
    with raises_code("store.corrupt", FatalLogError):
        store.head()


def test_space_that_trimming_frees_is_given_back(store: SqliteStore, path: Path) -> None:
    """After trimming and closing the file is small again, and whole."""
    for number in range(4):
        store.commit(next_commit(store.head(), [b"%d" % number * 20_000] * 64))
    store.close()
    full = path.stat().st_size
    with closing(SqliteStore(path)) as again:
        again.trim(256)
    assert path.stat().st_size < full / 10
    with closing(SqliteStore(path)) as again:
        assert (again.head().size, again.integrity_faults()) == (256, [])


def test_structural_damage_is_reported(store: SqliteStore, path: Path) -> None:
    """A page that was overwritten is found, by the check and by whoever reads it."""
    for number in range(8):
        store.commit(next_commit(store.head(), [b"%d" % number * 6_000] * 32))
    assert store.integrity_faults() == []
    store.close()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with closing(SqliteStore(path)) as damaged:
        assert damaged.integrity_faults() != []
        with raises_code("store.corrupt", FatalLogError):
            damaged.head()
        with raises_code("store.corrupt", FatalLogError):
            damaged.trim(0)


@pytest.mark.parametrize(
    ("errorcode", "code", "kind"),
    [
        (sqlite3.SQLITE_FULL, "store.full", Unavailable),
        (sqlite3.SQLITE_CORRUPT, "store.corrupt", FatalLogError),
        (sqlite3.SQLITE_NOTADB, "store.corrupt", FatalLogError),
        (sqlite3.SQLITE_READONLY, "store.read-only", Unavailable),
        (sqlite3.SQLITE_CANTOPEN, "store.read-only", Unavailable),
        (sqlite3.SQLITE_PERM, "store.read-only", Unavailable),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "store.read-only", Unavailable),
        (sqlite3.SQLITE_IOERR_READ, "store.unavailable", Unavailable),
        (sqlite3.SQLITE_BUSY, "store.unavailable", Unavailable),
        (None, "store.unavailable", Unavailable),
    ],
)
def test_errors_say_what_they_mean(
    errorcode: int | None, code: str, kind: type[CounterfoilError], path: Path
) -> None:
    """SQLite's codes become ours, by their class."""
    err = sqlite3.OperationalError("the message")
    if errorcode is not None:
        err.sqlite_errorcode = errorcode
    said = sqlite_schema.fault(err, path)
    assert (said.code, type(said)) == (code, kind)
    assert "the message" in said.message


def test_a_message_that_is_no_text_is_damage(path: Path) -> None:
    """Of a damaged schema SQLite's own message may hold any bytes: still an error of ours."""
    err = UnicodeDecodeError("utf-8", b"malformed \xff\xfe", 10, 11, "invalid start byte")
    said = sqlite_schema.fault(err, path)
    assert (said.code, type(said)) == ("store.corrupt", FatalLogError)
