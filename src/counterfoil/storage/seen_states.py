"""Keep the checkpoints that this user's readers have seen, one file for all logs.

Whoever verified a receipt once notices later that the log shows another history. This module
refuses to judge signatures: what is kept was verified before.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counterfoil.errors import Unavailable
from counterfoil.storage.durable import sync_folder

__all__ = ["KEPT_A_LOG", "Seen", "SeenStates"]

KEPT_A_LOG: Final = 256
"""How many states of one log are kept, the largest of all seen ones."""

_SCHEMA: Final = """
CREATE TABLE seen (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (origin, size, root)) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A state of a log that somebody here saw.

    size: entries. root: 32 bytes. note: the signed checkpoint. at_ms: when, Unix ms.
    """

    size: int
    root: bytes
    note: bytes
    at_ms: int


class SeenStates:
    """What was seen, in the SQLite file at `path`; made when something is first added.

    Raises Unavailable with code seen.unreadable when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, origin: str) -> list[Seen]:
        """List what was seen of a log, smallest first; nothing where no file is."""
        if not self._path.exists():
            return []
        try:
            with _Transaction(self._path) as connection:
                rows = connection.execute(
                    "SELECT size, root, note, at_ms FROM seen WHERE origin = ? ORDER BY size",
                    (origin,),
                ).fetchall()
        except sqlite3.Error as err:
            raise self._unusable(err) from err
        return [Seen(*row) for row in rows]

    def add(self, origin: str, seen: Seen) -> None:
        """Keep a state, durably; one that is kept already stays as it was first seen."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._path.exists():
                _make_file(self._path)
            with _Transaction(self._path) as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)",
                    (origin, seen.size, seen.root, seen.note, seen.at_ms),
                )
                connection.execute(
                    "DELETE FROM seen WHERE origin = ?1 AND size < (SELECT size FROM seen "
                    "WHERE origin = ?1 ORDER BY size DESC LIMIT 1 OFFSET ?2)",
                    (origin, KEPT_A_LOG - 1),
                )
        except (sqlite3.Error, OSError) as err:
            raise self._unusable(err) from err

    def _unusable(self, err: Exception) -> Unavailable:
        return Unavailable(
            "seen.unreadable",
            f"expected to use {self._path}, but: {err}",
            hint="Move the file away if it is damaged: what was seen is then forgotten.",
        )


def _make_file(path: Path) -> None:
    """Make the file whole under another name first: after a power cut there is none, or all of it.

    SQLite makes an empty file long before its table is durable, and that looks like a damaged one.
    """
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with _Transaction(made) as connection:
            connection.execute(_SCHEMA)
        with suppress(FileExistsError):  # made by another process, just now
            os.link(made, path)
        sync_folder(path.parent)
    finally:
        made.unlink(missing_ok=True)


class _Transaction:
    """A connection for one transaction; several processes may have one at once."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=10)

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection.execute("PRAGMA synchronous = EXTRA")
            self._connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            self._connection.close()
            raise
        return self._connection

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            self._connection.rollback() if kind else self._connection.commit()
        finally:
            self._connection.close()
