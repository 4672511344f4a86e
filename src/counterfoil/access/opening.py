"""Make the guard of an open ledger's node: its keys, its settings, and the log that hears refusals.

This module refuses to guard a ledger that this process cannot record in.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from counterfoil.access.audit import RefusalLog
from counterfoil.access.book import AccessBook
from counterfoil.access.guard import Guard
from counterfoil.access.limits import Limits
from counterfoil.access.settings import load_settings
from counterfoil.ledger import Ledger
from counterfoil.ports import Clock, SystemClock

__all__ = ["open_guard"]


def open_guard(
    ledger: Ledger, clock: Clock | None = None, *, limits: Limits | None = None
) -> Guard:
    """Open the guard of a ledger that this process owns; close it before the ledger.

    limits: else those of access.toml. Raises InputError with code access.settings, Unavailable
    with code extra.missing where an issuer is named and the extra `node` is not installed, and as
    `AccessBook`.
    """
    clock, layout = clock or SystemClock(), ledger.layout
    settings = load_settings(layout.access_settings)

    def record(fields: dict[str, Any]) -> None:
        ledger.record_statement("access-refusal", fields)

    with ExitStack() as failing:
        book = AccessBook(layout.access_book, ledger.origin)
        failing.callback(book.close)
        issuers = signing_in = None
        if settings.issuer:
            from counterfoil.access.oidc import Issuers, SigningIn

            issuers = Issuers(settings.issuer, book, clock)
            signing_in = SigningIn(issuers, clock, layout.folder)
        guard = Guard(
            book,
            clock,
            limits=limits or settings.limits.limits(),
            refusals=RefusalLog(record, clock),
            issuers=issuers,
            signing_in=signing_in,
        )
        guard.sessions.end_of_providers()  # the settings may have changed
        failing.pop_all()
    return guard
