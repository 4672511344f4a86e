"""What a witness has cosigned, in one file that never goes back.

A witness is worth its memory and nothing more: what it forgets, a log may rewrite. So the last
checkpoint of each log is replaced only by its successor, in one durable transaction, and the
database itself refuses anything else. Evidence of logs that showed two histories is kept beside.

A memory that was itself put back to an older state looks whole, and cannot be noticed from
within: keep it out of the backups of what it watches, and let other witnesses watch too. This
module refuses to judge, to sign, to forget, and to take a damaged file for an empty one.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from counterfoil.errors import InputError, Unavailable
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.witness.memory_file import (
    READ_FAULTS,
    connect,
    create_file,
    damaged,
    fault,
    file_identity,
    fold,
    locked,
)

__all__ = ["FORKS_MAX", "UNPROVEN_MAX", "Evidence", "Remembered", "WitnessMemory"]

FORKS_MAX: Final = 64
"""Most checkpoints of one log that are kept because they prove a second history."""

UNPROVEN_MAX: Final = 16
"""Most checkpoints of one log that are kept because their proof of growth did not hold."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The latest checkpoint of a log that was cosigned.

    note: signed by the log and by the witness. time_s: of the last cosignature, POSIX seconds.
    """

    checkpoint: Checkpoint
    note: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A checkpoint that its log signed and the witness refused, with the one that it had cosigned.

    kind: `fork` when both have one size and two roots, which no honest log signs; `unproven` when
    the proof sent with it did not hold, for which whoever sent it may be to blame. refused, last:
    signed notes; last is empty where nothing had been cosigned. at_s: POSIX seconds, the
    witness's.
    """

    origin: str
    kind: Literal["fork", "unproven"]
    refused: bytes
    last: bytes
    at_s: int


