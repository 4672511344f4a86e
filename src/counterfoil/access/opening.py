"""Make the guard of an open ledger's node: its keys, its settings, and the log that hears refusals.

This module refuses to guard a ledger that this process cannot record in.
"""

from __future__ import annotations

from typing import Any

from counterfoil.access.audit import RefusalLog
from counterfoil.access.book import AccessBook
from counterfoil.access.guard import Guard, Limits
from counterfoil.ledger import Ledger
from counterfoil.ports import Clock, SystemClock

__all__ = ["open_guard"]


def open_guard(
    ledger: Ledger, clock: Clock | None = None, *, limits: Limits | None = None
) -> Guard:
    """Open the guard of a ledger that this process owns; close it before the ledger.

    Raises as `AccessBook`.
    """
    clock = clock or SystemClock()

    def record(fields: dict[str, Any]) -> None:
        ledger.record_statement("access-refusal", fields)

    book = AccessBook(ledger.layout.access_book, ledger.origin)
    return Guard(book, clock, limits=limits, refusals=RefusalLog(record, clock))
