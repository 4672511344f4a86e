"""A machine that does to a desk and its escrow whatever comes to its mind, right and wrong.

A good part of all calls is by the wrong account, too late, twice, beyond a cap, or with another
verdict, and one of two tokens changes its habits as it goes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hypothesis.stateful import rule

from counterfoil.act.actions import RELEASE_SCOPE, RETURN_SCOPE, release, return_
from counterfoil.act.reorder_contract import ORDER_SCOPE, Order, place
from counterfoil.formats.verdict import hash_text
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.bank import ARBITER, LIMIT, OWNER, STRANGER
from tests.contracts.escrow_model import DORMANCY
from tests.contracts.reorder_stage import ITEMS, PEOPLE, SUPPLIERS, DeskStage
from tests.contracts.shop import DAY, FUNDER, OUTCOME

__all__ = ["DeskMachine"]

DEEDS: Final = (
    ["place"] * 8
    + ["decide"] * 5
    + ["agree", "end", "settle", "settle", "dispute", "replay", "wait", "wait", "wait"]
    + [
        "withdraw",
        "collect",
        "collect",
        "collect_to",
        "collect_to",
        "pay_out",
        "habits",
        "bar",
        "call",
        "give",
    ]
    + ["halt"]
)


class DeskMachine(DeskStage):
    """Calls of a desk and of its escrow in any order."""

    @rule()
    def act(self) -> None:
        self.escrow.now = self.shop.world.now
        getattr(self, self.random.choice(DEEDS))()

    # What is done ------------------------------------------------------------------------------

    def agree(self) -> None:
        told = self.agreement(self.random.choice(ITEMS), self.random.choice(SUPPLIERS))
        if self.seldom():
            token, escrow = self.tokens[0].address, self.shop.escrow.address
            wrong = self.random.choice([FUNDER.address, self.shop.desk.address, escrow])
            told = replace(told, payee=wrong, token=token)
        self.agreed(told, OWNER.address if not self.seldom() else self.random.choice(PEOPLE))

    def end(self) -> None:
        """End an agreement, or none; and often make another one in its place."""
        name = (self.random.choice(ITEMS), self.random.choice(SUPPLIERS))
        if self.model.agreements and not self.seldom():
            name = self.random.choice(list(self.model.agreements))
        sender = OWNER.address if not self.seldom() else FUNDER.address
        right = sender == OWNER.address and self.model.end(name)
        self.expect(right, self.shop.desk, "end", *map(hash_text, name), sender=sender)
        if self.often():
            self.agreed(self.agreement(*name))

    def place(self) -> None:
        """Order something: often as much as an agreement lets, often a little more."""
        pick, model = self.random.choice, self.model
        known = list(model.agreements.values())
        told = pick(known) if known else None
        quantity, price, latest, rest = 1, 1, 1, 1
        if told is not None:
            quantity, price, latest = told.quantity, told.unit_price, told.term_s
            # to the last unit of the period, or one more
            rest = min(quantity, model.units_left(told) + self.often())
        order = Order(
            item=told.item if told and not self.seldom() else pick(ITEMS),
            supplier=told.supplier if told and not self.seldom() else pick(SUPPLIERS),
            quantity=max(1, pick([quantity, quantity // 2, quantity + self.seldom(), rest, rest])),
            unit_price=max(1, pick([price, price // 8, price - 1, price + self.seldom()])),
            deadline_s=self.escrow.now + max(0, pick([latest, 59, 60, latest + self.seldom()])),
        )
        wrong = pick(["other", "scope", "cap", "outcome", "again"]) if self.seldom() else None
        self.decisions += 1
        decision = leaf_hash(b"machine %d" % self.decisions)
        if wrong == "again" and model.orders:
            decision = pick(list(model.orders))
        named = replace(order, quantity=order.quantity + 1) if wrong == "other" else order
        packed = self.verdict(
            RELEASE_SCOPE if wrong == "scope" else ORDER_SCOPE,
            place(self.shop.desk.address, named),
            order.amount - 1 if wrong == "cap" else LIMIT,
            decision=decision,
            outcome=hash_text("enough" if wrong == "outcome" else OUTCOME),
        )
        self.bring(order, packed, decision, wrong in (None, "again"))

    def bring(self, order: Order, packed: bytes, decision: bytes, right: bool) -> None:
        model, shop = self.model, self.shop
        right = right and decision not in model.orders and self.passes
        right = right and model.may_order(order)
        told = model.agreements.get((order.item, order.supplier))
        if right and told is not None and told.token == self.strange.address:
            # the fee of a small amount is nothing
            right = order.amount * self.fee // 100 == 0 and not self.toll
            right = right and self.moves(1, shop.desk.address, shop.escrow.address)
        if self.expect(right, shop.desk, "place", order.words, packed, sender=STRANGER.address):
            terms = model.terms(order, decision)
            assert self.answer == shop.payment_id(terms)
            model.order(order, decision, self.answer)
            self.old.append((order, packed))

    def replay(self) -> None:
        """A verdict that placed an order never places another one."""
        if self.old:
            order, packed = self.random.choice(self.old)
            desk = self.shop.desk
            self.expect(False, desk, "place", order.words, packed, sender=STRANGER.address)

    def decide(self) -> None:
        """Release or return an order's money, or a part of it."""
        paid = self.pick()
        if paid is None or paid.left == 0:
            return
        amount = self.random.choice([paid.left, max(1, paid.left // 3)])
        to_payee, left = self.often(), paid.left - amount
        make = release if to_payee else return_
        call = make(self.shop.escrow.address, paid.terms, amount, left)
        packed = self.verdict(RELEASE_SCOPE if to_payee else RETURN_SCOPE, call, LIMIT)
        right = self.escrow.may_decide(paid) and self.passes
        arguments = (paid.terms.words, amount, left, packed)
        if self.expect(right, self.shop.escrow, call.name, *arguments, sender=STRANGER.address):
            self.escrow.decide(paid, amount, to_payee)

    def settle(self) -> None:
        paid = self.pick()
        if paid is not None:
            right = self.escrow.settle(paid)
            words = paid.terms.words
            self.expect(right, self.shop.escrow, "settle", words, sender=STRANGER.address)

    def dispute(self) -> None:
        """The funder appeals through the desk, and the arbiter rules."""
        waiting = [paid for paid in self.escrow.payments.values() if paid.waiting]
        if not waiting:
            return
        paid = self.random.choice(waiting)
        assert paid.waiting is not None
        if paid.waiting.appealed:
            to_payee = self.random.randint(0, paid.waiting.amount)
            right = self.escrow.rule(paid, ARBITER.address, to_payee)
            arguments = (paid.terms.words, to_payee)
            self.expect(right, self.shop.escrow, "rule", *arguments, sender=ARBITER.address)
            return
        sender = FUNDER.address if self.often() else self.random.choice(PEOPLE)
        right = sender == FUNDER.address and self.escrow.appeal(paid, self.shop.desk.address)
        self.expect(right, self.shop.desk, "appeal", paid.terms.words, sender=sender)

    def withdraw(self) -> None:
        at = self.random.choice([0, 1])
        token, has = self.tokens[at].address, self.model.has[self.tokens[at].address]
        amount = self.random.choice([1, has // 100, has // 100, has + 1, has + self.owed(token)])
        sender = FUNDER.address if not self.seldom() else self.random.choice(PEOPLE)
        to = self.random.choice([FUNDER.address, STRANGER.address])
        # a toll that the desk can pay is its funder's affair
        toll = self.toll if at else 0
        right = self.moves(at, self.shop.desk.address, to) and amount + toll <= has
        right = right and self.model.withdraw(token, sender, amount)
        arguments = (token, to, amount)
        if self.expect(right, self.shop.desk, "withdraw", *arguments, sender=sender):
            self.model.has[token] -= toll
            self.out[token] += amount + toll

    def collect(self) -> None:
        """Bring back what the escrow returned; anybody may."""
        token = self.returned()
        at = self.at(token)
        right = self.pays(at, self.shop.desk.address) and bool(
            self.escrow.credits.get((token, self.shop.desk.address))
        )
        sender = self.random.choice(PEOPLE)
        if self.expect(right, self.shop.desk, "collect", token, sender=sender):
            came = self.model.collect(token)
            assert self.answer == came
            fee = came * self.fee // 100 if at else 0
            self.model.has[token] -= fee
            self.out[token] += fee

    def collect_to(self) -> None:
        token, desk = self.returned(), self.shop.desk.address
        at = self.at(token)
        had = self.escrow.credits.get((token, desk), (0, 0))[0]
        amount, to = self.random.choice([had, had + 1, 1]), self.random.choice(PEOPLE)
        sender = FUNDER.address if self.often() else self.random.choice(PEOPLE)
        right = sender == FUNDER.address and 0 < amount <= had and self.pays(at, to)
        arguments = (token, to, amount)
        if self.expect(right, self.shop.desk, "collect_to", *arguments, sender=sender):
            self.out[token] += self.model.collect(token, amount)

    def pay_out(self) -> None:
        """A supplier takes its credit, or a dormant one is pushed, also to the desk."""
        owners = list(self.escrow.credits)
        if not owners:
            return
        token, account = self.random.choice(owners)
        amount, at, desk = self.escrow.credits[token, account][0], self.at(token), self.model.desk
        pushed = account == desk or self.seldom()
        right = self.pays(at, account)
        right = right and (not pushed or self.escrow.may_push(token, account))
        name, arguments = ("push", (token, account)) if pushed else ("withdraw", (token,))
        sender = STRANGER.address if pushed else account
        assert self.strange("called") == self.outside, "called back"
        if self.expect(right, self.shop.escrow, name, *arguments, sender=sender):
            self.outside = self.strange("called")  # the desk only told something: escrow is locked
            self.escrow.take(token, account, amount)
            came = amount - (amount * self.fee // 100 if at else 0)
            if account == desk:
                self.model.has[token] += came
                self.out[token] += amount - came
            else:
                self.out[token] += amount

    # What goes wrong around it -----------------------------------------------------------------

    def habits(self) -> None:
        self.fee = self.random.choice([0, 0, 3, 100])
        self.toll, self.lying = self.random.choice([0, 0, 1]), self.seldom()
        silent = self.often() and not self.lying
        self.strange("set_habits", silent, self.lying, self.fee, self.toll)

    def bar(self) -> None:
        desk, escrow = self.shop.desk.address, self.shop.escrow.address
        account = self.random.choice([*PEOPLE, desk, escrow])
        barred = account not in self.barred and self.often()
        (self.barred.add if barred else self.barred.discard)(account)
        self.strange("set_barred", account, barred)

    def call(self) -> None:
        """The strange token calls back from now on, whenever it moves."""
        name = self.random.choice(["collect", "order_of", "place"])
        arguments: tuple[Any, ...] = (bytes(32),)
        if name == "collect":
            arguments = (self.strange.address,)
        elif name == "place" and self.old:
            order = replace(self.old[-1][0], quantity=1)
            self.decisions += 1
            decision = leaf_hash(b"machine %d" % self.decisions)
            named = place(self.shop.desk.address, order)
            said = {"decision": decision, "outcome": hash_text(OUTCOME)}
            arguments = (order.words, self.verdict(ORDER_SCOPE, named, LIMIT, **said))
        elif name == "place":
            return
        self.strange(
            "set_call", self.shop.desk.address, self.shop.desk.abi.encode(name, *arguments)
        )

    def give(self) -> None:
        """Money that somebody sends to a desk is its funder's."""
        amount = self.random.randint(1, 50)
        self.tokens[0]("mint", self.shop.desk.address, amount, sender=OWNER.address)
        self.model.has[self.tokens[0].address] += amount
        self.out[self.tokens[0].address] -= amount

    def halt(self) -> None:
        if self.seldom() and self.shop.world.now >= self.halted_until + 7 * DAY:
            self.shop.halt()
            self.halted_until = self.shop.world.now + 7 * DAY

    def wait(self) -> None:
        times = [1, 59, 60, 3600, 3600, DAY, DAY, 2 * DAY, 7 * DAY, DORMANCY]
        self.shop.world.wait(self.random.choice(times))
