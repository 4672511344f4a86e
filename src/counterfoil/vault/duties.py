"""Remember what was said about people and binds who keeps their data: holds and consents.

The log says the same; this is what can be asked at once. This module refuses to decide what
follows from it: the ledger does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.vault.database import VaultFile

__all__ = ["Consent", "Duties", "Hold"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Data that must be kept. data_class: empty for all. until_ms: None until it is lifted."""

    data_class: str
    why: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allowed, or no longer allows.

    data_class: empty for all. number: of the statement that says so.
    """

    data_class: str
    purpose: str
    given: bool
    until_ms: int | None
    number: int


class Duties:
    """Holds and consents in a vault's `keys.db`; the caller holds the vault's lock."""

    def __init__(self, file: VaultFile) -> None:
        self._file = file

    def hold(
        self,
        run: sqlite3.Connection,
        handle: bytes,
        classes: Sequence[str],
        why: str,
        until_ms: int | None,
        number: int,
    ) -> None:
        """Keep a hold on classes, all when none is named, in a transaction under way."""
        run.executemany(
            "INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?, ?)",
            [(handle, one, why, until_ms, number) for one in classes or ("",)],
        )

    def lift(self, run: sqlite3.Connection, handle: bytes, classes: Sequence[str]) -> None:
        """Lift the holds on classes, every hold when none is named, in a transaction under way."""
        if not classes:
            run.execute("DELETE FROM hold WHERE handle = ?", (handle,))
        run.executemany(
            "DELETE FROM hold WHERE handle = ? AND data_class = ?",
            [(handle, one) for one in classes],
        )

    def holds(self, handle: bytes, now_ms: int) -> list[Hold]:
        """List the holds on a person's data that stand at a time, Unix ms."""
        rows = self._file.read(
            "SELECT data_class, why, until_ms FROM hold "
            "WHERE handle = ? AND (until_ms IS NULL OR until_ms > ?) ORDER BY 1",
            handle,
            now_ms,
        )
        return [Hold(*row) for row in rows]

    def consent(self, run: sqlite3.Connection, handle: bytes, consents: Sequence[Consent]) -> None:
        """Keep what a person allows, the later statement counting, in a transaction under way."""
        run.executemany(
            "INSERT INTO consent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "given = excluded.given, until_ms = excluded.until_ms, number = excluded.number "
            "WHERE excluded.number >= number",
            [(handle, c.data_class, c.purpose, c.given, c.until_ms, c.number) for c in consents],
        )

    def consents(self, handle: bytes) -> list[Consent]:
        """List what a person said about purposes, allowed or not."""
        rows = self._file.read(
            "SELECT data_class, purpose, given, until_ms, number FROM consent WHERE handle = ? "
            "ORDER BY 1, 2",
            handle,
        )
        return [Consent(one, purpose, bool(given), *rest) for one, purpose, given, *rest in rows]
