"""Where stories about a desk are played: two tokens, an escrow beside, and models of both.

After each step all money is where the models say, to the unit. At its end each story stops every
verdict, lets time pass, and takes all money out: nothing may be left, locked or lost.
"""

from __future__ import annotations

from contextlib import ExitStack
from random import Random
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from counterfoil.act.actions import NOBODY, RELEASE_SCOPE, RETURN_SCOPE
from counterfoil.act.reorder_contract import ORDER_SCOPE, Agreement, Order
from counterfoil.formats.verdict import hash_text
from tests.contracts.bank import ARBITER, OWNER, PAYEES, STRANGER
from tests.contracts.escrow_model import EscrowModel, Paid
from tests.contracts.reorder_model import DeskModel
from tests.contracts.rig import Contract
from tests.contracts.shop import DAY, FUNDER, OUTCOME, Shop
from tests.contracts.stories import Storyteller

__all__ = ["ITEMS", "PEOPLE", "SUPPLIERS", "DeskStage"]

RICH: Final = 10**6
ITEMS: Final = ("milk", "apples")
SUPPLIERS: Final = ("farm", "packer")
PEOPLE: Final = [each.address for each in (*PAYEES, ARBITER, STRANGER, FUNDER, OWNER)]


class DeskStage(Storyteller):
    """What a story begins with, holds true, and ends with; `prepared` sets shop and token."""

    shop: ClassVar[Shop]
    strange: ClassVar[Contract]
    lens: ClassVar[Contract]

    @classmethod
    def prepared(cls, shop: Shop) -> type[DeskStage]:
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
        self.lying = False
        self.outside = 0  # calls back that passed while nothing of the desk was in the midst
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

    def agreed(self, told: Agreement, sender: str = OWNER.address) -> None:
        right = sender == OWNER.address and self.model.agree(told)
        names = (hash_text(told.item), hash_text(told.supplier))
        self.expect(right, self.shop.desk, "agree", *names, told.words, sender=sender)

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
        assert self.strange("called") == self.outside, "called back"

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
        return self.called(contract, right, function, *arguments, sender=sender)

    def pick(self) -> Paid | None:
        payments = list(self.escrow.payments.values())
        return self.pick_of(payments) if payments else None

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
