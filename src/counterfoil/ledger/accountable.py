"""The part of the facade about people, data, models and decisions: one room for each.

Each room is loaded when it is first used, so that a ledger of plain records costs no import of
them. This module refuses to do anything itself.
"""

from __future__ import annotations

from counterfoil.ledger.readable import Readable

__all__ = ["Accountable"]


class Accountable(Readable):
    """A ledger with rooms for people, data, models and decisions; see `Ledger`."""
