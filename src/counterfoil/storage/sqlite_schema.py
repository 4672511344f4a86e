"""The tables of a ledger's database, and how a connection to them is made.

Separate from the store so that `recover`, which writes a new database, and tests that break an
old one speak of the same tables.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, InputError, Unavailable

__all__ = [
    "BUSY_TIMEOUT_MS",
    "READ_FAULTS",
    "SCHEMA_VERSION",
    "UNFIT",
    "check_schema",
    "connect_reader",
    "connect_writer",
    "create_tables",
    "fault",
    "unfit",
]

SCHEMA_VERSION: Final = 1
"""Stored in the file as `user_version`."""

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a connection waits for another's lock, ms."""

READ_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's message about it need not be text either."""

UNFIT: Final = (OverflowError, UnicodeEncodeError)
"""What a value raises that SQLite cannot keep: an integer beyond 64 bits, or no text."""

_APPLICATION_ID: Final = 0x43464C31  # "CFL1"
_PAGE_BYTES: Final = 8192
_SCHEMA: Final = """
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, frontier BLOB NOT NULL,
    note BLOB NOT NULL, at_ms INTEGER NOT NULL, trimmed INTEGER NOT NULL) STRICT;
CREATE TABLE segment (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, entries BLOB NOT NULL,
    hashes BLOB NOT NULL) STRICT;
CREATE TABLE source (
    id INTEGER PRIMARY KEY, issuer TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (issuer, name)) STRICT;
CREATE TABLE span (
    source INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (source, first)) STRICT, WITHOUT ROWID;
CREATE TABLE identity (hash BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE key_entry (at INTEGER PRIMARY KEY) STRICT;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY, note BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;
INSERT INTO head VALUES (1, 0, x'', x'', 0, 0);
"""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the one connection that writes: WAL, FULL, and it alone checkpoints.

    What a crash left in the WAL is folded into the file and synced before anything else: after
    a failed fsync the WAL may be readable from the page cache and yet not be on disk.
    """
    pragmas = [
        f"page_size = {_PAGE_BYTES}",
        "auto_vacuum = INCREMENTAL",  # heeded only before the first table
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        "trusted_schema = OFF",
        "wal_checkpoint(TRUNCATE)",
    ]
    if sys.platform == "darwin":
        pragmas = ["fullfsync = ON", "checkpoint_fullfsync = ON", *pragmas]
    return _connect(path, pragmas)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that can only read, also on a medium that cannot be written.

    There SQLite cannot make the shared memory that a WAL needs; when nothing waits in a WAL, the
    file cannot change and is read as it is.
    """
    pragmas = ["query_only = ON", "trusted_schema = OFF", "cache_size = -4096", "user_version"]
    try:
        return _connect(path, pragmas)
    except sqlite3.OperationalError:
        wal = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
            raise
        return _connect(f"{path.resolve().as_uri()}?immutable=1", pragmas)


def _connect(path: Path | str, pragmas: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
        uri=isinstance(path, str),
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except READ_FAULTS:
        connection.close()
        raise
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty log, in one transaction."""
    connection.executescript(
        f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; "
        f"PRAGMA application_id = {_APPLICATION_ID}; COMMIT;"
    )


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no ledger database, or one of another version.

    Raises FatalLogError with code store.schema.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION_ID, SCHEMA_VERSION):
        raise FatalLogError(
            "store.schema",
            f"expected a ledger database of version {SCHEMA_VERSION} at {path}, "
            f"found application {application:#x}, version {version}",
            hint="`counterfoil recover DIR` remakes the database from the tiles.",
        )


def fault(err: sqlite3.Error | UnicodeDecodeError, path: Path) -> CounterfoilError:
    """Say what a SQLite error means to whoever runs the ledger."""
    if isinstance(err, UnicodeDecodeError):
        err = sqlite3.DatabaseError(err.object.decode("utf-8", "replace"))
        err.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    code = (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return Unavailable(
            "store.full",
            f"expected space for {path.name}, found the disk full: {err}",
            hint="Free space on the disk and try again; nothing was stored.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return FatalLogError(
            "store.corrupt",
            f"expected a whole database at {path}, found damage: {err}",
            hint="Keep the file, then `counterfoil recover DIR` remakes it from the tiles.",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return Unavailable(
            "store.read-only",
            f"expected to write {path}, but it cannot be: {err}",
            hint="Check the permissions of the folder, and that its disk is writable.",
        )
    if isinstance(err, sqlite3.ProgrammingError) and "closed" in str(err):
        return Unavailable(
            "ledger.closed", "expected an open ledger, found it closed", hint="Open it again."
        )
    return Unavailable("store.unavailable", f"expected {path.name} to answer, but: {err}")


def unfit(err: Exception) -> InputError:
    """Say that a value is none that SQLite can keep or look for."""
    return InputError(
        "store.value",
        f"expected integers of 64 bits and text, but: {err}",
        hint="Lone surrogates are no text; keep larger numbers as text.",
    )
