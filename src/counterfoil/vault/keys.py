"""Keep what opens sealed data: keys per person, class of data and month, and who is who.

A person's id is kept as a hash under a key of this file; their handle is random. A key serves one
person, one class and at most 30 days, so that data over its retention takes its keys along. This
module refuses to hold anything that a person said of themselves.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import FatalLogError
from counterfoil.vault.box import KEY_BYTES, keyed
from counterfoil.vault.database import VaultFile
from counterfoil.vault.duties import Duties
from counterfoil.vault.permits import Permits

__all__ = ["ALL", "KEY_SERVES_MS", "ClassKey", "KeyBook", "Unsaid"]

ALL: Final = ""
"""As a class: all of a person's data."""

KEY_SERVES_MS: Final = 30 * 24 * 3600 * 1000
"""How long a key seals new data, ms."""

_ID_BYTES: Final = 16
_SCHEMA: Final = """
CREATE TABLE vault (
    one INTEGER PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL, origin TEXT NOT NULL,
    name_key BLOB NOT NULL, find_key BLOB NOT NULL, applied INTEGER NOT NULL) STRICT;
CREATE TABLE person (
    handle BLOB PRIMARY KEY, name BLOB NOT NULL UNIQUE, epoch INTEGER NOT NULL,
    settled INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE class_key (
    id BLOB PRIMARY KEY, handle BLOB NOT NULL, data_class TEXT NOT NULL, since_ms INTEGER NOT NULL,
    epoch INTEGER NOT NULL, settled INTEGER NOT NULL, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX class_key_of ON class_key (handle, data_class, since_ms);
CREATE INDEX class_key_new ON class_key (settled) WHERE settled = 0;
CREATE INDEX person_new ON person (settled) WHERE settled = 0;
CREATE TABLE erased (
    handle BLOB NOT NULL, data_class TEXT NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (handle, data_class)) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
    handle BLOB NOT NULL, data_class TEXT NOT NULL, why TEXT NOT NULL, until_ms INTEGER,
    number INTEGER NOT NULL, PRIMARY KEY (handle, data_class)) STRICT, WITHOUT ROWID;
CREATE TABLE consent (
    handle BLOB NOT NULL, data_class TEXT NOT NULL, purpose TEXT NOT NULL, given INTEGER NOT NULL,
    until_ms INTEGER, number INTEGER NOT NULL,
    PRIMARY KEY (handle, data_class, purpose)) STRICT, WITHOUT ROWID;
CREATE TABLE permit (
    id BLOB NOT NULL, handle BLOB NOT NULL, data_class TEXT NOT NULL, holder TEXT NOT NULL,
    purpose TEXT NOT NULL, until_ms INTEGER, public BLOB NOT NULL,
    PRIMARY KEY (id, data_class)) STRICT, WITHOUT ROWID;
CREATE INDEX permit_of ON permit (handle, data_class);
CREATE TABLE wrap (
    permit BLOB NOT NULL, key BLOB NOT NULL, wrapped BLOB NOT NULL,
    PRIMARY KEY (permit, key)) STRICT, WITHOUT ROWID;
CREATE INDEX wrap_of ON wrap (key);
CREATE TABLE unsaid (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, fields TEXT NOT NULL) STRICT;
"""


Unsaid = tuple[str, str]
"""Kind and fields, JSON text, of a statement that is to be recorded."""


@dataclass(frozen=True, slots=True)
class ClassKey:
    """A key of one person and class. id: 16 bytes. since_ms: when it was made. key: 32 bytes."""

    id: bytes
    since_ms: int
    key: bytes


