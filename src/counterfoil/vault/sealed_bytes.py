"""Keep sealed bytes beside the log, and the blind index by which they can be found.

What is here is ciphertext and keyed hashes; without `keys.db` it says how much there is of whom,
and nothing else. This module refuses to decrypt.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import FatalLogError
from counterfoil.vault.database import VaultFile

__all__ = ["Kept", "SealedBytes"]

_ID_BYTES: Final = 16
_SCHEMA: Final = """
CREATE TABLE vault (
    one INTEGER PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL, origin TEXT NOT NULL,
    applied INTEGER NOT NULL) STRICT;
CREATE TABLE sealed (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key BLOB NOT NULL, handle BLOB NOT NULL,
    data_class TEXT NOT NULL, epoch INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    log_size INTEGER NOT NULL, settled INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX sealed_of ON sealed (handle, data_class, at_ms);
CREATE INDEX sealed_with ON sealed (key);
CREATE INDEX sealed_new ON sealed (settled) WHERE settled = 0;
CREATE TABLE term (
    term BLOB NOT NULL, sealed INTEGER NOT NULL REFERENCES sealed ON DELETE CASCADE,
    PRIMARY KEY (term, sealed)) STRICT, WITHOUT ROWID;
CREATE INDEX term_of ON term (sealed);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Sealed bytes of one group.

    digest: SHA-256 of data, 32 bytes. key: id of what opens it. handle: 16 bytes. epoch: number
    of the next statement about people when it was sealed. at_ms: when. log_size: entries of the
    log then. terms: of the blind index.
    """

    digest: bytes
    key: bytes
    handle: bytes
    data_class: str
    epoch: int
    at_ms: int
    log_size: int
    data: bytes
    terms: tuple[bytes, ...] = ()


class SealedBytes:
    """The sealed bytes of a ledger, in `vault.db` at `path`; the caller holds the vault's lock.

    origin: of the ledger. Raises as `VaultFile`, and FatalLogError with code vault.mismatch when
    the file is another ledger's.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self.file = VaultFile(path, _SCHEMA)
        try:
            with self.file.transaction() as run:
                run.execute(
                    "INSERT OR IGNORE INTO vault VALUES (1, ?, ?, -1)",
                    (os.urandom(_ID_BYTES), origin),
                )
                self.id, found = run.execute("SELECT id, origin FROM vault").fetchone()
            if found != origin:
                raise FatalLogError(
                    "vault.mismatch",
                    f"expected the vault of {origin} at {path}, found that of {found[:80]!a}",
                    hint="Put this ledger's vault.db back from a backup.",
                )
        except BaseException:
            self.file.close()
            raise

    def add(
        self, groups: Sequence[Kept], settled: Iterable[int] = (), dropped: Iterable[int] = ()
    ) -> list[int]:
        """Keep groups in one transaction; their ids, in order.

        settled: ids of groups that stand in the log by now. dropped: of those that never will.
        """
        with self.file.transaction() as run:
            run.executemany("UPDATE sealed SET settled = 1 WHERE id = ?", [(i,) for i in settled])
            run.executemany("DELETE FROM sealed WHERE id = ?", [(i,) for i in dropped])
            (last,) = run.execute("SELECT coalesce(max(id), 0) FROM sealed").fetchone()
            ids = list(range(last + 1, last + 1 + len(groups)))
            run.executemany(
                "INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                [
                    (
                        at,
                        g.digest,
                        g.key,
                        g.handle,
                        g.data_class,
                        g.epoch,
                        g.at_ms,
                        g.log_size,
                        g.data,
                    )
                    for at, g in zip(ids, groups, strict=True)
                ],
            )
            run.executemany(
                "INSERT OR IGNORE INTO term VALUES (?, ?)",
                [(term, at) for at, g in zip(ids, groups, strict=True) for term in g.terms],
            )
        return ids

    def get(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Read a group by its digest: (id of its key, sealed bytes); None where it is not."""
        rows = self.file.read("SELECT key, bytes FROM sealed WHERE digest = ?", digest)
        return (rows[0][0], rows[0][1]) if rows else None

    def find(self, terms: Sequence[bytes]) -> list[bytes]:
        """List the digests of groups that have every term, in the order of sealing."""
        query = " INTERSECT ".join(["SELECT sealed FROM term WHERE term = ?"] * len(terms))
        rows = self.file.read(
            f"SELECT digest FROM sealed WHERE id IN ({query}) ORDER BY id",  # noqa: S608  # no value in it
            *terms,
        )
        return [row[0] for row in rows]

    def of(self, handle: bytes) -> list[tuple[str, int, int]]:
        """Count a person's groups by class: (class, groups, when the oldest was sealed, ms)."""
        return self.file.read(
            "SELECT data_class, count(*), min(at_ms) FROM sealed WHERE handle = ? GROUP BY 1",
            handle,
        )

    def remove(
        self, handle: bytes, classes: Sequence[str], number: int, before_ms: int | None = None
    ) -> int:
        """Delete a person's groups that are no newer than statement `number`; how many.

        classes: none for all. before_ms: only what was sealed before that time.
        """
        with self.file.transaction() as run:
            run.execute("UPDATE vault SET applied = max(applied, ?)", (number,))
            return sum(
                run.execute(
                    "DELETE FROM sealed WHERE handle = ?1 AND epoch <= ?2 "
                    "AND (data_class = ?3 OR ?3 = '') AND (at_ms < ?4 OR ?4 IS NULL)",
                    (handle, number, one, before_ms),
                ).rowcount
                for one in classes or ("",)
            )

    def note_applied(self, number: int) -> None:
        """Note that all statements about people up to a number are applied."""
        with self.file.transaction() as run:
            run.execute("UPDATE vault SET applied = max(applied, ?)", (number,))

    def applied(self) -> int:
        """Tell the highest number of an erasure that was applied here."""
        number: int = self.file.read("SELECT applied FROM vault")[0][0]
        return number

    def count(self, handle: bytes, classes: Sequence[str], before_ms: int | None) -> int:
        """Count a person's groups of classes, of all when none is named, sealed before a time."""
        return sum(
            self.file.read(
                "SELECT count(*) FROM sealed WHERE handle = ?1 AND (data_class = ?2 OR ?2 = '') "
                "AND (at_ms < ?3 OR ?3 IS NULL)",
                handle,
                one,
                before_ms,
            )[0][0]
            for one in classes or ("",)
        )

    def older(self, data_class: str, before_ms: int) -> list[tuple[bytes, int]]:
        """List who has groups of a class that were sealed before a time: (handle, how many)."""
        rows: list[Any] = self.file.read(
            "SELECT handle, count(*) FROM sealed WHERE data_class = ? AND at_ms < ? GROUP BY 1",
            data_class,
            before_ms,
        )
        return rows

    def newest_of(self, handle: bytes) -> list[tuple[str, int]]:
        """Tell when a person's newest group of each class was sealed: (class, Unix ms)."""
        rows: list[Any] = self.file.read(
            "SELECT data_class, max(at_ms) FROM sealed WHERE handle = ? GROUP BY 1", handle
        )
        return rows

    def drop(self, ids: Iterable[int]) -> None:
        """Delete groups by their ids: what they were sealed for was never recorded."""
        with self.file.transaction() as run:
            run.executemany("DELETE FROM sealed WHERE id = ?", [(one,) for one in ids])

    def unsettled(self) -> list[tuple[int, bytes, int]]:
        """List groups that may not be in the log: (id, digest, entries of the log then)."""
        return self.file.read("SELECT id, digest, log_size FROM sealed WHERE settled = 0")

    def settle(self, ids: Iterable[int]) -> None:
        """Note that groups stand in the log."""
        with self.file.transaction() as run:
            run.executemany("UPDATE sealed SET settled = 1 WHERE id = ?", [(one,) for one in ids])

    def holds(self) -> bool:
        """Tell whether anything is sealed here."""
        return bool(self.file.read("SELECT 1 FROM sealed LIMIT 1"))

    def uses(self, key: bytes) -> bool:
        """Tell whether anything is sealed with a key."""
        return bool(self.file.read("SELECT 1 FROM sealed WHERE key = ? LIMIT 1", key))
