"""Keep what is to be recorded on this machine until the node has it: one SQLite file, mode 0600.

A record gets its number and becomes durable here in one transaction, before anything is sent, so
that whatever breaks - the line, the node, this process - it is sent again under the same number and
stands in the log once. One process uses a spool at a time. This module refuses to send, to grow
beyond its bounds, and a file that is another ledger's.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from counterfoil.chain.book_file import BookFile, BookKind
from counterfoil.errors import Conflict, InputError, Refused, Unavailable
from counterfoil.remote.results import SetAside

__all__ = ["Item", "Kind", "Spool"]

Kind = Literal["record", "rows", "statement", "statements"]

_SCHEMA: Final = """
CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1), series TEXT NOT NULL, origin TEXT) STRICT;
CREATE TABLE series (source TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT NOT NULL,
    number INTEGER NOT NULL, count INTEGER NOT NULL, body BLOB NOT NULL,
    at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE aside (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, number INTEGER NOT NULL,
    count INTEGER NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL,
    code TEXT NOT NULL, message TEXT NOT NULL) STRICT;
"""
_KIND: Final = BookKind(_SCHEMA, "item", 1, 0x43465331, mode=0o600)  # "CFS1"
_ASIDE_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """What waits. id: its place in the order. body: what is sent, with its source and number.

    kind: how it is sent. source, number, count: its series, and which numbers of it. at_ms: when
    it was spooled, Unix ms.
    """

    id: int
    kind: Kind
    source: str
    number: int
    count: int
    body: bytes
    at_ms: int


class Spool(BookFile):
    """The spool at `path`; made, with its folder, when it is not there. Safe for threads.

    series: of records that name none; a random one of the spool's own where None. items_max,
    bytes_max: how much may wait. Raises Unavailable with code spool.file, Conflict with code
    spool.in-use, Refused with code spool.other-series.
    """

    def __init__(
        self,
        path: Path,
        *,
        series: str | None = None,
        items_max: int = 1_000_000,
        bytes_max: int = 1 << 30,
    ) -> None:
        self._path, self._held = path, None
        with self._faults():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._held = self._hold(path)
        try:
            super().__init__(path, _KIND, create=True)
            try:
                self._begin(series)
            except BaseException:
                super().close()
                raise
        except BaseException:
            self._held.close()
            raise
        self._items_max, self._bytes_max = items_max, bytes_max
        ((items, size),) = self._rows("SELECT count(*), coalesce(sum(length(body)), 0) FROM item")
        self._items, self._bytes = int(items), int(size)

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    @property
    def series(self) -> str:
        """The series of records that name none."""
        ((series,),) = self._rows("SELECT series FROM owner")
        return str(series)

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return self._items

    def bind(self, origin: str) -> None:
        """Hear which ledger the node serves; the first one is the spool's for ever.

        Raises Refused with code spool.other-ledger.
        """
        with self._writing() as db:
            db.execute("UPDATE owner SET origin = ? WHERE origin IS NULL", (origin,))
            (found,) = db.execute("SELECT origin FROM owner").fetchone()
        if found != origin:
            raise Refused(
                "spool.other-ledger",
                f"expected the ledger {found}, for which records wait here, found {origin}",
                hint="Connect to the node of that ledger, or name another spool.",
            )

    def knows(self, source: str) -> bool:
        """Tell whether numbers of a series were given out here."""
        return bool(self._rows("SELECT 1 FROM series WHERE source = ?", source))

    def begin_series(self, source: str, number: int) -> None:
        """Start to number a series, where that was not done yet."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO series VALUES (?, ?)", (source, number))

    def put(
        self,
        kind: Kind,
        source: str,
        number: int | None,
        count: int,
        body: Callable[[int], bytes],
    ) -> Item:
        """Keep something, durably, under the next numbers of its series or the given ones.

        body: makes what is sent for the number of the first. Raises Unavailable with code
        spool.full; nothing is kept then.
        """
        at_ms = time.time_ns() // 1_000_000
        with self._writing() as db:
            first = number
            if first is None:
                (first,) = db.execute(
                    "INSERT INTO series VALUES (?1, ?2) ON CONFLICT (source) "
                    "DO UPDATE SET next = next + ?2 RETURNING next - ?2",
                    (source, count),
                ).fetchone()
            data = body(first)
            self._require_room(len(data))
            row = (kind, source, first, count, data, at_ms)
            made = db.execute(
                "INSERT INTO item (kind, source, number, count, body, at_ms) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            found = Item(int(made.lastrowid or 0), *row)
        self._count(1, len(data))
        return found

    def first(self, limit: int, bytes_max: int) -> list[Item]:
        """List what is to be sent first, at least one item where one waits."""
        found: list[Item] = []
        size = 0
        query = "SELECT id, kind, source, number, count, body, at_ms FROM item ORDER BY id LIMIT ?"
        for row in self._rows(query, limit):
            item = Item(*row)
            size += len(item.body)
            if found and size > bytes_max:
                break
            found.append(item)
        return found

    def sent(self, items: list[Item]) -> None:
        """Forget what the node has."""
        with self._writing() as db:
            db.executemany("DELETE FROM item WHERE id = ?", [(item.id,) for item in items])
        self._count(-len(items), -sum(len(item.body) for item in items))

    def take_back(self, item: Item) -> None:
        """Forget what the node refused while its caller waited; its number, if it was the last."""
        with self._writing() as db:
            db.execute("DELETE FROM item WHERE id = ?", (item.id,))
            db.execute(
                "UPDATE series SET next = ? WHERE source = ? AND next = ?",
                (item.number, item.source, item.number + item.count),
            )
        self._count(-1, -len(item.body))

    def set_aside(self, item: Item, code: str, message: str) -> None:
        """Keep what the node refused for good out of the way, for people to look at."""
        with self._writing() as db:
            db.execute("DELETE FROM item WHERE id = ?", (item.id,))
            db.execute(
                "INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    item.id,
                    item.kind,
                    item.source,
                    item.number,
                    item.count,
                    item.body,
                    item.at_ms,
                    code,
                    message,
                ),
            )
        self._count(-1, -len(item.body))

    def aside(self) -> list[SetAside]:
        """List what the node refused for good, oldest first, at most 10,000."""
        rows = self._rows(
            "SELECT source, number, count, code, message, body FROM aside ORDER BY id LIMIT ?",
            _ASIDE_MAX,
        )
        return [SetAside(*row) for row in rows]

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        super().close()
        if self._held is not None:
            self._held.close()

    def _hold(self, path: Path) -> IO[bytes]:
        """Keep other processes out: two would give out the same numbers."""
        with self._faults():
            lock = path.with_name(path.name + ".lock")
            held = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb")
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.close()
                raise Conflict(
                    "spool.in-use",
                    f"expected {path} to be free, found another process at it",
                    hint="Give each process a spool of its own: spool=PATH.",
                ) from None
        return held

    def _begin(self, series: str | None) -> None:
        self._rows("PRAGMA secure_delete = ON")  # what was sent shall not stay readable here
        with self._writing() as db:
            own = series or f"client:{secrets.token_hex(8)}"
            db.execute("INSERT OR IGNORE INTO owner VALUES (1, ?, NULL)", (own,))
            (found,) = db.execute("SELECT series FROM owner").fetchone()
            if series is None or found == series:
                return
        raise Refused(
            "spool.other-series",
            f"expected a spool of the series {series[:80]!a}, found one of {found[:80]!a}",
            hint="Name another spool for another series.",
        )

    def _require_room(self, size: int) -> None:
        if size > self._bytes_max:
            raise InputError(
                "spool.size", f"expected at most {self._bytes_max} bytes at once, found {size}"
            )
        if self._items >= self._items_max or self._bytes + size > self._bytes_max:
            raise Unavailable(
                "spool.full",
                f"expected room in the spool {self._path}, found {self._items} items of "
                f"{self._bytes} bytes waiting",
                hint="Nothing of this was kept. Bring the node back, or allow for more: "
                "spool_bytes=...",
            )

    def _count(self, items: int, size: int) -> None:
        with self._lock:
            self._items += items
            self._bytes += size

    def _unusable(self, err: Exception) -> Unavailable:
        shown = str(err) if isinstance(err, (OSError, sqlite3.Error)) else type(err).__name__
        return Unavailable(
            "spool.file",
            f"expected to use the spool {self._path}, but: {shown}",
            hint="Check the space and the permissions of the disk, or name another: spool=PATH.",
        )
