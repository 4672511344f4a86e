"""What is recorded of orders beside decisions: agreements with suppliers, and what was ordered.

On the chain items and suppliers are hashes, and terms stand in events; here they are in words, so
that whoever reads the log alone can compute every hash and id again. This module refuses terms that
no contract would take. Source: `contracts/agreements.vy`, `contracts/terms.vy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Count, HexDigest, Name, Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.parts import DecimalText, Reference

if TYPE_CHECKING:  # every ledger knows these kinds, and few have a chain
    from counterfoil.act.actions import PaymentTerms
    from counterfoil.act.reorder_contract import Agreement, Order

__all__ = ["SUPPLY_AGREEMENT", "SUPPLY_ORDER", "ColdChain", "SupplyAgreement", "SupplyOrder"]

_Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]
_Whole = Annotated[str, msgspec.Meta(pattern=r"\A(0|[1-9][0-9]{0,38})\Z")]
_Chain = Annotated[int, msgspec.Meta(ge=1)]


class ColdChain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """At which temperatures goods have to stay.

    low_c, high_c: decimal text, degrees C. grace_s: how long in a row they may be outside, seconds.
    """

    low_c: DecimalText
    high_c: DecimalText
    grace_s: Count = 0


class SupplyAgreement(Header, frozen=True, kw_only=True):
    """What governance agreed on with a supplier for an item, as a desk on a chain has it.

    desk: the contract. transaction: that told it. Amounts: in the token's smallest unit; the other
    fields: see `act.reorder_contract.Agreement`.
    """

    chain_id: _Chain
    desk: _Address
    item: Name
    supplier: Name
    payee: _Address
    token: _Address
    unit_price: _Whole
    quantity: _Whole
    period_quantity: _Whole
    period_budget: _Whole
    period_s: Count
    lead_s: Count
    term_s: Count
    grace_s: Count
    window_s: Count
    arbiter: _Address
    outcome: Name
    transaction: Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{64}\Z")]

    @property
    def agreement(self) -> Agreement:
        """The agreement as the contract takes it. Raises InputError with code supply.terms."""
        from counterfoil.act.reorder_contract import Agreement

        return Agreement(
            item=self.item,
            supplier=self.supplier,
            payee=self.payee,
            token=self.token,
            unit_price=int(self.unit_price),
            quantity=int(self.quantity),
            period_quantity=int(self.period_quantity),
            period_budget=int(self.period_budget),
            period_s=self.period_s,
            lead_s=self.lead_s,
            term_s=self.term_s,
            grace_s=self.grace_s,
            window_s=self.window_s,
            arbiter=self.arbiter,
            outcome=self.outcome,
        )


class SupplyOrder(Header, frozen=True, kw_only=True):
    """An order that a decision places, before it is placed, and on which terms its money waits.

    decision: that places it. po: by which events name it (CBV business transaction). item,
    supplier: names. uom: unit of the quantity (UN/ECE 20), absent for pieces. quantity: units.
    unit_price, amount: in the token's smallest unit. deadline_s: delivered before, POSIX seconds.
    cold_chain: at which temperatures, absent where any will do. chain_id, desk, escrow: contracts.
    payment_id: on the escrow, of the terms that follow; payment_deadline_s: from when on what is
    left returns to the desk.
    """

    decision: Reference
    po: Uri
    item: Name
    supplier: Name
    uom: Name | None = None
    quantity: _Whole
    unit_price: _Whole
    amount: _Whole
    deadline_s: Count
    cold_chain: ColdChain | None = None
    chain_id: _Chain
    desk: _Address
    escrow: _Address
    payment_id: HexDigest
    payee: _Address
    token: _Address
    arbiter: _Address
    window_s: Count = 0
    payment_deadline_s: Count

    @property
    def order(self) -> Order:
        """The order as the desk takes it. Raises InputError with code supply.terms."""
        from counterfoil.act.reorder_contract import Order

        return Order(
            item=self.item,
            supplier=self.supplier,
            quantity=int(self.quantity),
            unit_price=int(self.unit_price),
            deadline_s=self.deadline_s,
        )

    @property
    def terms(self) -> PaymentTerms:
        """The payment's terms as the escrow takes them. Raises InputError with code act.terms."""
        from counterfoil.act.actions import PaymentTerms

        return PaymentTerms(
            payer=self.desk,
            payee=self.payee,
            token=self.token,
            amount=int(self.amount),
            deadline_s=self.payment_deadline_s,
            salt=bytes.fromhex(self.decision.leaf or ""),
            arbiter=self.arbiter,
            window_s=self.window_s,
        )


SUPPLY_AGREEMENT: Final = PredicateType(f"{URI_BASE}supply-agreement/v1", SupplyAgreement)
SUPPLY_ORDER: Final = PredicateType(f"{URI_BASE}supply-order/v1", SupplyOrder)
