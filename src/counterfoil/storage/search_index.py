"""Keep a search index in an SQLite file of its own, so that searching never slows recording.

The file is derived: it can be deleted at any time, and is made again from the log. What it holds
and up to where changes in one transaction, so a crash leaves an index that is only shorter.
This module refuses to know what a term means, and to vouch for what it finds: whoever asks reads
the entries and looks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from counterfoil.errors import Unavailable
from counterfoil.units import HASH_BYTES

__all__ = [
    "INDEX_VERSION",
    "TERM_SEPARATOR",
    "IndexState",
    "SearchIndex",
    "Zone",
    "ZoneKind",
    "discard_index",
    "index_lock",
    "quote_term",
]

INDEX_VERSION: Final = 1
"""Stored in the file as `user_version`; an index of another version is made again."""

TERM_SEPARATOR: Final = "\x1e"
"""Stands between the terms of an entry; no term may hold it, or NUL."""

ZoneKind = Literal["number", "text"]
Zone = tuple[ZoneKind, int, int, float | str, float | str]
"""(kind, field, block, lowest, highest): the values of a field in one block of entries."""

_APPLICATION_ID: Final = 0x43465349  # "CFSI"
_BUSY_TIMEOUT_S: Final = 20.0
_CACHE_KIB: Final = 32 << 10
# Every character but the separator and NUL is part of a term: what stands in an entry is never
# syntax. The tokenizer folds A-Z, and leaves all bytes beyond ASCII alone.
_TERM_CHARACTERS: Final = "".join(
    chr(code) for code in range(1, 128) if not chr(code).isalnum() and chr(code) != TERM_SEPARATOR
)
_TOKENIZER: Final = f"ascii tokenchars '{_TERM_CHARACTERS.replace(chr(39), chr(39) * 2)}'"
_SCHEMA: Final = f"""
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, size INTEGER NOT NULL,
    frontier BLOB NOT NULL) STRICT;
CREATE TABLE zone_number (
    field INTEGER NOT NULL, block INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (field, block)) STRICT, WITHOUT ROWID;
CREATE TABLE zone_text (
    field INTEGER NOT NULL, block INTEGER NOT NULL, low TEXT NOT NULL, high TEXT NOT NULL,
    PRIMARY KEY (field, block)) STRICT, WITHOUT ROWID;
