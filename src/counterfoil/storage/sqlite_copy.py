"""Copy a ledger's database while its owner writes to it: one consistent state, in one step.

A copy in small steps would begin anew whenever the owner commits, and never end; so one read
transaction is held for as long as the copy takes. The database is small: entries leave it as soon
as tiles hold them. This module refuses to judge what it copies, and to fold a WAL into the file
that it reads: what a crash left is evidence.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from counterfoil.errors import InputError
from counterfoil.storage.durable import sync_folder
from counterfoil.storage.sqlite_schema import BUSY_TIMEOUT_MS, READ_FAULTS, fault

__all__ = ["copy_database"]


def copy_database(source: Path, target: Path) -> None:
    """Copy the committed state of a database into a new file, and sync it.

    The copy is one file without a WAL. Damage is copied as it is.
    Raises InputError with code store.missing or store.exists, FatalLogError with code
    store.corrupt, Unavailable with code store.full, store.read-only or store.unavailable.
    """
    if not source.exists():
        raise InputError("store.missing", f"expected a database at {source}, found none")
    if target.exists():
        raise InputError("store.exists", f"expected no file at {target}, found one")
    try:
        with (
            contextlib.closing(_open(source)) as reader,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writer,
        ):
            writer.execute("PRAGMA synchronous = OFF")  # synced once, below
            reader.backup(writer)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        sync_folder(target.parent)
    except READ_FAULTS as err:
        raise fault(err, source) from err


def _open(source: Path) -> sqlite3.Connection:
    """Open a database so that nothing in its file or WAL changes, also where nothing may.

    On a disk that cannot be written there is no room for the WAL's index, but no writer either.
    """
    try:
        return _connect(source, "mode=ro")
    except sqlite3.OperationalError:
        wal = source.with_name(source.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        return _connect(source, "mode=ro&immutable=1")


def _connect(source: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(source))}?{options}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    try:
        connection.execute("PRAGMA schema_version").fetchall()  # reads the file
    except READ_FAULTS:
        connection.close()
        raise
    return connection
