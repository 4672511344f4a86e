"""Keep a log's tail in SQLite: one transaction a batch, on disk before anyone hears of it.

One connection writes and checkpoints (SQLite before 3.51.3 can lose a commit when two do);
readers are `query_only` and read in pages, so that none holds a snapshot while the WAL grows.
This module refuses to repair: it says what is wrong.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import Conflict, FatalLogError, InputError
from counterfoil.ports import Commit, Head, Segment, Span, StoredCheckpoint
from counterfoil.ports.store import CounterValue
from counterfoil.storage.sqlite_schema import (
    BUSY_TIMEOUT_MS,
    READ_FAULTS,
    UNFIT,
    check_schema,
    connect_reader,
    connect_writer,
    create_tables,
    fault,
    unfit,
)
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["WAL_LIMIT_BYTES", "SqliteStore"]

WAL_LIMIT_BYTES: Final = 32 << 20
"""Length of the WAL beyond which the writer folds it into the file."""

_PAGE_ROWS: Final = 64


class SqliteStore:
    """A `LogStore` in one SQLite file.

    path: the file; its folder must exist. create: make it, which it must not be yet.
    read_only: for whoever does not own the ledger. wal_limit_bytes: the writer folds a longer
    WAL into the file.
    Raises InputError with code store.missing or store.exists, Unavailable with code
    store.read-only or store.unavailable, FatalLogError with code store.corrupt or store.schema.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        wal_limit_bytes: int = WAL_LIMIT_BYTES,
    ) -> None:
        if create == path.exists():
            raise InputError(
                "store.exists" if create else "store.missing",
                f"expected {'no' if create else 'a'} database at {path}",
                hint="`counterfoil init DIR` makes a ledger; `counterfoil recover DIR` remakes "
                "its database from the tiles.",
            )
        self._path = path
        self._lock = threading.Lock()
        self._source_ids: dict[tuple[str, str], int] = {}
        self._wal_limit_bytes = wal_limit_bytes
        self._wal = path.with_name(path.name + "-wal")
        try:
            with contextlib.ExitStack() as opened:
                self._writer = None if read_only else connect_writer(path)
                if self._writer is not None:
                    opened.callback(self._writer.close)
                    if create:
                        create_tables(self._writer)
                self._reader = connect_reader(path)
                opened.callback(self._reader.close)
                check_schema(self._reader, path)
                opened.pop_all()
        except READ_FAULTS as err:
            raise fault(err, path) from err

    def head(self) -> Head:
        """Read the last committed state."""
        row = self._one("SELECT size, frontier, note, at_ms, trimmed FROM head")
        if row is None:
            raise FatalLogError(
                "store.corrupt",
                f"expected a head in {self._path}, found none",
                hint="Keep the file, then `counterfoil recover DIR` remakes it from the tiles.",
            )
        size, frontier, note, at_ms, trimmed = row
        hashes = tuple(frontier[at : at + HASH_BYTES] for at in range(0, len(frontier), HASH_BYTES))
        return Head(size, hashes, note, at_ms, trimmed)

    def journal_mode(self) -> str:
        """Tell how SQLite keeps what it commits: `wal`, unless something else set another."""
        row = self._one("PRAGMA journal_mode")
        return "" if row is None else str(row[0])

    def commit(self, commit: Commit) -> None:
        """Make `commit` durable, or change nothing; see `LogStore.commit`."""
        writer = self._require_writer()
        try:
            writer.execute("BEGIN IMMEDIATE")
            (size,) = writer.execute("SELECT size FROM head").fetchone()
            if size != commit.base:
                raise Conflict(
                    "store.base",
                    f"expected a log of {commit.base} entries, found {size}",
                    hint="Another process wrote to this ledger: open it again.",
                )
            self._write(writer, commit)
        except Conflict:
            self._roll_back(writer)
            raise
        except READ_FAULTS as err:
            self._roll_back(writer)
            raise fault(err, self._path) from err
        except UNFIT as err:
            self._roll_back(writer)
            raise unfit(err) from err
        self._finish(writer)

    def _finish(self, writer: sqlite3.Connection) -> None:
        try:
            writer.execute("COMMIT")
        except sqlite3.Error as err:
            code = getattr(err, "sqlite_errorcode", None) or 0
            if code & 0xFF == sqlite3.SQLITE_FULL:  # no commit frame was written
                self._roll_back(writer)
                raise fault(err, self._path) from err
            raise FatalLogError(
                "store.commit-unknown",
                f"expected a commit, but it is unknown whether it is: {err}",
                hint="Stop, look at the disk, and open the ledger again: it will recover.",
            ) from err
        self._fold_wal(writer)

    def _fold_wal(self, writer: sqlite3.Connection) -> None:
        """Fold the WAL into the file when it is long.

        What it holds is durable already: a full disk, or a reader that is in the way, is no
        reason to call the commit failed. The next commit tries again.
        """
        with contextlib.suppress(OSError, sqlite3.Error):
            if self._wal.stat().st_size > self._wal_limit_bytes:
                writer.execute("PRAGMA busy_timeout = 0")
                try:
                    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    writer.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    def _roll_back(self, writer: sqlite3.Connection) -> None:
        self._source_ids.clear()
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        except sqlite3.Error as err:
            raise FatalLogError(
                "store.commit-unknown",
                f"expected to roll back, but: {err}",
                hint="Stop, look at the disk, and open the ledger again: it will recover.",
            ) from err

    def _write(self, writer: sqlite3.Connection, commit: Commit) -> None:
        writer.executemany(
            "INSERT INTO segment VALUES (?, ?, ?, ?)",
            [(s.first, s.count, s.entries, s.hashes) for s in commit.segments],
        )
        for span in commit.spans:
            self._write_span(writer, span)
        if commit.identities:
            writer.executemany("INSERT INTO identity VALUES (?, ?)", commit.identities.items())
        for key, value in commit.counters.items():
            if value is None:
                writer.execute("DELETE FROM counter WHERE key = ?", (key,))
            else:
                writer.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (key, value))
        writer.executemany("INSERT INTO key_entry VALUES (?)", [(at,) for at in commit.key_entries])
        head = commit.head
        writer.execute(
            "UPDATE head SET size = ?, frontier = ?, note = ?, at_ms = ?",
            (head.size, b"".join(head.frontier), head.note, head.at_ms),
        )

    def _write_span(self, writer: sqlite3.Connection, span: Span) -> None:
        source = self._source_id(writer, span.issuer, span.source)
        merged = writer.execute(
            "UPDATE span SET count = count + ?1 WHERE source = ?2 AND count = ?3 - first "
            "AND at + count = ?4 AND first = (SELECT first FROM span WHERE source = ?2 "
            "AND first < ?3 ORDER BY first DESC LIMIT 1)",
            (span.count, source, span.first, span.index),
        )
        if merged.rowcount == 0:
            writer.execute(
                "INSERT INTO span VALUES (?, ?, ?, ?)", (source, span.first, span.count, span.index)
            )

    def _source_id(self, writer: sqlite3.Connection, issuer: str, name: str) -> int:
        known = self._source_ids.get((issuer, name))
        if known is not None:
            return known
        found = (
            writer.execute(
                "SELECT id FROM source WHERE issuer = ? AND name = ?", (issuer, name)
            ).fetchone()
            or writer.execute(
                "INSERT INTO source (issuer, name) VALUES (?, ?) RETURNING id", (issuer, name)
            ).fetchone()
        )
        if len(self._source_ids) > 1000:
            self._source_ids.clear()
        self._source_ids[issuer, name] = found[0]
        return int(found[0])

    def find_span(self, issuer: str, source: str, first: int, count: int) -> Span | None:
        """Find the lowest run that shares a number with first ... first + count - 1."""
        query = (
            "SELECT span.first, count, at FROM span JOIN source ON source.id = span.source "
            "WHERE issuer = ? AND name = ? AND span.first {} ? ORDER BY span.first {} LIMIT 1"
        )
        before = self._one(query.format("<=", "DESC"), issuer, source, first)
        if before is not None and before[0] + before[1] > first:
            return Span(issuer, source, *before)
        after = self._one(query.format(">", "ASC"), issuer, source, first)
        if after is not None and after[0] < first + count:
            return Span(issuer, source, *after)
        return None

    def spans(self, issuer: str, source: str) -> Iterator[Span]:
        """List the runs of a source, by number."""
        at = -1
        while True:
            rows = self._all(
                "SELECT span.first, count, at FROM span JOIN source ON source.id = span.source "
                "WHERE issuer = ? AND name = ? AND span.first > ? ORDER BY span.first LIMIT 1000",
                issuer,
                source,
                at,
            )
            if not rows:
                return
            for row in rows:
                yield Span(issuer, source, *row)
            at = rows[-1][0]

    def sources(self) -> Iterator[tuple[str, str, int]]:
        """List (issuer, source, statements)."""
        yield from self._all(
            "SELECT issuer, name, sum(count) FROM span JOIN source ON source.id = span.source "
            "GROUP BY source.id ORDER BY source.id"
        )

    def next_number(self, issuer: str, source: str) -> int:
        """Tell the number after the highest of a source; 0 for a new one."""
        row = self._one(
            "SELECT span.first + count FROM span JOIN source ON source.id = span.source "
            "WHERE issuer = ? AND name = ? ORDER BY span.first DESC LIMIT 1",
            issuer,
            source,
        )
        return 0 if row is None else int(row[0])

    def find_identity(self, identity: bytes) -> int | None:
        """Find the index of a statement without a number."""
        row = self._one("SELECT at FROM identity WHERE hash = ?", identity)
        return None if row is None else int(row[0])

    def counter(self, key: str) -> CounterValue:
        """Read a counter; None when it is not there."""
        row = self._one("SELECT value FROM counter WHERE key = ?", key)
        value: CounterValue = None if row is None else row[0]
        return value

    def key_entries(self) -> list[int]:
        """List the indices of key statements, ascending."""
        return [at for (at,) in self._all("SELECT at FROM key_entry ORDER BY at")]

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        """List the segments that hold entries of [first, end), ascending."""
        at = first - first % TILE_WIDTH
        while at < end:
            rows = self._all(
                "SELECT first, count, entries, hashes FROM segment "
                "WHERE first >= ? AND first < ? ORDER BY first LIMIT ?",
                at,
                end,
                _PAGE_ROWS,
            )
            if not rows:
                return
            for row in rows:
                if row[0] + row[1] > first:
                    yield Segment(*row)
            at = rows[-1][0] + rows[-1][1]

    def trim(self, below: int) -> None:
        """Forget entries below an index; a multiple of 256 that tiles hold durably."""
        writer = self._require_writer()
        try:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("DELETE FROM segment WHERE first < ?", (below,))
            writer.execute("UPDATE head SET trimmed = max(trimmed, ?)", (below,))
        except READ_FAULTS as err:
            self._roll_back(writer)
            raise fault(err, self._path) from err
        self._finish(writer)

    def checkpoints(self) -> list[StoredCheckpoint]:
        """List the kept checkpoints, oldest first; the head's is always among them."""
        kept = {row[0]: StoredCheckpoint(*row) for row in self._all("SELECT * FROM checkpoint")}
        head = self.head()
        if head.note:
            kept.setdefault(head.size, StoredCheckpoint(head.size, head.note, head.at_ms))
        return [kept[size] for size in sorted(kept)]

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint, or replace its note by one with more signatures."""
        writer = self._require_writer()
        try:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)",
                (checkpoint.size, checkpoint.note, checkpoint.at_ms),
            )
        except READ_FAULTS as err:
            self._roll_back(writer)
            raise fault(err, self._path) from err
        self._finish(writer)

    def integrity_faults(self) -> list[str]:
        """Let SQLite look for structural damage; one line each, none when whole."""
        try:
            rows = self._reader.execute("PRAGMA integrity_check(100)").fetchall()
        except READ_FAULTS as err:
            return [str(err)]
        return [line for (line,) in rows if line != "ok"]

    def close(self) -> None:
        """Let go of the file; what was committed stays. Space that trimming freed is given back."""
        with self._lock:
            self._reader.close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.Error):  # nothing is lost without it
                    self._writer.executescript("PRAGMA incremental_vacuum;")  # steps to the end
                self._writer.close()

    def _require_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            raise InputError("store.read-only", "expected a store that writes, found a reader")
        return self._writer

    def _one(self, query: str, *values: object) -> Any:
        rows = self._all(query, *values)
        return rows[0] if rows else None

    def _all(self, query: str, *values: object) -> list[Any]:
        try:
            with self._lock:
                return self._reader.execute(query, values).fetchall()
        except READ_FAULTS as err:
            raise fault(err, self._path) from err
        except UNFIT as err:
            raise unfit(err) from err