class WitnessMemory:
    """The memory of one witness, in the SQLite file at `path`.

    create: make the file where there is none; it is never made by accident. Safe to share among
    threads, and the file among processes.
    Raises FatalLogError with code witness.memory-missing or witness.memory-damaged, Unavailable
    with code witness.memory-unavailable or witness.memory-busy.
    """

    def __init__(self, path: Path, create: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._file: tuple[int, int] | None = None
        if create and not path.exists():
            create_file(path)
        self._use()

    def __del__(self) -> None:
        """Let go of the file of a memory that nobody closed."""
        if getattr(self, "_connection", None) is not None:
            self._hang_up()

    def close(self) -> None:
        """Close the file; what was remembered stays."""
        with self._lock:
            self._closed = True
            self._hang_up()

    def last(self, origin: str) -> bytes | None:
        """Read the latest checkpoint of a log that was cosigned, a signed note; None for none."""
        found = self.remembered(origin)
        return None if found is None else found.note

    def last_by_hash(self, origin_hash: bytes) -> bytes | None:
        """Read the same by the SHA-256 of the origin, 32 bytes."""
        with self._reading() as db:
            query = "SELECT origin FROM cosigned WHERE origin_hash = ?"
            row = db.execute(query, (origin_hash,)).fetchone()
            found = None if row is None else self._read(db, row[0])
            return None if found is None else found.note

    def remembered(self, origin: str) -> Remembered | None:
        """Read what is remembered of a log."""
        with self._reading() as db:
            return self._read(db, origin)

    def origins(self) -> list[str]:
        """List the logs that were ever cosigned."""
        with self._reading() as db:
            return [row[0] for row in db.execute("SELECT origin FROM cosigned ORDER BY origin")]

    def advance(self, origin: str, step: Callable[[Remembered | None], Remembered]) -> Remembered:
        """Replace what is remembered of a log by what `step` makes of it, at once and durably.

        Nothing else changes the memory between; when `step` raises, or gives back what it was
        given, nothing is changed. Only when this returns may anybody hear of the new state.
        Raises FatalLogError with code witness.memory-back when the new state does not follow.
        """
        with self._writing() as db:
            last = self._read(db, origin)
            new = step(last)
            if new is last:
                return new
            root, size = new.checkpoint.root, new.checkpoint.size
            if last is None:
                query = "INSERT INTO cosigned VALUES (?, ?, ?, ?, ?, ?)"
                known = (origin, sha256(origin.encode()).digest())
                db.execute(query, (*known, size, root, new.note, new.time_s))
            else:
                query = "UPDATE cosigned SET size = ?, root = ?, note = ?, time_s = ? WHERE "
                db.execute(query + "origin = ?", (size, root, new.note, new.time_s, origin))
            # What could not be proven then has been proven now.
            query = "DELETE FROM evidence WHERE origin = ? AND kind = 'unproven' AND text = ?"
            db.execute(query, (origin, checkpoints.format(new.checkpoint)))
        return new

    def keep_evidence(self, found: Evidence) -> None:
        """Keep evidence, once for each checkpoint: the first forks, and the newest unproven."""
        text = notes.parse(found.refused).text
        with self._writing() as db:
            known = (found.origin, found.kind)
            here = "FROM evidence WHERE origin = ? AND kind = ?"
            if db.execute(f"SELECT 1 {here} AND text = ?", (*known, text)).fetchone():
                return
            (count,) = db.execute(f"SELECT count(*) {here}", known).fetchone()
            if found.kind == "fork" and count >= FORKS_MAX:
                return
            if found.kind == "unproven" and count >= UNPROVEN_MAX:
                (oldest,) = db.execute(f"SELECT min(number) {here}", known).fetchone()
                db.execute("DELETE FROM evidence WHERE number = ?", (oldest,))
            query = "INSERT INTO evidence VALUES (NULL, ?, ?, ?, ?, ?, ?)"
            db.execute(query, (*known, text, found.refused, found.last, found.at_s))

    def evidence(self, origin: str) -> list[Evidence]:
        """List the evidence against a log, oldest first."""
        query = "SELECT origin, kind, refused, last, at_s FROM evidence WHERE origin = ?"
        with self._reading() as db:
            return [Evidence(*row) for row in db.execute(f"{query} ORDER BY number", (origin,))]

    def _read(self, db: sqlite3.Connection, origin: str) -> Remembered | None:
        query = "SELECT size, root, note, time_s FROM cosigned WHERE origin = ?"
        row = db.execute(query, (origin,)).fetchone()
        if row is None:
            return None
        size, root, note, time_s = row
        try:
            checkpoint = checkpoints.parse(notes.parse(note).text)
        except InputError as err:
            raise damaged(self._path, f"a note of {origin!a} that is none: {err.message}") from err
        if checkpoint != Checkpoint(origin, size, root):
            raise damaged(self._path, f"a note of {origin!a} that is of another state")
        return Remembered(checkpoint, note, time_s)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._use()
            except READ_FAULTS as err:
                self._hang_up()
                raise fault(err, self._path) from err

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._use()
            with locked(self._path):
                self._require_file()
                try:
                    db.execute("BEGIN IMMEDIATE")
                    yield db
                    db.execute("COMMIT")
                except READ_FAULTS as err:
                    # After an uncertain commit only the file knows: look again when next asked.
                    self._hang_up()
                    raise fault(err, self._path) from err
                except BaseException:
                    db.execute("ROLLBACK")
                    raise
                fold(db, self._path)

    def _use(self) -> sqlite3.Connection:
        if self._closed:
            raise Unavailable("witness.closed", "expected an open memory, found it closed")
        if self._connection is None:
            self._connection = connect(self._path)
            self._file = file_identity(self._path)
        return self._connection

    def _require_file(self) -> None:
        """Refuse to remember in a file that was deleted or replaced while it is open."""
        if file_identity(self._path) != self._file:
            raise damaged(self._path, "that the file was deleted or replaced while in use")

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
