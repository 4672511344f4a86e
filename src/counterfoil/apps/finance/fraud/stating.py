"""Say a decision on a payment as a statement: the model, the score, its bar, why.

The payment is named by its id, and by a digest of that; what it says is sealed with the features
or left with the bank. This module refuses to record.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.deciding import HOLD, PAY, Decided
from counterfoil.apps.finance.payments import payment_digest, payment_reference
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.decisions.made import Made
from counterfoil.ledger.decisions.models_used import ModelBook, Used
from counterfoil.ports import Said
from counterfoil.provenance.statements.parts import decimal_text

__all__ = ["Statements"]

_PURPOSE: Final = "payment fraud"


class Statements:
    """Makes statements of decisions of one recorded model.

    model: as `Decisions.decision` takes it. sealed: inputs and explanations are sealed under the
    key of the card's holder, else they stand openly.
    """

    def __init__(self, ledger: Ledger, model: Any, *, sealed: bool) -> None:
        self._sealed = sealed
        self._used: Used = ModelBook(ledger).use(model)

    def said(self, at_ms: int, decided: Decided) -> Said:
        """Say a decision. at_ms: when it was made, Unix ms."""
        payment = decided.payment
        fields = {
            "outcome": decided.outcome,
            "at_ms": at_ms,
            "threshold": decimal_text(decided.threshold, "threshold"),
            "alternatives": [PAY, HOLD],
            "purpose": _PURPOSE,
            "based_on": [msgspec.to_builtins(payment_reference(payment.id))],
        }
        if self._used.accountable is not None:
            fields["accountable"] = msgspec.to_builtins(self._used.accountable)
        person = None
        if self._sealed:
            person = payment.card if payment.card is not None else f"payment {payment.id}"
        plain = {name: None if value != value else value for name, value in decided.inputs.items()}
        said = Made(
            Handle(lambda: None),
            self._used,
            plain,
            fields,
            person,
            explained=decided.explained,
            score=decided.score,
            scored=True,
        ).said()
        subject = Subject(
            digest={"sha256": payment_digest(payment.id)},
            name=f"payment {payment.id}"[:255],
        )
        return Said(said.kind, said.fields, (*said.subjects, subject), said.seal)
