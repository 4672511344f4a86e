"""Copy a ledger's database while its owner writes to it: one consistent state, in one step.

A copy in small steps would begin anew whenever the owner commits, and never end; so one read
transaction is held for as long as the copy takes. The database is small: entries leave it as soon
as tiles hold them. This module refuses to judge what it copies.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from counterfoil.errors import InputError
from counterfoil.storage.durable import sync_folder
from counterfoil.storage.sqlite_schema import READ_FAULTS, connect_reader, fault

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
            contextlib.closing(connect_reader(source)) as reader,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writer,
        ):
            writer.execute("PRAGMA synchronous = OFF")  # synced once, below
            reader.backup(writer)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        sync_folder(target.parent)
    except READ_FAULTS as err:
        raise fault(err, source) from err
