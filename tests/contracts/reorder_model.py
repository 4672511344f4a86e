"""The desk's rules in Python, with nothing of the contract's code: what must pass, and what then.

Beside them the escrow's own model says what becomes of the money. Each method says whether the
contract has to take a call, and if so does to the model what it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.act.actions import PaymentTerms
from counterfoil.act.reorder_contract import Agreement, Order
from tests.contracts.escrow_model import EscrowModel

__all__ = ["DeskModel", "Spent"]


@dataclass
class Spent:
    """What was ordered under an agreement in its last period."""

    period: int = 0
    units: int = 0
    money: int = 0


class DeskModel:
    """What the desk has to know. has: token -> money in the desk."""

    def __init__(self, desk: str, escrow: EscrowModel, funder: str) -> None:
        self.desk, self.escrow, self.funder = desk, escrow, funder
        self.agreements: dict[tuple[str, str], Agreement] = {}
        self.lengths: dict[tuple[str, str], int] = {}
        self.spent: dict[tuple[str, str], Spent] = {}
        self.orders: dict[bytes, bytes] = {}  # decision -> payment
        self.has: dict[str, int] = {}

    @property
    def now(self) -> int:
        return self.escrow.now

    def agree(self, told: Agreement) -> bool:
        """Say whether an agreement may be made, and make it."""
        if told.payee in (self.desk, self.escrow.escrow, self.funder):
            return False
        if told.arbiter in (self.desk, self.funder, told.payee):
            return False
        name = (told.item, told.supplier)
        if self.lengths.get(name) != told.period_s:
            self.spent[name] = Spent()
        self.lengths[name] = told.period_s
        self.agreements[name] = told
        return True

    def end(self, name: tuple[str, str]) -> bool:
        return self.agreements.pop(name, None) is not None

    def may_order(self, order: Order) -> bool:
        """Say whether an order is within its agreement now, and paid for."""
        told = self.agreements.get((order.item, order.supplier))
        if told is None:
            return False
        spent = self._spent(order, told)
        return (
            order.quantity <= told.quantity
            and order.unit_price <= told.unit_price
            and self.now < order.deadline_s
            and self.now + told.lead_s <= order.deadline_s <= self.now + told.term_s
            and spent.units + order.quantity <= told.period_quantity
            and spent.money + order.amount <= told.period_budget
            and self.has.get(told.token, 0) >= order.amount
        )

    def units_left(self, told: Agreement) -> int:
        """Tell how many units of an agreement's period are left."""
        spent = self.spent.get((told.item, told.supplier), Spent())
        used = spent.units if spent.period == self.now // told.period_s else 0
        return max(0, told.period_quantity - used)

    def order(self, order: Order, decision: bytes, payment_id: bytes) -> PaymentTerms:
        """Place an order: the money is in the escrow from now on."""
        told = self.agreements[order.item, order.supplier]
        spent = self._spent(order, told)
        spent.units += order.quantity
        spent.money += order.amount
        self.spent[order.item, order.supplier] = spent
        self.has[told.token] -= order.amount
        self.orders[decision] = payment_id
        terms = self.terms(order, decision)
        self.escrow.deposit(payment_id, terms, order.amount)
        return terms

    def terms(self, order: Order, decision: bytes) -> PaymentTerms:
        """Give the terms of the payment that an order makes now."""
        told = self.agreements[order.item, order.supplier]
        return PaymentTerms(
            payer=self.desk,
            payee=told.payee,
            token=told.token,
            amount=order.quantity * order.unit_price,
            arbiter=told.arbiter,
            window_s=told.window_s,
            deadline_s=order.deadline_s + told.grace_s,
            salt=decision,
        )

    def withdraw(self, token: str, sender: str, amount: int) -> bool:
        if sender != self.funder or not 0 < amount <= self.has.get(token, 0):
            return False
        self.has[token] -= amount
        return True

    def collect(self, token: str, amount: int | None = None) -> int:
        """Take the desk's credit out of the escrow, all of it unless told; 0 where there is none.

        Brought back here where all is taken.
        """
        had = self.escrow.credits.get((token, self.desk), (0, 0))[0]
        wanted = had if amount is None else amount
        if not self.escrow.take(token, self.desk, wanted):
            return 0
        if amount is None:
            self.has[token] = self.has.get(token, 0) + wanted
        return wanted

    def _spent(self, order: Order, told: Agreement) -> Spent:
        known = self.spent.get((order.item, order.supplier), Spent())
        period = self.now // told.period_s
        return known if known.period == period else Spent(period)
