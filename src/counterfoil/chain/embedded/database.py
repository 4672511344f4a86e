"""Keep an embedded chain in SQLite: one transaction a block, whole or not at all.

What a block writes is gathered in memory and goes to disk in one commit with its events and the
number of its block, so that a crash leaves the last whole block. One process owns the file; this
module refuses to write for another, and knows nothing of the EVM.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)

__all__ = ["APPLICATION_ID", "ChainDatabase", "StoredLog", "fault"]

APPLICATION_ID: Final = 0x43464556
"""SQLite's application id of an embedded chain: "CFEV"."""

_VERSION: Final = 1
_BUSY_TIMEOUT_S: Final = 10.0
_COLUMNS: Final = "SELECT block, position, address, topics, data, tx_hash, tx_index"
_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
_READER: Final = ("query_only = ON", "trusted_schema = OFF")
_WRITER: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "trusted_schema = OFF",
    "wal_checkpoint(TRUNCATE)",
)
_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE node (
    key BLOB PRIMARY KEY, value BLOB NOT NULL, block INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE log (
    block INTEGER NOT NULL, position INTEGER NOT NULL, address BLOB NOT NULL, topics BLOB NOT NULL,
    data BLOB NOT NULL, tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
    PRIMARY KEY (block, position)) STRICT, WITHOUT ROWID;
CREATE INDEX log_address ON log (address, block, position);
"""


@dataclass(frozen=True, slots=True)
class StoredLog:
    """An event as it is kept.

    block: number. position: among the block's events. address: 20 bytes. topics: 32 bytes each,
    joined. tx_hash: 32 bytes. tx_index: of its transaction in the block.
    """

    block: int
    position: int
    address: bytes
    topics: bytes
    data: bytes
    tx_hash: bytes
    tx_index: int


class ChainDatabase:
    """The keys, events and facts of one chain, in the SQLite file at `path`.

    path: an existing file, unless `create`; None is a database of its own that lives until it is
    closed, spilt to disk when it grows. read_only: for whoever does not own the file.
    Raises NotFound with code chain.missing, InputError with code chain.exists, VerificationError
    with code chain.damaged, Unavailable with code chain.disk.
    """

    def __init__(self, path: Path | None, *, create: bool = False, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._pending: dict[bytes, bytes | None] = {}
        if path is not None:
            _check_place(path, create)
        try:
            self._connection = _connect(path, create)
            try:
                if path is not None and not create:
                    self._check()  # before anything is written, if only into the header
                self._set_up(path, _READER if read_only else _WRITER)
                if create or path is None:
                    self._make()
            except BaseException:
                self._connection.close()
                raise
        except _FAULTS as err:
            raise fault(err, path) from err

    def _set_up(self, path: Path | None, pragmas: Sequence[str]) -> None:
        macos = ("fullfsync = ON", "checkpoint_fullfsync = ON") if sys.platform == "darwin" else ()
        for pragma in (*macos, *pragmas) if path is not None else ("journal_mode = OFF",):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()

    def _make(self) -> None:
        self._connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; "
            f"PRAGMA application_id = {APPLICATION_ID}; COMMIT;"
        )

    def _check(self) -> None:
        found = tuple(
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
        if found != (APPLICATION_ID, _VERSION):
            raise VerificationError(
                "chain.damaged",
                f"expected an embedded chain of version {_VERSION} at {self.path}, found "
                f"application {found[0]:#x}, version {found[1]}",
                hint="Check the path; an embedded chain is the file chain.db of a ledger.",
            )

    def get(self, key: bytes) -> bytes | None:
        """Read a key, also one that waits for `commit`; None when it is not there."""
        if key in self._pending:
            return self._pending[key]
        row = self._one("SELECT value FROM node WHERE key = ?", key)
        return None if row is None else bytes(row[0])

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set a key, or delete it with None; nothing is written before `commit`."""
        self._pending[key] = value

    def discard(self) -> None:
        """Forget what waits for `commit`."""
        self._pending.clear()

    def commit(
        self, block: int, logs: Sequence[StoredLog] = (), meta: Mapping[str, bytes] | None = None
    ) -> None:
        """Write all that waits, with the block's events and facts, durably or not at all.

        block: the number that is noted with each key. Raises Unavailable with code chain.disk;
        then nothing waits any more, and reading tells whether it was written.
        """
        rows = [(k, v, block) for k, v in self._pending.items() if v is not None]
        gone = [(k,) for k, v in self._pending.items() if v is None]
        self._pending.clear()
        writer = self._connection
        try:
            writer.execute("BEGIN IMMEDIATE")
            writer.executemany("INSERT OR REPLACE INTO node VALUES (?, ?, ?)", rows)
            writer.executemany("DELETE FROM node WHERE key = ?", gone)
            writer.executemany(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (g.block, g.position, g.address, g.topics, g.data, g.tx_hash, g.tx_index)
                    for g in logs
                ],
            )
            writer.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", list((meta or {}).items())
            )
            writer.execute("COMMIT")
        except _FAULTS as err:
            with contextlib.suppress(sqlite3.Error):
                writer.execute("ROLLBACK")
            raise fault(err, self.path) from err

    def meta(self, name: str) -> bytes:
        """Read a fact of the chain. Raises VerificationError with code chain.damaged."""
        row = self._one("SELECT value FROM meta WHERE name = ?", name)
        if row is None:
            raise VerificationError(
                "chain.damaged", f"expected {name!r} in {self.path}, found nothing"
            )
        return bytes(row[0])

    def facts(self) -> dict[str, bytes]:
        """Read all facts of the chain."""
        return {str(k): bytes(v) for k, v in self._rows("SELECT name, value FROM meta")}

    def logs(
        self, first: int, last: int, addresses: Sequence[bytes] | None, limit: int
    ) -> list[StoredLog]:
        """List the events of blocks `first` to `last`, at most `limit` + 1 of them, in order.

        addresses: whose events, 20 bytes each; None for everybody's.
        """
        each = (
            "FROM log WHERE address = ? AND block BETWEEN ? AND ? ORDER BY block, position LIMIT ?"
        )
        if addresses is None:
            query = (
                f"{_COLUMNS} FROM log WHERE block BETWEEN ? AND ? ORDER BY block, position LIMIT ?"
            )
            return [StoredLog(*row) for row in self._rows(query, first, last, limit + 1)]
        found = [
            StoredLog(*row)
            for address in sorted(set(addresses))
            for row in self._rows(f"{_COLUMNS} {each}", address, first, last, limit + 1)
        ]
        return sorted(found, key=lambda log: (log.block, log.position))[: limit + 1]

    def nodes(self) -> Iterator[tuple[bytes, bytes, int]]:
        """List (key, value, block) of everything that is kept, by key."""
        return self._rows("SELECT key, value, block FROM node ORDER BY key")

    def all_logs(self) -> Iterator[StoredLog]:
        """List every event, in order."""
        query = f"{_COLUMNS} FROM log ORDER BY block, position"
        return (StoredLog(*row) for row in self._rows(query))

    def complaints(self) -> list[str]:
        """Ask SQLite whether the file is whole; what it says, one line each."""
        rows = self._rows("PRAGMA integrity_check(10)")
        return [str(text) for (text,) in rows if text != "ok"]

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the file inside, whatever its owner writes meanwhile."""
        if not self.read_only:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file. Calling it again does nothing."""
        self._connection.close()

    def _one(self, query: str, *values: Any) -> Any:
        try:
            return self._connection.execute(query, values).fetchone()
        except _FAULTS as err:
            raise fault(err, self.path) from err

    def _rows(self, query: str, *values: Any) -> Iterator[Any]:
        try:
            cursor = self._connection.execute(query, values)
        except _FAULTS as err:
            raise fault(err, self.path) from err
        return _fetched(cursor, self.path)


