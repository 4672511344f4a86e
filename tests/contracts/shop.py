"""A shop in memory: a bank's contracts, a reorder desk with money, and one supplier's agreement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode

from counterfoil.act.actions import PaymentTerms
from counterfoil.act.reorder_contract import ORDER_SCOPE, Agreement, Order, place
from counterfoil.formats.verdict import hash_text
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.bank import OWNER, PAYEES, STRANGER, Bank, compiled
from tests.contracts.rig import Contract
from tests.contracts.signing import key

__all__ = ["DAY", "FUNDER", "ITEM", "OUTCOME", "SUPPLIER", "WEEK", "Shop"]

DAY: Final = 86_400
WEEK: Final = 7 * DAY
FUNDER: Final = key("shop: funder")
ITEM: Final = "https://id.gs1.org/01/04012345111118"
SUPPLIER: Final = "https://id.gs1.org/417/4012345000078"
OUTCOME: Final = "shortage"


class Shop(Bank):
    """A bank beside which a reorder desk stands.

    desk_sources: a folder of changed sources for the desk, for the controls.
    """

    def __init__(self, desk_sources: Path | None = None) -> None:
        super().__init__()
        self.desk = self.new_desk(desk_sources)
        self.approvals[ORDER_SCOPE] = self.approve(ORDER_SCOPE)
        self.decisions = 0

    def new_desk(self, sources: Path | None = None, funder: str = FUNDER.address) -> Contract:
        """Put another desk there."""
        arguments = encode(["address", "address"], [self.escrow.address, funder])
        if sources is None:
            return self._shipped("reorder_desk", arguments)
        return self.world.deploy(*compiled(sources / "reorder_desk.vy"), arguments)

    def agreement(self, **changes: Any) -> Agreement:
        """Give an agreement: 10 units at 5 an order, 25 units and 100 a week; with changes."""
        told = Agreement(
            item=ITEM,
            supplier=SUPPLIER,
            payee=PAYEES[0].address,
            token=self.token.address,
            unit_price=5,
            quantity=10,
            period_quantity=25,
            period_budget=100,
            period_s=WEEK,
            lead_s=3600,
            term_s=3 * DAY,
            grace_s=DAY,
            outcome=OUTCOME,
        )
        return replace(told, **changes)

    def agree(self, told: Agreement | None = None, **changes: Any) -> Agreement:
        """Have governance make an agreement."""
        told = told or self.agreement(**changes)
        names = (hash_text(told.item), hash_text(told.supplier))
        self.desk("agree", *names, told.words, sender=OWNER.address)
        return told

    def supply(self, amount: int = 1000, token: Contract | None = None) -> None:
        """Give the desk money."""
        (token or self.token)("mint", self.desk.address, amount, sender=OWNER.address)

    def order(self, quantity: int = 4, **changes: Any) -> Order:
        """Give an order of so many at 5 by tomorrow, with changes."""
        told = Order(
            item=ITEM,
            supplier=SUPPLIER,
            quantity=quantity,
            unit_price=5,
            deadline_s=self.world.now + DAY,
        )
        return replace(told, **changes)

    def decided(self, order: Order, desk: Contract | None = None, **changes: Any) -> bytes:
        """Decide to place an order: a verdict of a decision of its own, recorded and packed."""
        self.decisions += 1
        told = {"decision": leaf_hash(b"shortage %d" % self.decisions)}
        told |= {"outcome": hash_text(OUTCOME)}
        call = place((desk or self.desk).address, order)
        return self.verdict(ORDER_SCOPE, call, order.amount, **{**told, **changes})

    def place(self, order: Order | None = None, **changes: Any) -> PaymentTerms:
        """Place an order that is decided, which a stranger brings; gives its payment's terms."""
        order = order or self.order()
        return self.bring(order, self.decided(order, **changes))

    def bring(self, order: Order, packed: bytes) -> PaymentTerms:
        """Bring a verdict to the desk; gives the terms of the payment that it made."""
        payment_id = self.desk("place", order.words, packed, sender=STRANGER.address)
        placed = next(fields for name, fields in self.desk.logs if name == "Ordered")
        assert placed["payment_id"] == payment_id == self.desk("order_of", placed["decision"])
        told = PaymentTerms.of_words(self.desk("terms_of", order.words, placed["decision"]))
        assert self.payment_id(told) == payment_id
        return told

    def has(self, token: Contract | None = None) -> int:
        """Tell what the desk has of a token."""
        return self.balance(self.desk.address, token)
