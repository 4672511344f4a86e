"""An open ledger in many hands: each closes its own, and the ledger stays open.

For a process that owns a ledger and serves many who ask. This module refuses to close what is not
its own.
"""

from __future__ import annotations

import os

from counterfoil.ledger.ledger import Ledger

__all__ = ["SharedLedger"]


class SharedLedger(Ledger):
    """A ledger whose closing leaves the one that it was made of open.

    ledger: stays its owner's. What is opened of it is used and closed as any other.
    """

    def __init__(self, ledger: Ledger) -> None:
        ledger.require_usable()
        self._reading, self._recorder = ledger._reading, ledger._recorder
        self._admin, self._server = ledger._admin, None
        self._receipts = ledger._receipts
        self._of = ledger
        self._closed = False
        self._process = os.getpid()

    def require_usable(self) -> None:
        """Refuse what was closed, here or by its owner; as `Ledger.require_usable`."""
        super().require_usable()
        self._of.require_usable()

    def close(self) -> None:
        """Record what waits in this one's background, and let go of it alone."""
        if self._closed or os.getpid() != self._process:
            return
        try:
            self._close_rooms()
        finally:
            self._note_closed()
