"""Keep keys, quotas, sessions and used tokens: `access.db`, beside the ledger, mode 0600.

No secret is in it, only digests. Other processes may change it at any time, and what they did
counts at once: `version` tells. This module refuses a file that belongs to another ledger.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from counterfoil.chain.book_file import BookFile, BookKind
from counterfoil.errors import Refused, Unavailable

__all__ = ["AccessBook"]

_SCHEMA: Final = """
CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL) STRICT;
CREATE TABLE key (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, roles TEXT NOT NULL,
    scopes TEXT NOT NULL, sources TEXT NOT NULL, rate REAL, burst INTEGER, quota INTEGER,
    made_ms INTEGER NOT NULL, expires_ms INTEGER, revoked_ms INTEGER, used_ms INTEGER,
    replaces TEXT) STRICT;
CREATE TABLE quota (
    key TEXT NOT NULL, day INTEGER NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (key, day)) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    digest BLOB PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, roles TEXT NOT NULL,
    scopes TEXT NOT NULL, sources TEXT NOT NULL, made_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
    digest BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""
_KIND: Final = BookKind(_SCHEMA, "key", 1, 0x43464B31, mode=0o600)  # "CFK1"


class AccessBook(BookFile):
    """The file at `path`, of the ledger with `origin`; made when it is not there.

    Safe for threads. Raises Unavailable with code access.book when the file cannot be used,
    Refused with code access.other-ledger for another ledger's.
    """

    def __init__(self, path: Path, origin: str) -> None:
        super().__init__(path, _KIND, create=True)
        self.origin = origin
        self._reading = threading.Lock()
        try:
            self._bind()
            with self._faults():
                self._reader = sqlite3.connect(
                    f"{path.resolve().as_uri()}?mode=ro",
                    uri=True,
                    isolation_level=None,
                    check_same_thread=False,
                    timeout=10.0,
                )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        reader = getattr(self, "_reader", None)
        if reader is not None:
            with self._reading:
                reader.close()
        super().close()

    def version(self) -> int:
        """Give a number that is another one whenever anybody changed the file; microseconds.

        A second connection asks, which no writer keeps waiting.
        """
        with self._reading, self._faults():
            return int(self._reader.execute("PRAGMA data_version").fetchone()[0])

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run one query beside whoever writes. Raises Unavailable with code access.book."""
        with self._reading, self._faults():
            return self._reader.execute(query, arguments).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction that is durable when it ends, or nothing. Raises as `rows`."""
        with self._writing() as connection:
            yield connection

    def _bind(self) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO owner VALUES (1, ?)", (self.origin,))
            (found,) = connection.execute("SELECT origin FROM owner").fetchone()
        if found != self.origin:
            raise Refused(
                "access.other-ledger",
                f"expected the keys of {self.origin}, found those of {found} in {self._path}",
                hint="Move the file away: keys of one ledger open no other.",
            )

    def _unusable(self, err: Exception) -> Unavailable:
        return Unavailable(
            "access.book",
            f"expected to use {self._path}, but: {err}",
            hint="Check the space and the permissions of the disk.",
        )
