"""The file behind a witness's memory: its tables, how it is made, opened and locked.

It is made whole or not at all, and its tables refuse by themselves to go back, to forget and to
replace, whatever a bug above them asks for. Several processes of one user may share a file: a lock
beside it lets one write at a time, and only its holder folds the write-ahead log into the file
(SQLite before 3.51.3 may lose a commit that another connection makes meanwhile).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable

__all__ = [
    "READ_FAULTS",
    "connect",
    "create_file",
    "damaged",
    "fault",
    "file_identity",
    "fold",
    "locked",
]

READ_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's message about it need not be text either."""

_APPLICATION_ID: Final = 0x43465749  # "CFWI"
_VERSION: Final = 1
_BUSY_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.005
_FOLD_BYTES: Final = 1 << 20
_SCHEMA: Final = """
CREATE TABLE cosigned (
    origin TEXT PRIMARY KEY, origin_hash BLOB NOT NULL UNIQUE CHECK (length(origin_hash) = 32),
    size INTEGER NOT NULL CHECK (size >= 0), root BLOB NOT NULL CHECK (length(root) = 32),
    note BLOB NOT NULL, time_s INTEGER NOT NULL CHECK (time_s >= 0)) STRICT;
CREATE TABLE evidence (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL
    CHECK (kind IN ('fork', 'unproven')), text BLOB NOT NULL, refused BLOB NOT NULL,
    last BLOB NOT NULL, at_s INTEGER NOT NULL, UNIQUE (origin, kind, text)) STRICT;
CREATE TRIGGER never_back BEFORE UPDATE ON cosigned
    WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.time_s < OLD.time_s
    OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
    BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
CREATE TRIGGER never_forget BEFORE DELETE ON cosigned
    BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END;
CREATE TRIGGER never_replace BEFORE INSERT ON cosigned
    WHEN EXISTS (SELECT 1 FROM cosigned WHERE origin = NEW.origin)
    BEGIN SELECT RAISE(ABORT, 'a witness never begins again'); END;
"""


def create_file(path: Path) -> None:
    """Make an empty memory, whole and durable, unless a file is there.

    Raises Unavailable with code witness.memory-unavailable.
    """
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(made, isolation_level=None)
        try:
            connection.executescript(
                f"PRAGMA synchronous = EXTRA; BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; "
                f"PRAGMA application_id = {_APPLICATION_ID}; COMMIT;"
            )
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):  # made by another process, just now
            os.link(made, path)
        _sync_folder(path.parent)
    except (OSError, sqlite3.Error) as err:
        raise _unavailable(path, err) from err
    finally:
        with contextlib.suppress(OSError):
            made.unlink()


def connect(path: Path) -> sqlite3.Connection:
    """Open a memory; what a crash left in its write-ahead log is made durable first.

    Raises FatalLogError with code witness.memory-missing or witness.memory-damaged, Unavailable
    with code witness.memory-unavailable or witness.memory-busy.
    """
    if not path.exists():
        raise FatalLogError(
            "witness.memory-missing",
            f"expected a witness's memory at {path}, found none",
            hint="Bring it back from where it was. If it is lost: a ledger of your own goes on "
            "once with --accept-new-witness; a witness for others needs a new key.",
        )
    with locked(path):
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    pragmas = ["journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"]
    pragmas += ["trusted_schema = OFF", "wal_checkpoint(TRUNCATE)"]
    if sys.platform == "darwin":
        pragmas = ["fullfsync = ON", "checkpoint_fullfsync = ON", *pragmas]
    connection = None
    try:
        connection = sqlite3.connect(
            path.resolve().as_uri() + "?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_S,
        )
        _require_memory(connection, path)  # before anything is written to another's file
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _require_whole(connection, path)
    except (*READ_FAULTS, CounterfoilError) as err:
        if connection is not None:
            connection.close()
        if isinstance(err, CounterfoilError):
            raise
        raise fault(err, path) from err
    return connection


def _require_memory(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION_ID, _VERSION):
        raise damaged(path, f"a file of application {application:#x}, version {version}")


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise damaged(path, f"damage: {found!a}")
    triggers = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"
    if connection.execute(triggers).fetchone() != (3,):
        raise damaged(path, "tables that would let it go back")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock beside a memory, which one process and thread at a time can.

    Raises Unavailable with code witness.memory-busy or witness.memory-unavailable.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(path.with_name(f"{path.name}.lock"), flags, 0o600)
    except OSError as err:
        raise _unavailable(path, err) from err
    try:
        until = time.monotonic() + _BUSY_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as err:
                if time.monotonic() > until:
                    raise Unavailable(
                        "witness.memory-busy",
                        f"expected a turn at {path} within {_BUSY_S:.0f} s, found it in use",
                        hint="Another process shares this memory and does not let go; try again.",
                    ) from err
                time.sleep(_LOOK_AGAIN_S)
        yield
    finally:
        os.close(handle)


def file_identity(path: Path) -> tuple[int, int] | None:
    """Tell which file is at a path: device and inode; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def fold(connection: sqlite3.Connection, path: Path) -> None:
    """Fold a write-ahead log that has grown into the file; the caller holds the lock."""
    with contextlib.suppress(OSError, sqlite3.Error):  # it is durable where it is
        if path.with_name(f"{path.name}-wal").stat().st_size > _FOLD_BYTES:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def fault(err: sqlite3.Error | UnicodeDecodeError, path: Path) -> CounterfoilError:
    """Say what a SQLite error means to whoever runs the witness."""
    code = (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
    if isinstance(err, UnicodeDecodeError) or code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ):
        return damaged(path, f"damage: {str(err)!a}")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return FatalLogError(
            "witness.memory-back",
            f"expected only what follows from {path}, but: {err}",
            hint="The memory is unchanged, and nothing was cosigned. Please report this fault.",
        )
    return _unavailable(path, err)


def damaged(path: Path, found: str) -> FatalLogError:
    """Say that a memory cannot be believed."""
    return FatalLogError(
        "witness.memory-damaged",
        f"expected a whole memory of a witness at {path}, found {found}",
        hint="Keep the file: it is evidence. Bring back a whole copy of the same state; if there "
        "is none, go on as after a loss: --accept-new-witness, or a new key.",
    )


def _unavailable(path: Path, err: Exception) -> Unavailable:
    return Unavailable(
        "witness.memory-unavailable",
        f"expected to read and write {path}, but: {err}",
        hint="Check the space and the permissions of its folder; nothing was cosigned.",
    )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
