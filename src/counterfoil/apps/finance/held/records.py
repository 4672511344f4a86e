"""What is agreed about a payment in an escrow, as a statement, before any money moves.

A case is a decision to hold and what people decided later; those are decisions like all others.
Only the terms need a statement of their own: from them anybody computes the payment's id on the
chain, and asks the contract where it stands. This module refuses terms that no escrow would take.
Source: `contracts/terms.vy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Count, HexDigest, Name
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:  # every ledger knows this kind, and few have a chain
    from counterfoil.act.actions import PaymentTerms

__all__ = ["ESCROWED_PAYMENT", "SOURCE", "EscrowedPayment"]

SOURCE: Final = "escrowed/"
"""Beginning of the series of a payment's terms: the payment's id follows, its number is 0."""

_Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]
_Amount = Annotated[str, msgspec.Meta(pattern=r"\A[1-9][0-9]{0,38}\Z")]


class EscrowedPayment(Header, frozen=True, kw_only=True):
    """A payment goes through an escrow, on these terms.

    payment: its id in the systems of who takes payments. entry: the statement that records it.
    chain_id, escrow: the contract. payment_id: on that contract. payer, payee, token, arbiter:
    accounts; arbiter the zero address for no appeal. amount: in the token's smallest unit.
    window_s, due_s, deadline_s, salt: see `act.actions.PaymentTerms`.
    """

    payment: Name
    entry: Reference | None = None
    chain_id: Annotated[int, msgspec.Meta(ge=1)]
    escrow: _Address
    payment_id: HexDigest
    payer: _Address
    payee: _Address
    token: _Address
    amount: _Amount
    arbiter: _Address
    window_s: Count = 0
    due_s: Count = 0
    deadline_s: Count
    salt: HexDigest

    @property
    def terms(self) -> PaymentTerms:
        """The terms as the contract takes them. Raises InputError with code act.terms."""
        from counterfoil.act.actions import PaymentTerms

        return PaymentTerms(
            payer=self.payer,
            payee=self.payee,
            token=self.token,
            amount=int(self.amount),
            deadline_s=self.deadline_s,
            salt=bytes.fromhex(self.salt),
            arbiter=self.arbiter,
            window_s=self.window_s,
            due_s=self.due_s,
        )


ESCROWED_PAYMENT: Final = PredicateType(f"{URI_BASE}escrowed-payment/v1", EscrowedPayment)
