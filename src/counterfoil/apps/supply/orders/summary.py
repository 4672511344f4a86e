"""How far each order is, told from the log alone: placed, delivered in part or whole, returned.

This module refuses to ask a chain: `OrderDesk.standing` does, and sees what the clock did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from counterfoil.apps.supply.orders.delivering import owed
from counterfoil.apps.supply.orders.placed import RELEASE, Placed, list_orders, moves_of

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["OrderState", "Summary", "summaries", "summary_of"]

OrderState = Literal["recorded", "open", "part", "delivered", "returned"]
"""Recorded, and no contract placed it; open, or delivered in part; all of it; or what was left of
it was returned."""


@dataclass(frozen=True, slots=True)
class Summary:
    """An order, and what was done about it.

    units: that arrived. released: to the supplier, left: that no verdict moved, in the token's
    smallest unit. decisions: on its money, their entries, oldest first. waits: of these, those that
    no contract carried out yet.
    """

    placed: Placed
    state: OrderState
    units: int
    released: int
    left: int
    decisions: tuple[int, ...]
    waits: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            **self.placed.to_json(),
            "state": self.state,
            "units": self.units,
            "released": str(self.released),
            "left": str(self.left),
            "decisions": list(self.decisions),
            "waits": list(self.waits),
        }


def summary_of(ledger: Ledger, placed: Placed) -> Summary:
    """Tell how far an order is, by what contracts did as the log has it."""
    moves = moves_of(ledger, placed)
    done = [one for one in moves if one.done]
    left = owed(placed, moves)
    released = [one for one in done if one.outcome == RELEASE]
    acted = ledger.decisions.get(placed.said.decision.leaf or "").actions
    state: OrderState = "part" if released else "open"
    if not acted and not done:
        state = "recorded"
    elif len(released) < len(done):
        state = "returned"
    elif left.units == 0:
        state = "delivered"
    return Summary(
        placed,
        state,
        sum(one.units for one in released),
        sum(one.amount for one in released),
        0 if state == "recorded" else left.amount,
        tuple(one.index for one in moves),
        tuple(one.index for one in moves if not one.done),
    )


def summaries(ledger: Ledger, limit: int) -> Iterator[Summary]:
    """List orders, the newest first, each with how far it is."""
    for placed in list_orders(ledger, limit):
        yield summary_of(ledger, placed)
