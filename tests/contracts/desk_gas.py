"""What a reorder desk's gas is measured on, for any engine: `money_gas`'s contracts, and orders."""

from __future__ import annotations

from typing import Any, Final

from counterfoil.act.actions import (
    NOBODY,
    RELEASE_SCOPE,
    RETURN_SCOPE,
    PaymentTerms,
    release,
    return_,
)
from counterfoil.act.reorder_contract import ORDER_SCOPE, Agreement, Order, place
from counterfoil.formats.verdict import hash_text
from tests.contracts.money_gas import DAY, MoneyStory, decision_of
from tests.verdicts import plain_verdict

__all__ = ["DeskStory"]

ITEM: Final = "https://id.gs1.org/01/04012345111118"
SUPPLIER: Final = "https://id.gs1.org/417/4012345000078"
NAMES: Final = (hash_text(ITEM), hash_text(SUPPLIER))
UNITS: Final = (40, 20, 10)
PRICE: Final = 150


class DeskStory(MoneyStory):
    """Orders that are placed, delivered in part, broken, and left to the clock."""

    def run(self) -> None:
        """Carry out all steps."""
        self.measured = ("reorder_desk",)
        self._deploy_all()
        _, funder, supplier, _ = self.accounts
        self._deploy("reorder_desk", ["address", "address"], [self.escrow, funder.address])
        call, token, desk = self.call, self.contracts["token"], self.contracts["reorder_desk"]
        call("", "token", "mint", desk, 10**6)
        agreed = self._agreed(supplier.address)
        call("agree, the first time", "reorder_desk", "agree", *NAMES, agreed, limit=220_000)
        call("agree again", "reorder_desk", "agree", *NAMES, agreed, limit=70_000)
        orders = [
            Order(
                item=ITEM,
                supplier=SUPPLIER,
                quantity=units,
                unit_price=PRICE,
                deadline_s=self.now + DAY,
            )
            for units in UNITS
        ]
        terms = [self._paid(order, number) for number, order in enumerate(orders)]
        decided = [(ORDER_SCOPE, place(desk, order)) for order in orders]
        decided += [
            (RELEASE_SCOPE, release(self.escrow, terms[0], 10 * PRICE, 30 * PRICE)),
            (RETURN_SCOPE, return_(self.escrow, terms[0], 30 * PRICE)),
        ]
        self._record(decided)
        names = ["place an order, the first of a period", "place an order", ""]
        names += ["release what arrived", "return the rest"]
        for name, (_, made) in zip(names, decided, strict=True):
            self._verdict(name, made, 420_000 if made.name == "place" else 290_000)
        call("collect what was returned", "reorder_desk", "collect", token, limit=90_000)
        self._pass(3 * DAY)
        call("settle, at the deadline", "escrow", "settle", terms[1].words, limit=80_000)
        rest = (token, funder.address, 10**5)
        call("withdraw what is not ordered", "reorder_desk", "withdraw", *rest, sender=1)
        call("end an agreement", "reorder_desk", "end", *NAMES, limit=60_000)

    def _agreed(self, payee: str) -> tuple[Any, ...]:
        told = Agreement(
            item=ITEM,
            supplier=SUPPLIER,
            payee=payee,
            token=self.contracts["token"],
            unit_price=PRICE,
            quantity=100,
            period_quantity=10**6,
            period_budget=10**9,
            period_s=2**31,
            term_s=30 * DAY,
        )
        return (*told.words[:-1], plain_verdict().outcome)

    def _paid(self, order: Order, number: int) -> PaymentTerms:
        """Give the terms of the payment that an order makes."""
        return PaymentTerms(
            payer=self.contracts["reorder_desk"],
            payee=self.accounts[2].address,
            token=self.contracts["token"],
            amount=order.amount,
            arbiter=NOBODY,
            deadline_s=order.deadline_s + DAY,
            salt=decision_of(number),
        )