def _fetched(cursor: sqlite3.Cursor, path: Path | None) -> Iterator[Any]:
    try:
        yield from iter(cursor.fetchone, None)
    except _FAULTS as err:
        raise fault(err, path) from err


def _check_place(path: Path, create: bool) -> None:
    if create and path.exists():
        raise InputError(
            "chain.exists",
            f"expected no file at {path}, found one",
            hint="A chain is never overwritten: move the file away first.",
        )
    if not create and not path.is_file():
        raise NotFound(
            "chain.missing",
            f"expected an embedded chain at {path}, found none",
            hint="Check the path; anchoring makes the chain of a ledger when it has none.",
        )


def _connect(path: Path | None, create: bool) -> sqlite3.Connection:
    if path is not None and create:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return sqlite3.connect(
        path or "", isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S
    )


def fault(err: Exception, path: Path | None) -> CounterfoilError:
    """Say what a SQLite error means to whoever runs the chain."""
    code = (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
    broken = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    if code in broken or isinstance(err, UnicodeDecodeError):
        return VerificationError(
            "chain.damaged",
            f"expected a whole chain at {path}, found damage: {str(err)!a}",
            hint="Keep the file; put back a copy, or anchor anew on another chain.",
        )
    return Unavailable(
        "chain.disk",
        f"expected {path} to answer, but: {str(err)!a}",
        hint="Check the space and the permissions of the disk, then try again.",
    )