CREATE TABLE wide_block (block INTEGER PRIMARY KEY) STRICT;
CREATE VIRTUAL TABLE term USING fts5 (
    text, content='', columnsize=0, detail=none, tokenize="{_TOKENIZER.replace('"', '""')}");
PRAGMA user_version = {INDEX_VERSION};
PRAGMA application_id = {_APPLICATION_ID};
"""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What an index covers.

    origin: of the log. size: entries [0, size) are indexed. frontier: the tree's right edge at
    that size, 32 bytes each, so that an index of another history is noticed.
    """

    origin: str
    size: int
    frontier: tuple[bytes, ...]


class SearchIndex:
    """An open index; one thread uses it.

    path: the file. create: make it when it is not there, and allow writing; the caller holds
    `index_lock`. Raises Unavailable with code index.missing, index.damaged (delete it and make
    it again), index.full or index.unavailable, as every method does.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        # Readers too, where they may: they must play the journal of a writer that was killed.
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        if not create and not path.exists():
            raise Unavailable("index.missing", f"expected a search index at {path}, found none")
        with _faults(path):
            self._connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S
            )
            try:
                self._prepare(create)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, create: bool) -> None:
        run = self._connection.execute
        run("PRAGMA trusted_schema = OFF")
        run(f"PRAGMA cache_size = -{_CACHE_KIB if create else 4096}")
        if create:
            # No WAL: the file must be readable where nothing can be written. A search waits a
            # moment for a commit; a commit waits a moment for a search.
            run("PRAGMA journal_mode = TRUNCATE")
            run("PRAGMA synchronous = NORMAL")
            if run("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
                self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        found = run("PRAGMA application_id").fetchone() + run("PRAGMA user_version").fetchone()
        if found != (_APPLICATION_ID, INDEX_VERSION):
            raise Unavailable(
                "index.damaged",
                f"expected a search index of version {INDEX_VERSION} at {self.path}, found another",
                hint="Delete the file: it is made again.",
            )

    def state(self) -> IndexState:
        """Read what the index covers; origin is empty before the first `add`."""
        row = self._one("SELECT origin, size, frontier FROM state")
        if row is None:
            return IndexState("", 0, ())
        origin, size, frontier = row
        if not isinstance(frontier, bytes) or len(frontier) != size.bit_count() * HASH_BYTES:
            raise Unavailable("index.damaged", f"expected a whole search index at {self.path}")
        hashes = tuple(frontier[at : at + HASH_BYTES] for at in range(0, len(frontier), HASH_BYTES))
        return IndexState(origin, size, hashes)

    def add(
        self,
        documents: Iterable[tuple[int, str]],
        zones: Iterable[Zone],
        wide_blocks: Iterable[int],
        state: IndexState,
    ) -> None:
        """Add entries and move the watermark, together or not at all.

        documents: (index, terms joined by TERM_SEPARATOR), after what is indexed. zones: extend
        those of the same field and block. wide_blocks: whose zones leave fields out. state: the
        new watermark.
        """
        run, many = self._connection.execute, self._connection.executemany
        with _faults(self.path):
            run("BEGIN IMMEDIATE")
            try:
                many("INSERT INTO term (rowid, text) VALUES (?, ?)", documents)
                for kind, *values in zones:
                    run(_EXTEND[kind], values)
                many("INSERT OR IGNORE INTO wide_block VALUES (?)", ((b,) for b in wide_blocks))
                run(
                    "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?)",
                    (state.origin, state.size, b"".join(state.frontier)),
                )
                run("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    run("ROLLBACK")
                raise

    def find(
        self, expression: str, first: int, end: int, *, newest_first: bool, limit: int
    ) -> list[int]:
        """Find entries of [first, end) whose terms satisfy an FTS5 expression of `quote_term`s."""
        query = _FIND + (
            "ORDER BY rowid DESC LIMIT ?" if newest_first else "ORDER BY rowid LIMIT ?"
        )
        with _faults(self.path):
            rows = self._connection.execute(query, (expression, first, end, limit)).fetchall()
        return [index for (index,) in rows]

    def blocks(
        self,
        kind: ZoneKind,
        field: int,
        low: float | str | None,
        high: float | str | None,
        first: int,
        end: int,
    ) -> set[int]:
        """Find the blocks of [first, end) that may hold a value of `field` in [low, high].

        None is no bound. Blocks that `add` called wide are always among them.
        """
        query = _BLOCKS[kind]
        values = {"field": field, "low": low, "high": high, "first": first, "end": end}
        with _faults(self.path):
            rows = self._connection.execute(query, values).fetchall()
        return {block for (block,) in rows}

    def faults(self) -> list[str]:
        """Let SQLite look for structural damage; one line each, none when whole."""
        try:
            rows = self._connection.execute("PRAGMA integrity_check(100)").fetchall()
            self._connection.execute("INSERT INTO term (term) VALUES ('integrity-check')")
        except sqlite3.Error as err:
            return [str(err)]
        return [line for (line,) in rows if line != "ok"]

    def close(self) -> None:
        """Let go of the file. Calling it again does nothing."""
        self._connection.close()

    def _one(self, query: str) -> Any:
        with _faults(self.path):
            return self._connection.execute(query).fetchone()


_FIND: Final = "SELECT rowid FROM term WHERE term MATCH ? AND rowid >= ? AND rowid < ? "
_EXTEND: Final = {
    kind: (
        f"INSERT INTO zone_{kind} VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "  # noqa: S608
        "low = min(low, excluded.low), high = max(high, excluded.high)"
    )
    for kind in ("number", "text")
}
_BLOCKS: Final = {
    kind: (
        f"SELECT block FROM zone_{kind} WHERE field = :field "  # noqa: S608 (our own words)
        "AND block >= :first AND block < :end "
        "AND (:low IS NULL OR high >= :low) AND (:high IS NULL OR low <= :high) "
        "UNION SELECT block FROM wide_block WHERE block >= :first AND block < :end"
    )
    for kind in ("number", "text")
}


def quote_term(term: str, *, prefix: bool = False) -> str:
    """Quote a term for an FTS5 expression. prefix: find all terms that begin so."""
    quoted = term.replace('"', '""')
    return f'"{quoted}"*' if prefix else f'"{quoted}"'


def discard_index(path: Path) -> None:
    """Delete an index; the caller holds `index_lock`. Raises Unavailable index.unavailable."""
    # The journal first: left alone, it would be played into the next file of this name.
    try:
        path.with_name(path.name + "-journal").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError as err:
        raise Unavailable("index.unavailable", f"expected to delete {path}, but: {err}") from err


@contextlib.contextmanager
def index_lock(path: Path) -> Iterator[bool]:
    """Try to become the one process, and thread, that writes the index at `path`.

    Gives False at once when another one is. The kernel frees the lock of a process that dies.
    Raises Unavailable with code index.unavailable.
    """
    lock = path.with_suffix(".lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise Unavailable("index.unavailable", f"expected to lock {path}, but: {err}") from err
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Say what an SQLite error means for an index."""
    try:
        yield
    except sqlite3.ProgrammingError:  # our own mistake, no fault of the file
        raise
    except sqlite3.Error as err:
        code = (getattr(err, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise Unavailable(
                "index.full", f"expected space for {path.name}, found the disk full: {err}"
            ) from err
        if code in _UNAVAILABLE:
            raise Unavailable(
                "index.unavailable", f"expected the search index {path} to answer, but: {err}"
            ) from err
        raise Unavailable(
            "index.damaged",
            f"expected a whole search index at {path}, found damage: {err}",
            hint="Delete the file: it is made again.",
        ) from err


_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
