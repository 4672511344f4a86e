"""A small SQLite file in which is written, durably, what was signed before anybody else sees it.

`anchor.db` is one, and `act.db`. One process writes at a time; others may read, also where the
folder cannot be written. This module refuses a file of another version, and knows no table.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.chain.small_files import sync_folder
from counterfoil.errors import Unavailable

__all__ = ["BookFile", "BookKind"]

_BUSY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class BookKind:
    """What a book is.

    schema: SQL that makes its tables; table: one of them. more: SQL for tables that books of the
    same version may lack. version, application_id: what SQLite keeps in the file. mode: who may
    read a new file, 0o600 for its owner only.
    """

    schema: str
    table: str
    version: int
    application_id: int
    more: str = ""
    mode: int = 0o644


class BookFile(ABC):
    """The file at `path`.

    create: make it where there is none. read_only: only read. What fails is told as each kind of
    book says.
    """

    def __init__(
        self, path: Path, kind: BookKind, *, create: bool = False, read_only: bool = False
    ) -> None:
        self._path, self._kind = path, kind
        self._lock = threading.RLock()
        with self._faults():
            if create and not read_only and not path.exists():
                _make_file(path, kind)
            self._db = _open_reader(path, kind) if read_only else _open(path, "mode=rw")
            try:
                self._prepare(read_only=read_only)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _prepare(self, *, read_only: bool) -> None:
        pragmas = ["trusted_schema = OFF"]
        if sys.platform == "darwin":
            pragmas += ["fullfsync = ON", "checkpoint_fullfsync = ON"]
        if not read_only:
            pragmas += ["journal_mode = WAL", "synchronous = FULL"]
        for pragma in pragmas:
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != self._kind.version:
            raise sqlite3.DatabaseError(
                f"version {version} of the file, expected {self._kind.version}"
            )
        if not read_only and self._kind.more:
            self._db.execute(self._kind.more)

    def _rows(self, query: str, *arguments: object) -> list[Any]:
        with self._lock, self._faults():
            return self._db.execute(query, arguments).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, UnicodeDecodeError) as err:
            raise self._unusable(err) from err

    @abstractmethod
    def _unusable(self, err: Exception) -> Unavailable:
        """Make the error of this kind of book for what went wrong with its file."""


def _open(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_S,
    )


def _open_reader(path: Path, kind: BookKind) -> sqlite3.Connection:
    """Open a book to read, also where SQLite cannot make a WAL's shared memory: a closed one."""
    db = _open(path, "mode=ro")
    try:
        db.execute(f"SELECT count(*) FROM {kind.table}").fetchone()  # noqa: S608  # a name of ours
    except sqlite3.OperationalError:
        db.close()
        wal = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
            raise
        db = _open(path, "immutable=1")
    except BaseException:
        db.close()
        raise
    return db


def _make_file(path: Path, kind: BookKind) -> None:
    """Make an empty book under another name first, so that readers find none or a whole one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    try:
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, kind.mode))
        with closing(sqlite3.connect(fresh, isolation_level=None)) as made:
            made.executescript(
                f"PRAGMA synchronous = EXTRA; BEGIN; {kind.schema} "
                f"PRAGMA user_version = {kind.version}; "
                f"PRAGMA application_id = {kind.application_id}; COMMIT;"
            )
        with suppress(FileExistsError):
            os.link(fresh, path)
        sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)