class KeyBook:
    """The keys of one vault, in `keys.db` at `path`; the caller holds the vault's lock.

    origin: of the ledger. vault_id: 16 bytes; of a new file. Raises as `VaultFile`, and
    FatalLogError with code vault.mismatch when the file is another vault's.
    """

    def __init__(self, path: Path, origin: str, vault_id: bytes) -> None:
        self.file = VaultFile(path, _SCHEMA)
        self.permits, self.duties = Permits(self.file), Duties(self.file)
        try:
            self._id, self._name_key, self._find_key = self._establish(origin, vault_id)
        except BaseException:
            self.file.close()
            raise

    def _establish(self, origin: str, vault_id: bytes) -> tuple[bytes, bytes, bytes]:
        with self.file.transaction() as run:
            run.execute(
                "INSERT OR IGNORE INTO vault VALUES (1, ?, ?, ?, ?, -1)",
                (vault_id, origin, os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)),
            )
            found = run.execute("SELECT id, origin, name_key, find_key FROM vault").fetchone()
        if found[:2] != (vault_id, origin):
            raise FatalLogError(
                "vault.mismatch",
                f"expected the keys of this ledger's vault at {self.file.path}, "
                f"found those of vault {found[0].hex()} of {found[1][:80]!a}",
                hint="Put vault.db and its keys back from the same backup.",
            )
        return found[0], found[2], found[3]

    # People -----------------------------------------------------------------------------------

    def handle_of(self, person: str) -> bytes | None:
        """Look a person up by their id; None where they are unknown."""
        rows = self.file.read("SELECT handle FROM person WHERE name = ?", self._named(person))
        return rows[0][0] if rows else None

    def knows(self, handle: bytes) -> bool:
        """Tell whether a handle is a person's who was not erased."""
        return bool(self.file.read("SELECT 1 FROM person WHERE handle = ?", handle))

    def people(self) -> list[bytes]:
        """List the handles."""
        rows = self.file.read("SELECT handle FROM person ORDER BY handle")
        return [row[0] for row in rows]

    def add(
        self,
        people: Mapping[str, bytes],
        keys: Sequence[tuple[bytes, str, ClassKey]],
        epoch: int,
        *,
        settled: bool = False,
    ) -> None:
        """Keep new people (id -> handle) and new keys (handle, class, key), in one transaction."""
        with self.file.transaction() as run:
            run.executemany(
                "INSERT INTO person VALUES (?, ?, ?, ?)",
                [(handle, self._named(one), epoch, settled) for one, handle in people.items()],
            )
            run.executemany(
                "INSERT INTO class_key VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (key.id, handle, data_class, key.since_ms, epoch, settled, key.key)
                    for handle, data_class, key in keys
                ],
            )
            for handle, data_class, key in keys:
                permits = self.permits.of(handle, data_class)
                self.permits.wrap(run, permits, key.id, key.key)

    # Keys -------------------------------------------------------------------------------------

    def newest(self, handle: bytes, data_class: str) -> ClassKey | None:
        """Read the newest key of a person and class."""
        rows = self.file.read(
            "SELECT id, since_ms, key FROM class_key WHERE handle = ? AND data_class = ? "
            "ORDER BY since_ms DESC LIMIT 1",
            handle,
            data_class,
        )
        return ClassKey(*rows[0]) if rows else None

    def key(self, key_id: bytes) -> bytes | None:
        """Read a key; None where it was destroyed."""
        rows = self.file.read("SELECT key FROM class_key WHERE id = ?", key_id)
        return rows[0][0] if rows else None

    def keys(self, handle: bytes, classes: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """List a person's keys of classes: (id, key)."""
        return [
            (key_id, key)
            for one in classes
            for key_id, key in self.file.read(
                "SELECT id, key FROM class_key WHERE handle = ? AND data_class = ?", handle, one
            )
        ]

    def classes(self, handle: bytes) -> list[str]:
        """List the classes of which a person has keys."""
        rows = self.file.read(
            "SELECT DISTINCT data_class FROM class_key WHERE handle = ? ORDER BY 1", handle
        )
        return [row[0] for row in rows]

    def destroy(
        self,
        handle: bytes,
        classes: Sequence[str],
        number: int,
        at_ms: int,
        unsaid: Unsaid | None = None,
    ) -> None:
        """Destroy a person's keys that are no newer than statement `number`, and remember that.

        classes: none for all, which forgets who they are, too. Destroying again changes nothing.
        unsaid: as for `change`.
        """
        with self.change(number, unsaid) as run:
            for one in classes or (ALL,):
                run.execute(
                    "DELETE FROM wrap WHERE key IN (SELECT id FROM class_key WHERE handle = ?1 "
                    "AND epoch <= ?2 AND (data_class = ?3 OR ?3 = ''))",
                    (handle, number, one),
                )
                run.execute(
                    "DELETE FROM class_key WHERE handle = ?1 AND epoch <= ?2 "
                    "AND (data_class = ?3 OR ?3 = '')",
                    (handle, number, one),
                )
                run.execute(
                    "INSERT INTO erased VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "number = max(number, excluded.number)",
                    (handle, one, number, at_ms),
                )
            if not classes:
                run.execute("DELETE FROM person WHERE handle = ? AND epoch <= ?", (handle, number))
                for table in ("permit", "hold", "consent"):
                    run.execute(f"DELETE FROM {table} WHERE handle = ?", (handle,))  # noqa: S608  # a name of ours

    @contextlib.contextmanager
    def change(self, number: int, unsaid: Unsaid | None) -> Iterator[sqlite3.Connection]:
        """Change what statement `number` is about, in one transaction with the statement to be.

        unsaid: kind and fields, JSON text, of a statement that is not in the log yet.
        """
        with self.file.transaction() as run:
            yield run
            run.execute("UPDATE vault SET applied = max(applied, ?)", (number,))
            if unsaid is not None:
                run.execute("INSERT INTO unsaid VALUES (?, ?, ?)", (number, *unsaid))

    def applied(self) -> int:
        """Tell the highest number of a statement about people that was applied here."""
        number: int = self.file.read("SELECT applied FROM vault")[0][0]
        return number

    def unsaid(self) -> list[tuple[int, str, str]]:
        """List the statements that are not in the log yet: (number, kind, fields)."""
        rows: list[Any] = self.file.read("SELECT number, kind, fields FROM unsaid ORDER BY number")
        return rows

    def said(self, number: int) -> None:
        """Hear that a statement stands in the log."""
        with self.file.transaction() as run:
            run.execute("DELETE FROM unsaid WHERE number = ?", (number,))

    def erased(self, handle: bytes, data_class: str) -> int | None:
        """Tell the number of the statement that erased a person's class; None where none did."""
        rows = self.file.read(
            "SELECT max(number) FROM erased WHERE handle = ? AND data_class IN (?, '')",
            handle,
            data_class,
        )
        number: int | None = rows[0][0]
        return number

    # Orphans ----------------------------------------------------------------------------------

    def unsettled(self) -> list[tuple[Any, ...]]:
        """List keys that may have sealed nothing, where a process was killed: (id, handle)."""
        return self.file.read("SELECT id, handle FROM class_key WHERE settled = 0")

    def drop_keys(self, ids: Iterable[bytes]) -> None:
        """Destroy keys by their ids, with what was wrapped of them."""
        with self.file.transaction() as run:
            for one in ids:
                run.execute("DELETE FROM wrap WHERE key = ?", (one,))
                run.execute("DELETE FROM class_key WHERE id = ?", (one,))

    def forget_strays(self) -> None:
        """Forget the new people of whom nothing was ever recorded, nor said."""
        with self.file.transaction() as run:
            run.execute(
                "DELETE FROM person WHERE settled = 0 AND handle NOT IN (SELECT handle FROM "
                "class_key UNION SELECT handle FROM permit UNION SELECT handle FROM hold "
                "UNION SELECT handle FROM consent)"
            )

    def settle(self) -> None:
        """Note that all keys are in use."""
        with self.file.transaction() as run:
            run.execute("UPDATE class_key SET settled = 1 WHERE settled = 0")
            run.execute("UPDATE person SET settled = 1 WHERE settled = 0")

    # Finding ----------------------------------------------------------------------------------

    def term(self, data_class: str, name: str, text: bytes) -> bytes:
        """Hash a field's value for the blind index, 16 bytes."""
        return keyed(self._find_key, data_class.encode(), name.encode(), text)[:_ID_BYTES]

    def _named(self, person: str) -> bytes:
        return keyed(self._name_key, person.encode())
