"""Compute decisions on orders' money again: by which rule each was made, its text says.

This module refuses a rule whose text it does not compute.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from counterfoil.apps.supply.orders.arriving import RECEIPT_RULE, RECEIPT_RULE_NAME
from counterfoil.apps.supply.orders.cold_chain import COLD_RULE, COLD_RULE_NAME, replay_cold
from counterfoil.apps.supply.orders.delivering import PURPOSE, replay_receipt
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["PURPOSE", "replay"]


def replay(ledger: Ledger, index: int) -> None:
    """Compute a decision on an order's money again, from the ledger alone.

    Raises VerificationError with code supply.replay where another one comes out, InputError with
    code supply.rule for a decision by something else.
    """
    model = ledger.decisions.get(index).said.get("model") or {}
    for text, again in ((RECEIPT_RULE, replay_receipt), (COLD_RULE, replay_cold)):
        if model.get("digest") == sha256(text.encode()).hexdigest():
            again(ledger, index)
            return
    raise InputError(
        "supply.rule",
        f"expected a decision by the rule of {RECEIPT_RULE_NAME} or {COLD_RULE_NAME}, found "
        f"{str(model.get('name'))[:80]!a}",
        hint="A person's decision is not computed; another rule's text is not known here.",
    )
