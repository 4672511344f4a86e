"""Compute any plan on record again: routes, re-routing, stock.

This module refuses entries that are no plans.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.supply.plan import recorded, reroute_recorded
from counterfoil.apps.supply.plan.stock import recorded as stock_recorded
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["PURPOSES", "replay"]

PURPOSES: Final[dict[str, Callable[[Ledger, int], Any]]] = {
    recorded.PURPOSE: recorded.replay_plan,
    reroute_recorded.PURPOSE: reroute_recorded.replay_reroute,
    stock_recorded.PURPOSE: stock_recorded.replay_stock,
}
"""Purpose of a decision -> what computes it again."""


def replay(ledger: Ledger, index: int) -> None:
    """Compute the plan of a decision again.

    Raises VerificationError with code plan.differs where another comes out, InputError with code
    plan.no-decision for an entry that is no plan, and as the room's own functions.
    """
    purpose = ledger.get(index).content.get("purpose")
    again = PURPOSES.get(purpose) if isinstance(purpose, str) else None
    if again is None:
        raise InputError(
            "plan.no-decision",
            f"expected a decision on routes or stock at entry {index}, found another entry",
            hint=f"Their purposes are {', '.join(PURPOSES)}.",
        )
    again(ledger, index)
