"""Compute any forecast, plan or decision on money of this app again, from the ledger alone.

Which room computes it, its purpose says. This module refuses entries of other purposes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.ports import load_target

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["replay"]

_ROOM: Final = "counterfoil.apps.supply."

_AGAIN: Final = {
    "supply.spoilage": "predict.spoilage.outcomes:replay",
    "supply.demand": "predict.demand.recording:replay_shortage",
    "supply.route": "plan.replaying:replay",
    "supply.reroute": "plan.replaying:replay",
    "supply.stock": "plan.replaying:replay",
    "supply.delivery": "orders.replaying:replay",
}


def replay(ledger: Ledger, index: int) -> None:
    """Compute a decision again, with its explanation.

    Raises InputError with code supply.no-decision for an entry that is none of this app's, and
    VerificationError where another comes out, as the room that computes it.
    """
    purpose = str(ledger.get(index).content.get("purpose", ""))
    target = _AGAIN.get(purpose)
    if target is None:
        raise InputError(
            "supply.no-decision",
            f"expected a decision of the supply app at entry {index}, found purpose "
            f"{purpose[:60]!a}",
            hint=f"Its purposes are {', '.join(_AGAIN)}.",
        )
    again: Callable[[Ledger, int], Any] = load_target(_ROOM + target)
    again(ledger, index)
