"""A machine that does to a desk and its escrow whatever comes to its mind, right and wrong.

A good part of all calls is by the wrong account, too late, twice, beyond a cap, or with another
verdict, and one of two tokens changes its habits as it goes. After each step all money is where the
models say, to the unit. At its end each story stops every verdict, lets time pass, and takes all
money out: nothing may be left, locked or lost.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from counterfoil.act.actions import NOBODY, RELEASE_SCOPE, RETURN_SCOPE, release, return_
from counterfoil.act.reorder_contract import ORDER_SCOPE, Agreement, Order, place
from counterfoil.formats.verdict import hash_text
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.bank import ARBITER, LIMIT, OWNER, PAYEES, STRANGER
from tests.contracts.escrow_model import DORMANCY, EscrowModel, Paid
from tests.contracts.reorder_model import DeskModel
from tests.contracts.rig import Contract, Reverted
from tests.contracts.shop import DAY, FUNDER, OUTCOME, Shop

__all__ = ["DeskMachine"]

RICH: Final = 10**6
ITEMS: Final = ("milk", "apples")
SUPPLIERS: Final = ("farm", "packer")
PEOPLE: Final = [each.address for each in (*PAYEES, ARBITER, STRANGER, FUNDER, OWNER)]
DEEDS: Final = (
    ["place"] * 8
    + ["decide"] * 5
    + ["agree", "end", "settle", "settle", "dispute", "replay", "wait", "wait", "wait"]
    + ["withdraw", "collect", "collect", "collect_to", "pay_out", "habits", "bar", "call", "give"]
    + ["halt"]
)


class DeskMachine(RuleBasedStateMachine):
    """Calls of a desk and of its escrow in any order; `prepared` sets the shop."""

    shop: ClassVar[Shop]
    strange: ClassVar[Contract]
    lens: ClassVar[Contract]

    @classmethod
    def prepared(cls, shop: Shop) -> type[DeskMachine]:
        """Make the machine for one shop: a strange token beside its own, and money in both."""
        strange, lens = shop.strange(), shop.strange("lens")
        for scope in (ORDER_SCOPE, RELEASE_SCOPE, RETURN_SCOPE):
            shop.approve(scope, lens.address)
        shop.supply(RICH)
        strange("mint", shop.desk.address, RICH)
        return type("Machine", (cls,), {"shop": shop, "strange": strange, "lens": lens})

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        shop, self.random = self.shop, random
        self.undo = ExitStack()
        self.undo.enter_context(shop.world.undone())
        self.first = len(shop.entries)
        self.tokens = [shop.token, self.strange]
        self.escrow = EscrowModel(shop.escrow.address)
        self.model = DeskModel(shop.desk.address, self.escrow, FUNDER.address)
        self.model.has = {token.address: RICH for token in self.tokens}
        self.fee = self.toll = self.decisions = self.halted_until = 0
        self.lying = self.calls = False
        self.barred: set[str] = set()
        self.out = {token.address: 0 for token in self.tokens}  # beyond desk and escrow
        self.old: list[tuple[Order, bytes]] = []  # verdicts that placed orders
        self.escrow.now = shop.world.now
        for item in ITEMS:  # so that no story stays empty
            self.agreed(self.agreement(item, SUPPLIERS[0]))

    def teardown(self) -> None:
        if not hasattr(self, "undo"):
            return
        try:
            self.compare()
            self.end_story()
        finally:
            self.undo.close()
            del self.shop.entries[self.first :]

    @rule()
    def act(self) -> None:
        self.escrow.now = self.shop.world.now
        getattr(self, self.random.choice(DEEDS))()

    # What is done ------------------------------------------------------------------------------

    def agreement(self, item: str, supplier: str) -> Agreement:
        pick, appeals = self.random.choice, self.seldom()
        return Agreement(
            item=item,
            supplier=supplier,
            payee=pick(PAYEES).address,
            token=pick([*self.tokens, self.tokens[0]]).address,
            unit_price=pick([1, 7, 50]),
            quantity=pick([1, 10, 40]),
            period_quantity=pick([30, 80, 200]),
            period_budget=pick([200, 1000, 5000]),
            period_s=pick([DAY, DAY, 7 * DAY]),
            lead_s=pick([0, 0, 60]),
            term_s=pick([3600, DAY, 5 * DAY]),
            grace_s=pick([0, 60, DAY]),
            window_s=3600 if appeals else 0,
            arbiter=ARBITER.address if appeals else NOBODY,
            outcome=OUTCOME,
        )

    def agree(self) -> None:
        told = self.agreement(self.random.choice(ITEMS), self.random.choice(SUPPLIERS))
        if self.seldom():
            token, escrow = self.tokens[0].address, self.shop.escrow.address
            wrong = self.random.choice([FUNDER.address, self.shop.desk.address, escrow])
            told = replace(told, payee=wrong, token=token)
        self.agreed(told, OWNER.address if not self.seldom() else self.random.choice(PEOPLE))

    def agreed(self, told: Agreement, sender: str = OWNER.address) -> None:
        right = sender == OWNER.address and self.model.agree(told)
        names = (hash_text(told.item), hash_text(told.supplier))
        self.expect(right, self.shop.desk, "agree", *names, told.words, sender=sender)

    def end(self) -> None:
        name = (self.random.choice(ITEMS), self.random.choice(SUPPLIERS))
        sender = OWNER.address if not self.seldom() else FUNDER.address
        right = sender == OWNER.address and self.model.end(name)
        self.expect(right, self.shop.desk, "end", *map(hash_text, name), sender=sender)

    def place(self) -> None:
        """Order something: often as much as an agreement lets, often a little more."""
        pick, model = self.random.choice, self.model
        known = list(model.agreements.values())
        told = pick(known) if known else None
        quantity, price, latest = (
            (told.quantity, told.unit_price, told.term_s) if told else (1,) * 3
        )
        order = Order(
            item=told.item if told and not self.seldom() else pick(ITEMS),
            supplier=told.supplier if told and not self.seldom() else pick(SUPPLIERS),
            quantity=max(
                1, pick([quantity, quantity // 2, quantity // 4, quantity + self.seldom()])
            ),
            unit_price=max(1, pick([price, price, price - 1, price + self.seldom()])),
            deadline_s=self.escrow.now + max(0, pick([latest, 60, latest + self.seldom()])),
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
        sender = FUNDER.address if not self.seldom() else self.random.choice(PEOPLE)
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
        sender = FUNDER.address if not self.seldom() else self.random.choice(PEOPLE)
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
        if self.expect(right, self.shop.escrow, name, *arguments, sender=sender):
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
        self.calls = True

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

    # What holds --------------------------------------------------------------------------------

    @invariant()
    def in_balance(self) -> None:
        """What desk and escrow have of each token is what the models say, to the unit."""
        if not hasattr(self, "model"):
            return
        addresses = [token.address for token in self.tokens]
        for account, known in [
            (self.shop.escrow.address, [self.escrow.owed(token) for token in addresses]),
            (self.shop.desk.address, [self.model.has[token] for token in addresses]),
        ]:
            assert list(self.lens("balances", account, addresses)) == known
        for token in addresses:
            whole = self.model.has[token] + self.escrow.owed(token) + self.out[token]
            assert whole == RICH

    def compare(self) -> None:
        """All that the desk tells is what the model knows."""
        desk, model = self.shop.desk, self.model
        for decision, payment_id in model.orders.items():
            assert desk("order_of", decision) == payment_id
        for name, spent in model.spent.items():
            told = desk("ordered_of", *map(hash_text, name))
            assert told == (spent.period, spent.units, spent.money)
        for (item, supplier), told in model.agreements.items():
            found = desk("agreement_of", hash_text(item), hash_text(supplier))
            assert plain(found) == plain(told.words)
        for payment_id, paid in self.escrow.payments.items():
            assert self.shop.escrow("standing_of", payment_id)[:3] == (True, False, paid.left)
        assert self.strange("called") == 0, "called back"

    def end_story(self) -> None:
        """Stop every verdict for good, let time pass, and take everything out."""
        shop = self.shop
        shop.world.env.set_code(shop.gate.address, b"\xfe")
        self.strange("set_habits", False, False, 0, 0)
        self.strange("set_call", NOBODY, b"")
        for each in self.barred:
            self.strange("set_barred", each, False)
        shop.world.wait(6 * 365 * DAY)
        self.escrow.now = shop.world.now
        for paid in self.escrow.payments.values():
            if paid.left:
                assert self.escrow.settle(paid)
                shop.escrow("settle", paid.terms.words, sender=STRANGER.address)
        for (owed, account), (amount, _) in list(self.escrow.credits.items()):
            if account == shop.desk.address:
                assert shop.desk("collect", owed, sender=STRANGER.address) == amount
                self.model.collect(owed)
            else:
                assert shop.escrow("withdraw", owed, sender=account) == amount
        for token in self.tokens:
            has, address = self.model.has[token.address], token.address
            if has:
                funder = FUNDER.address
                shop.desk("withdraw", address, funder, has, sender=funder)
            for account in (shop.desk.address, shop.escrow.address):
                assert token("balanceOf", account) == 0, "locked or lost"

    # Helpers -----------------------------------------------------------------------------------

    @property
    def passes(self) -> bool:
        return self.escrow.now >= self.halted_until

    def expect(
        self, right: bool, contract: Contract, function: str, *arguments: object, sender: str
    ) -> bool:
        """Call a contract: it must pass if that is right, and else refuse."""
        try:
            self.answer = contract(function, *arguments, sender=sender)
        except Reverted as refusal:
            assert not right, f"{function} was refused: {refusal.reason}"
            return False
        assert right, f"{function} passed"
        return True

    def often(self) -> bool:
        return self.random.random() < 0.5

    def seldom(self) -> bool:
        return self.random.random() < 0.2

    def pick(self) -> Paid | None:
        all_of_them = list(self.escrow.payments.values())
        open_ones = [each for each in all_of_them if each.left]
        among = open_ones if open_ones and not self.seldom() else all_of_them
        return self.random.choice(among) if among else None

    def returned(self) -> str:
        """Pick a token, mostly one of which the escrow owes the desk some."""
        owed = [token for token, account in self.escrow.credits if account == self.model.desk]
        among = owed if owed and not self.seldom() else [one.address for one in self.tokens]
        return self.random.choice(among)

    def at(self, token: str) -> int:
        return [one.address for one in self.tokens].index(token)

    def owed(self, token: str) -> int:
        return self.escrow.owed(token)

    def moves(self, token: int, *accounts: str) -> bool:
        """Say whether a token lets these accounts pay and be paid now."""
        return token == 0 or not (self.lying or self.barred & set(accounts))

    def pays(self, token: int, to: str) -> bool:
        """Say whether the escrow can pay out of a token to an account."""
        return self.moves(token, self.shop.escrow.address, to) and not (token and self.toll)

    def verdict(self, scope: str, call: Any, amount: int, **changes: Any) -> bytes:
        """Decide as a contract that signs, which is quicker than keys, and as good to the gate."""
        signer = bytes.fromhex(self.lens.address[2:])
        return self.shop.verdict(scope, call, amount, said_by=signer, **changes)


def plain(words: Any) -> list[Any]:
    """Give words with addresses in small letters, as they come out of a struct."""
    return [word.lower() if isinstance(word, str) else word for word in words]
