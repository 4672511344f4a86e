"""Compute decisions on orders' money again: by which rule each was made, its text says.

This module refuses a rule whose text it does not compute.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from counterfoil.apps.supply.orders.arriving import RECEIPT_RULE, RECEIPT_RULE_NAME
from counterfoil.apps.supply.orders.cold_chain import COLD_RULE, COLD_RULE_NAME, replay_cold
from counterfoil.apps.supply.orders.delivering import PURPOSE, replay_receipt
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.ledger.decisions import FoundDecision

__all__ = ["PURPOSE", "is_by_rule", "replay"]

_RULES: Final = {
    sha256(text.encode()).hexdigest(): again
    for text, again in ((RECEIPT_RULE, replay_receipt), (COLD_RULE, replay_cold))
}
"""Digest of a rule's text -> what computes a decision by it again."""


def is_by_rule(found: FoundDecision) -> bool:
    """Tell whether a decision names a rule that is computed here."""
    return (found.said.get("model") or {}).get("digest") in _RULES


def replay(ledger: Ledger, index: int) -> None:
    """Compute a decision on an order's money again, from the ledger alone.

    Raises VerificationError with code supply.replay where another one comes out, InputError with
    code supply.rule for a decision by something else.
    """
    model = ledger.decisions.get(index).said.get("model") or {}
    again = _RULES.get(str(model.get("digest")))
    if again is not None:
        again(ledger, index)
        return
    raise InputError(
        "supply.rule",
        f"expected a decision by the rule of {RECEIPT_RULE_NAME} or {COLD_RULE_NAME}, found "
        f"{str(model.get('name'))[:80]!a}",
        hint="A person's decision is not computed; another rule's text is not known here.",
    )
