"""Where stories about the escrow are played: two tokens, money for all, and a model beside.

After each step each token's balance must be what is owed, to the unit. At its end each story stops
every verdict, lets time pass, and takes all money out: nothing may be left, locked or lost.
"""

from __future__ import annotations

from contextlib import ExitStack
from random import Random
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from counterfoil.act.actions import HOLD_SCOPE, NOBODY, RELEASE_SCOPE, RETURN_SCOPE
from counterfoil.act.call import Call
from tests.contracts.bank import ARBITER, OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.escrow_model import EscrowModel, Paid
from tests.contracts.rig import Contract
from tests.contracts.stories import Storyteller

__all__ = ["PEOPLE", "EscrowStage"]

DAY: Final = 86_400
RICH: Final = 10**9
PEOPLE: Final = [each.address for each in [*PAYERS, *PAYEES, ARBITER, STRANGER]]


class EscrowStage(Storyteller):
    """What a story begins with, holds true, and ends with; `prepared` sets bank and token."""

    bank: ClassVar[Bank]
    strange: ClassVar[Contract]
    lens: ClassVar[Contract]

    @classmethod
    def prepared(cls, bank: Bank) -> type[EscrowStage]:
        """Make the machine for one bank: give it a strange token, and all payers money."""
        strange, lens = bank.strange(), bank.strange("lens")
        for scope in (HOLD_SCOPE, RELEASE_SCOPE, RETURN_SCOPE):
            bank.approve(scope, lens.address)
        for payer in PAYERS:
            for token in (bank.token, strange):
                token("mint", payer.address, RICH, sender=OWNER.address)
                token("approve", bank.escrow.address, 2**256 - 1, sender=payer.address)
        return type("Machine", (cls,), {"bank": bank, "strange": strange, "lens": lens})

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        bank, self.random = self.bank, random
        self.undo = ExitStack()
        self.undo.enter_context(bank.world.undone())
        self.first = len(bank.entries)
        self.tokens = [bank.token, self.strange]
        self.model = EscrowModel(bank.escrow.address)
        self.fee = self.toll = 0
        self.lying = self.calls = False
        self.barred: set[str] = set()
        self.given = [0, 0]  # tokens that nobody deposited
        self.halted_until = 0
        self.old: list[tuple[str, tuple[Any, ...]]] = []  # calls with verdicts that passed
        self.salt = 0

    def teardown(self) -> None:
        if not hasattr(self, "undo"):
            return
        try:
            self.compare()
            self.end()
        finally:
            self.undo.close()
            del self.bank.entries[self.first :]

    def end(self) -> None:
        """Stop every verdict for good, let time pass, and take everything out."""
        bank, model = self.bank, self.model
        bank.world.env.set_code(bank.gate.address, b"\xfe")
        self.strange("set_habits", False, False, 0, 0)
        self.strange("set_call", NOBODY, b"")
        for each in self.barred:
            self.strange("set_barred", each, False)
        bank.world.wait(6 * 365 * DAY)
        model.now = bank.world.now
        for paid in model.payments.values():
            if paid.left:
                assert model.settle(paid)
                bank.escrow("settle", paid.terms.words, sender=STRANGER.address)
            assert paid.left == 0
        for opened in model.batches.values():
            if opened.left:
                assert model.close(opened)
                bank.escrow("close_batch", opened.told.words, opened.batch.words)
        for (address, account), (amount, _) in list(model.credits.items()):
            got = bank.escrow("withdraw", address, sender=account)
            assert got == amount
        for token, given in zip(self.tokens, self.given, strict=True):
            assert token("balanceOf", bank.escrow.address) == given, "locked or lost"

    @property
    def now(self) -> int:
        return self.bank.world.now

    def expect(self, right: bool, function: str, *arguments: object, sender: str) -> bool:
        """Call the escrow: it must pass if that is right, and else refuse."""
        return self.called(self.bank.escrow, right, function, *arguments, sender=sender)

    def pick(self) -> Paid:
        return self.pick_of(list(self.model.payments.values()))

    def moves(self, token: int, *accounts: str) -> bool:
        """Say whether a token lets these accounts pay and be paid now."""
        return token == 0 or not (self.lying or self.barred & set(accounts))

    def index_of(self, address: str) -> int:
        return [token.address for token in self.tokens].index(address)

    def pays(self, token: int, to: str) -> bool:
        """Say whether the escrow can pay out of a token to an account."""
        return self.moves(token, self.bank.escrow.address, to) and not (token and self.toll)

    @invariant()
    def in_balance(self) -> None:
        """What the escrow has of each token is what it owes, to the unit."""
        if not hasattr(self, "model"):
            return
        addresses = [token.address for token in self.tokens]
        has = self.lens("balances", self.bank.escrow.address, addresses)
        owed = [self.model.owed(token) for token in addresses]
        assert list(has) == [sum(pair) for pair in zip(owed, self.given, strict=True)]

    def compare(self) -> None:
        """All that the contract tells is what the model knows; no money was made or lost."""
        bank, model = self.bank, self.model
        for payment_id, paid in model.payments.items():
            waits = paid.waiting
            told = (waits.amount, waits.to_payee, waits.appealed, waits.until) if waits else ()
            expected = (True, paid.held, paid.left, *(told or (0, False, False, 0)))
            assert bank.escrow("standing_of", payment_id) == expected
        for batch_id, opened in model.batches.items():
            assert bank.escrow("batch_left", batch_id) == opened.left
        addresses = [token.address for token in self.tokens]
        money = list(self.lens("money", bank.escrow.address, addresses, PEOPLE))
        for token in self.tokens:
            has, *rest = (money.pop(0) for _ in range(1 + 2 * len(PEOPLE)))
            known = [model.credits.get((token.address, who), (0, 0))[0] for who in PEOPLE]
            assert rest[::2] == known
            gone = token("taken") if token is self.strange else 0
            assert sum(rest[1::2]) + has + gone == len(PAYERS) * RICH
        assert self.strange("called") == 0, "called back"

    def verdict(self, scope: str, call: Call, amount: int) -> bytes:
        """Decide as a contract that signs, which is quicker than keys, and as good to the gate."""
        signer = bytes.fromhex(self.lens.address[2:])
        return self.bank.verdict(scope, call, amount, said_by=signer)
